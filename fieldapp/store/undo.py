"""Undo and redo of a person's edits: triggers note each row before and after, the steps live in the database.

Runs on the `db-writer` thread. The triggers are temporary (they belong to the writer's connection) and write nothing
outside an edit that carries a label, so work of machines is never a step. Undoing is journalled like the edit itself:
the step then holds the way forward again, including rows that machines had added in between.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator

from fieldapp.errors import AlreadyThere, NotThere
from fieldapp.model import Changed
from fieldapp.store.transaction import Transaction

KEPT_STEPS = 200
_KINDS = {
    "segment": Changed.SEGMENTS,
    "annotation": Changed.ANNOTATIONS,
    "vector": Changed.VECTORS,
    "consent": Changed.CONSENT,
    "person": Changed.PEOPLE,
    "variety": Changed.VARIETIES,
    "session": Changed.SESSIONS,
    "participation": Changed.SESSIONS,
}
_MOMENTS = (("INSERT", "NULL", "NEW"), ("UPDATE", "OLD", "NEW"), ("DELETE", "OLD", "NULL"))


@contextlib.contextmanager
def journal(db: sqlite3.Connection, label: str) -> Iterator[None]:
    """Note what happens inside as one step; inside an open transaction, which on failure takes the notes back too."""
    _prepare(db)
    step = db.execute("INSERT INTO undo_step (label, created) VALUES (?, strftime('%Y-%m-%dT%H:%M:%fZ'))", (label,)).lastrowid
    db.execute("INSERT INTO temp.journal_now VALUES (?)", (step,))
    yield
    db.execute("DELETE FROM temp.journal_now")
    if db.execute("SELECT 1 FROM undo_row WHERE step = ?", (step,)).fetchone():
        db.execute("DELETE FROM undo_step WHERE undone")
        db.execute("DELETE FROM undo_step WHERE pk NOT IN (SELECT pk FROM undo_step ORDER BY pk DESC LIMIT ?)", (KEPT_STEPS,))
    else:
        db.execute("DELETE FROM undo_step WHERE pk = ?", (step,))


def undo(tx: Transaction) -> str:
    """Take the last edit back and return its label."""
    return _turn(tx, "SELECT pk, label FROM undo_step WHERE NOT undone ORDER BY pk DESC", "There is nothing to undo.")


def redo(tx: Transaction) -> str:
    """Do the last undone edit again and return its label."""
    return _turn(tx, "SELECT pk, label FROM undo_step WHERE undone ORDER BY pk", "There is nothing to redo.")


def labels(db: sqlite3.Connection) -> tuple[str, str]:
    """What undo and redo would do now, for the menu; empty where there is nothing."""
    back = db.execute("SELECT label FROM undo_step WHERE NOT undone ORDER BY pk DESC LIMIT 1").fetchone()
    forward = db.execute("SELECT label FROM undo_step WHERE undone ORDER BY pk LIMIT 1").fetchone()
    return (back[0] if back else ""), (forward[0] if forward else "")


def forget(tx: Transaction) -> None:
    """Drop the whole history: after a withdrawal, old words and vectors must not come back by undo."""
    tx.db.execute("DELETE FROM undo_step")


def _prepare(db: sqlite3.Connection) -> None:
    if db.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'journal_now'").fetchone():
        return
    db.execute("CREATE TEMP TABLE journal_now (step INTEGER NOT NULL)")
    for kind in _KINDS:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({kind})")]
        for moment, before, after in _MOMENTS:
            note = f"INSERT INTO undo_row (step, kind, before, after) SELECT step, '{kind}', {_row(before, columns)}, {_row(after, columns)} FROM journal_now"  # noqa: S608
            db.execute(f"CREATE TEMP TRIGGER journal_{kind}_{moment} AFTER {moment} ON main.{kind} BEGIN {note}; END")


def _row(which: str, columns: list[str]) -> str:
    """SQL for a row as JSON of SQL literals: quote() keeps every type exactly, which JSON numbers would not."""
    if which == "NULL":
        return "NULL"
    return "json_object(" + ", ".join(f"'{column}', quote({which}.{column})" for column in columns) + ")"


def _turn(tx: Transaction, choose: str, nothing: str) -> str:
    db = tx.db
    step = db.execute(choose + " LIMIT 1").fetchone()
    if step is None:
        raise NotThere(nothing)
    rows = db.execute("SELECT pk, kind, before, after FROM undo_row WHERE step = ? ORDER BY pk DESC", (step["pk"],)).fetchall()
    _prepare(db)
    db.execute("PRAGMA defer_foreign_keys=ON")  # for this transaction: rows come back in the order they went
    db.execute("INSERT INTO temp.journal_now VALUES (?)", (step["pk"],))
    try:
        for row in rows:
            _revert(db, row["kind"], row_of(row["before"]), row_of(row["after"]))
            tx.touch(_KINDS[row["kind"]])
    except sqlite3.IntegrityError as clash:
        raise AlreadyThere(f"'{step['label']}' cannot be turned back: something with the same code or name was added since.", "Rename that first.") from clash
    _refuse_orphans(db, str(step["label"]), rows)
    db.execute("DELETE FROM temp.journal_now")
    if rows:
        db.execute("DELETE FROM undo_row WHERE step = ? AND pk <= ?", (step["pk"], rows[0]["pk"]))
    db.execute("UPDATE undo_step SET undone = NOT undone WHERE pk = ?", (step["pk"],))
    return str(step["label"])


def _refuse_orphans(db: sqlite3.Connection, label: str, rows: list[sqlite3.Row]) -> None:
    """Somebody who was added is not taken away from under the segments that came to be theirs since."""
    gone = [(row["kind"], row_of(row["after"])["id"]) for row in rows if not row["before"] and row["kind"] in ("person", "variety", "session")]
    for kind, identity in gone:
        for table, column in _pointing_at(db, kind):
            if db.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (identity,)).fetchone():  # noqa: S608  (names from the schema)
                raise AlreadyThere(f"'{label}' cannot be turned back: a {table} of the fieldbook belongs to it by now.", "Change that first.")


def _pointing_at(db: sqlite3.Connection, kind: str) -> list[tuple[str, str]]:
    """Tables and columns that hold ids of this kind of row."""
    tables = [row[0] for row in db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
    return [(table, key["from"]) for table in tables for key in db.execute(f"PRAGMA foreign_key_list({table})") if key["table"] == kind]


def _revert(db: sqlite3.Connection, kind: str, before: dict[str, object], after: dict[str, object]) -> None:
    known = {row[1] for row in db.execute(f"PRAGMA table_info({kind})")}
    wanted = {column: value for column, value in before.items() if column in known and (not after or value != after.get(column))}
    if not before:
        db.execute(f"DELETE FROM {kind} WHERE id = ?", (after["id"],))  # noqa: S608  (the table is one of _KINDS)
    elif not after:
        db.execute(f"INSERT INTO {kind} ({', '.join(wanted)}) VALUES ({', '.join('?' * len(wanted))})", tuple(wanted.values()))  # noqa: S608
    elif wanted:
        db.execute(f"UPDATE {kind} SET {', '.join(f'{column} = ?' for column in wanted)} WHERE id = ?", (*wanted.values(), after["id"]))  # noqa: S608


def row_of(row: str | None) -> dict[str, object]:
    """A row of the journal as it was, empty where there was none."""
    return {column: _literal(text) for column, text in json.loads(row).items()} if row else {}


def _literal(text: str) -> object:
    """A value back from what SQLite's quote() made of it."""
    if text == "NULL":
        return None
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text.startswith("X'"):
        return bytes.fromhex(text[2:-1])
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
