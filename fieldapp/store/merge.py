"""Takes the rows and sound files of a second fieldbook over into this one, by id; what is here already always stays as it is.

The other database is never opened as a project: it is read through a connection that may do nothing but select from our
own tables, so no trigger, view or function of it ever runs. Where both sides know a row and differ, ours stays and theirs
is written to `backups/merge-DATE.jsonl`. Rows run on the `db-writer` thread as one transaction, files are copied before.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldapp.errors import Damaged, NotAFieldbook
from fieldapp.model import Changed
from fieldapp.store import backup
from fieldapp.store.check_files import sha256
from fieldapp.store.check_rows import mend_references
from fieldapp.store.connect import DATABASE, Reader, open_reader, refuse_foreign
from fieldapp.store.sessions import stays_inside
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

Row = dict[str, Any]

# Parents first. What makes two rows with different ids the same thing, or (renamed) two things that only share a name.
_TABLES = ("variety", "person", "session", "participation", "promptlist", "item", "recording", "event", "run", "segment", "annotation", "consent")
_CACHES = ("space", "vector", "frames")
_SAME_BY = {"variety": ("name",), "participation": ("session", "person", "role"), "space": ("kind", "model", "layer", "head", "version")}
_RENAMED = {"person": "code", "session": "name", "promptlist": "name"}
_UNCOMPARED = ("pk", "created", "changed")
_HARMLESS = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_PRAGMA)


@dataclass(slots=True)
class Merged:
    """How many rows of each table were new and how many were the same, and what could not simply be taken over."""

    added: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    conflicts: list[Row] = field(default_factory=list)
    report: Path | None = None


def merge(store: Store, other: Path) -> Merged:
    """Take over everything of the fieldbook in the folder `other`; doing it twice adds nothing the second time."""
    refuse_foreign(other / DATABASE)
    result = Merged()
    with _other(other) as source:
        files = _copy_sounds(store, source, other, result)
        store.do(lambda tx: _take_over(tx, source, files, store.folder, result))
    if result.conflicts:
        result.report = store.folder / backup.FOLDER / f"merge-{datetime.now():%Y-%m-%d-%H%M%S}.jsonl"
        result.report.write_text("".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in result.conflicts), encoding="utf-8")
    return result


@contextlib.contextmanager
def _other(folder: Path) -> Iterator[sqlite3.Connection]:
    """The other database as it stands, with its write-ahead file if it has one, allowed nothing but plain reading."""
    with contextlib.ExitStack() as parts:
        path, wal = folder / DATABASE, folder / f"{DATABASE}-wal"
        if wal.exists() and wal.stat().st_size:
            place = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="merge-")))
            for file in (path, wal):
                shutil.copyfile(file, place / file.name)
            db: Reader = parts.enter_context(closing(open_reader(place / DATABASE)))
        else:
            db = parts.enter_context(closing(open_reader(path, immutable=True)))
        try:
            kinds = {row["name"]: str(row["sql"]).upper() for row in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.DatabaseError as error:
            raise Damaged(f"The database of {folder} is damaged.", "Repair it first: fieldapp check --repair") from error
        if not all(kinds.get(table, "").startswith("CREATE TABLE") for table in (*_TABLES, *_CACHES)):
            raise NotAFieldbook(f"{folder} lacks tables that every fieldbook has.", "Check it first: fieldapp check")
        db.set_authorizer(_only_reading)
        yield db


def _only_reading(action: int, first: str | None, _second: str | None, _database: str | None, _inside: str | None) -> int:
    if action in _HARMLESS or (action == sqlite3.SQLITE_READ and first in (*_TABLES, *_CACHES)):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _copy_sounds(store: Store, source: sqlite3.Connection, other: Path, result: Merged) -> dict[str, str]:
    """Copy the files of recordings that are new here; returns the path each recording will have."""
    known = {row["id"] for row in store.reader().execute("SELECT id FROM recording")}
    paths: dict[str, str] = {}
    for row in source.execute("SELECT id, path FROM recording"):
        if row["id"] in known or not isinstance(row["path"], str) or not stays_inside(row["path"]):
            continue
        theirs, ours = other / row["path"], store.folder / row["path"]
        number = 1
        while ours.exists() and not (theirs.is_file() and sha256(theirs) == sha256(ours) and not _is_used(store, ours)):
            number += 1
            ours = ours.with_name(f"{Path(row['path']).stem}-{number}{ours.suffix}")
        paths[row["id"]] = ours.relative_to(store.folder).as_posix()
        if not theirs.is_file():
            result.notes.append(f"The sound file {row['path']} is missing in {other}.")
        elif not ours.exists():
            ours.parent.mkdir(parents=True, exist_ok=True)
            unfinished = ours.with_name(f"{ours.name}.part")
            shutil.copyfile(theirs, unfinished)
            unfinished.replace(ours)
    return paths


def _is_used(store: Store, file: Path) -> bool:
    path = file.relative_to(store.folder).as_posix()
    return store.reader().execute("SELECT 1 FROM recording WHERE path = ?", (path,)).fetchone() is not None


def _take_over(tx: Transaction, source: sqlite3.Connection, files: dict[str, str], folder: Path, result: Merged) -> None:
    tx.db.execute("PRAGMA defer_foreign_keys=ON")  # a part of a master may come before its first part
    same: dict[str, str] = {}  # their id -> ours, where the two are one thing
    for table in (*_TABLES, *_CACHES):
        described = list(tx.db.execute(f"PRAGMA table_info({table})"))
        references = [row["from"] for row in tx.db.execute(f"PRAGMA foreign_key_list({table})")]
        for theirs in source.execute(f"SELECT * FROM {table}"):  # noqa: S608  (our own names)
            row = {column["name"]: theirs[column["name"]] for column in described if column["name"] in theirs.keys() and column["name"] != "pk"}  # noqa: SIM118
            row |= {column: same.get(row[column], row[column]) for column in references}
            if table == "recording":
                row["path"] = files.get(row["id"], row["path"])
            if not _is_sane(tx, table, row, described):
                result.conflicts.append({"table": table, "why": "not a valid row", **row})
                continue
            _put(tx, table, row, same, result)
    if tx.db.execute("PRAGMA foreign_key_check").fetchone():  # rows that belong to one that was turned away
        result.notes.append(mend_references(tx.db, folder))
    tx.touch(Changed.EVERYTHING)


def _put(tx: Transaction, table: str, row: Row, same: dict[str, str], result: Merged) -> None:
    ours = tx.db.execute(f"SELECT * FROM {table} WHERE id = ?", (row["id"],)).fetchone()  # noqa: S608  (our own names, here and below)
    if ours is not None:
        if all(ours[name] == value for name, value in row.items() if name not in _UNCOMPARED and (table, name) != ("recording", "path")):
            result.same[table] += 1
        elif table not in _CACHES:
            result.conflicts.append({"table": table, "why": "changed on both sides or there; ours was kept", **row})
        return
    if table in _SAME_BY:
        condition = " AND ".join(f"{name} = ?" for name in _SAME_BY[table])
        twin = tx.db.execute(f"SELECT id FROM {table} WHERE {condition}", [row[name] for name in _SAME_BY[table]]).fetchone()  # noqa: S608
        if twin is not None:
            same[row["id"]] = twin["id"]
            result.same[table] += 1
            return
    if table in _RENAMED:
        _rename(tx, table, row, result)
    try:
        tx.db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))  # noqa: S608
        result.added[table] += 1
    except sqlite3.IntegrityError as error:
        if table not in _CACHES:
            result.conflicts.append({"table": table, "why": str(error), **row})


def _rename(tx: Transaction, table: str, row: Row, result: Merged) -> None:
    """Two people with the same code are two people until somebody says otherwise."""
    column = _RENAMED[table]
    wanted, number = row[column], 1
    while tx.db.execute(f"SELECT 1 FROM {table} WHERE {column} = ?", (row[column],)).fetchone():  # noqa: S608
        number += 1
        row[column] = f"{wanted}-{number}"
    if number > 1:
        result.notes.append(f"The {table} '{wanted}' is now called '{row[column]}': another {table} here has that {column}.")


def _is_sane(tx: Transaction, table: str, row: Row, described: list[sqlite3.Row]) -> bool:
    """Whether the values are what our columns hold; texts are cleaned on the way."""
    for column in described:
        name, kind, default = column["name"], column["type"], column["dflt_value"]
        value = row.get(name)
        if value is None:
            if column["notnull"] and name in row:
                return False
        elif kind == "TEXT":
            if not isinstance(value, str) or (default in ("'{}'", "'[]'") and not _is_json(value, list if default == "'[]'" else dict)):
                return False
            row[name] = tx.text(value, f"{table}.{name}")
        elif not isinstance(value, {"INTEGER": int, "REAL": float | int, "BLOB": bytes}[kind]):
            return False
    if table == "recording" and not stays_inside(row["path"]):
        return False
    return "crc" not in row or zlib.crc32(row["data"]) == row["crc"]


def _is_json(text: str, kind: type) -> bool:
    try:
        return isinstance(json.loads(text), kind)
    except ValueError:
        return False
