"""What `fieldapp check` looks at inside the database: its pages, references, checksums, and things that do not belong there."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from fieldapp.model import Changed
from fieldapp.store import backup, word_index
from fieldapp.store.connect import open_reader
from fieldapp.store.finding import Finding, Progress
from fieldapp.store.transaction import Transaction

DAMAGED = "damaged"


def pages(db: sqlite3.Connection, folder: Path, progress: Progress) -> Iterator[Finding]:
    """SQLite's own examination of every page and index."""
    progress(-1, "examining the pages of the database")
    try:
        said = [row[0] for row in db.execute("PRAGMA integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    if said != ["ok"]:
        yield Finding(DAMAGED, f"The database is damaged ({said[0]}).", "fieldapp check --repair saves what can be read into a new one.")


def references(db: sqlite3.Connection, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Rows that refer to rows which are not there."""
    progress(-1, "following the references")
    broken = Counter((row["table"], row["parent"]) for row in db.execute("PRAGMA foreign_key_check"))
    if broken:
        listed = ", ".join(f"{count} {table} without {parent}" for (table, parent), count in sorted(broken.items()))
        yield Finding(
            "orphans", f"Rows refer to something that is missing: {listed}.", "Repair fetches it from a backup or lays them aside.", mend=_mend(folder)
        )


def checksums(db: sqlite3.Connection, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Vectors and frame caches whose bytes no longer fit their checksum (SQLite's own check does not see that)."""
    for table in ("vector", "frames"):
        progress(-1, f"adding up the checksums of {table}")
        bad = [row["pk"] for row in db.execute(f"SELECT pk, data, crc FROM {table}") if zlib.crc32(row["data"]) != row["crc"]]  # noqa: S608

        def delete(tx: Transaction, table: str = table, bad: list[int] = bad) -> str:
            tx.db.executemany(f"DELETE FROM {table} WHERE pk = ?", [(pk,) for pk in bad])  # noqa: S608
            tx.touch(Changed.VECTORS)
            return f"Deleted {len(bad)} damaged rows of {table}; fieldapp embed computes them again."

        if bad:
            yield Finding("bad-checksum", f"{len(bad)} rows of {table} are damaged (wrong checksum).", "They can be computed again.", mend=delete)


def words(db: sqlite3.Connection, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Whether word search knows every text as it is."""
    progress(-1, "comparing the word index with the texts")

    def mend(tx: Transaction) -> str:
        word_index.update(tx.db)
        if not word_index.check_words(tx.db):
            return "Brought the word index up to date."
        return f"Built the word index anew: {word_index.rebuild_words(tx.db)} texts."

    said = word_index.check_words(db)
    if said:
        yield Finding("word-index", " ".join(said), "Repair builds it anew; nothing else depends on it.", mend=mend)


def strangers(db: sqlite3.Connection, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Triggers and views that Fieldapp did not make: they could change data behind its back."""
    from fieldapp.store import schema  # noqa: PLC0415  (loads sqlite-utils; only checks and upgrades need it)

    ours = schema.triggers_and_views()
    for row in db.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchall():
        if ours.get(row["name"]) == row["sql"]:
            continue
        drop = f'DROP {row["type"]} "{row["name"].replace(chr(34), chr(34) * 2)}"'

        def remove(tx: Transaction, drop: str = drop, name: str = row["name"]) -> str:
            tx.db.execute(drop)
            return f"Removed '{name}', which Fieldapp did not make."

        yield Finding("stranger", f"The database holds a {row['type']} '{row['name']}' that Fieldapp did not make.", "Repair removes it.", mend=remove)


def _mend(folder: Path) -> Callable[[Transaction], str]:
    return lambda tx: mend_references(tx.db, folder, tx)


def mend_references(db: sqlite3.Connection, folder: Path, tx: Transaction | None = None) -> str:
    """Fetch missing rows from the backups; else empty the reference, or lay the row aside in `backups/` and delete it."""
    fetched, emptied, aside = 0, 0, []
    db.execute("PRAGMA defer_foreign_keys=ON")
    while broken := db.execute("PRAGMA foreign_key_check").fetchall():
        found = sum(_fetch(db, folder, parent, column) for parent, column in _missing(db, broken))
        fetched += found
        if found:
            continue  # what was fetched may refer to more that is missing
        for row in broken:
            column, nullable = _reference(db, row)
            if nullable:
                db.execute(f"UPDATE {row['table']} SET {column} = NULL WHERE rowid = ?", (row["rowid"],))  # noqa: S608  (names from the schema)
                emptied += 1
                continue
            lost = db.execute(f"SELECT * FROM {row['table']} WHERE rowid = ?", (row["rowid"],)).fetchone()  # noqa: S608
            if lost is not None:
                aside.append({"table": row["table"], **{name: _plain(lost[name]) for name in lost.keys()}})  # noqa: SIM118  (a Row has keys, no dict)
                db.execute(f"DELETE FROM {row['table']} WHERE rowid = ?", (row["rowid"],))  # noqa: S608
    where = ""
    if aside:
        file = folder / backup.FOLDER / f"laid-aside-{datetime.now():%Y-%m-%d-%H%M%S}.jsonl"
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in aside), encoding="utf-8")
        where = f" in {file.name}"
    if tx is not None:
        tx.touch(Changed.EVERYTHING)
    return f"References: {fetched} missing rows came from a backup, {emptied} references were emptied, {len(aside)} rows were laid aside{where}."


def _missing(db: sqlite3.Connection, broken: list[sqlite3.Row]) -> set[tuple[str, str]]:
    """Which parents are missing: (table, id)."""
    wanted: set[tuple[str, str]] = set()
    for row in broken:
        column, _ = _reference(db, row)
        value = db.execute(f"SELECT {column} FROM {row['table']} WHERE rowid = ?", (row["rowid"],)).fetchone()  # noqa: S608
        if value is not None and isinstance(value[0], str):
            wanted.add((row["parent"], value[0]))
    return wanted


def _fetch(db: sqlite3.Connection, folder: Path, table: str, identity: str) -> int:
    """Copy one row from the newest backup that has it; 1 where that worked."""
    for copy in backup.found(folder):
        try:
            with closing(open_reader(copy, immutable=True)) as source:
                row = source.execute(f"SELECT * FROM {table} WHERE id = ?", (identity,)).fetchone()  # noqa: S608  (names from the schema)
        except sqlite3.DatabaseError:
            continue  # a damaged backup: try an older one
        if row is not None:
            columns = [name for name in row.keys() if name != "pk"]  # noqa: SIM118
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
            return db.execute(statement, [row[name] for name in columns]).rowcount
    return 0


def _reference(db: sqlite3.Connection, broken: sqlite3.Row) -> tuple[str, bool]:
    """The column of a broken reference, and whether it may be empty."""
    column = next(row["from"] for row in db.execute(f"PRAGMA foreign_key_list({broken['table']})") if row["id"] == broken["fkid"])
    nullable = next(not row["notnull"] for row in db.execute(f"PRAGMA table_info({broken['table']})") if row["name"] == column)
    return column, nullable


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
