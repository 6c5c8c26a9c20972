"""Somebody else's database, of which nothing may run: read through a connection that can select from our own tables and do nothing else."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from fieldapp.errors import Damaged, NotAFieldbook
from fieldapp.store.connect import DATABASE, Reader, open_reader
from fieldapp.store.sessions import stays_inside
from fieldapp.store.transaction import Transaction

TABLES = ("variety", "person", "session", "participation", "promptlist", "item", "recording", "event", "run", "segment", "annotation", "consent")
"""Parents first."""
CACHES = ("space", "vector", "frames")
_READ = (*TABLES, *CACHES, "undo_row", "setting")
REPAIR = "Repair it first: fieldapp check --repair"
_HARMLESS = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_PRAGMA)


@contextlib.contextmanager
def foreign(folder: Path) -> Iterator[sqlite3.Connection]:
    """The other database as it stands, with its write-ahead file if it has one, allowed nothing but plain reading."""
    with contextlib.ExitStack() as parts:
        try:
            db = _opened(folder, parts)
            whole = db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            kinds = {row["name"]: str(row["sql"]).upper() for row in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.DatabaseError as error:
            raise Damaged(f"The database of {folder} is damaged.", REPAIR) from error
        if not whole:
            raise Damaged(f"The database of {folder} is damaged.", REPAIR)
        if not all(kinds.get(table, "").startswith("CREATE TABLE") for table in (*TABLES, *CACHES)):
            raise NotAFieldbook(f"{folder} lacks tables that every fieldbook has.", "Check it first: fieldapp check")
        db.set_authorizer(only_reading)
        yield db


def _opened(folder: Path, parts: contextlib.ExitStack) -> Reader:
    path, wal = folder / DATABASE, folder / f"{DATABASE}-wal"
    if not (wal.exists() and wal.stat().st_size):
        return parts.enter_context(closing(open_reader(path, immutable=True)))
    place = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="merge-")))
    for file in (path, wal):
        shutil.copyfile(file, place / file.name)
    return parts.enter_context(closing(open_reader(place / DATABASE)))


def only_reading(action: int, first: str | None, _second: str | None, _database: str | None, _inside: str | None) -> int:
    """What such a connection may do."""
    if action in _HARMLESS or (action == sqlite3.SQLITE_READ and first in _READ):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def is_sane(tx: Transaction, table: str, row: dict[str, Any], described: list[sqlite3.Row]) -> bool:
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
    except (ValueError, RecursionError):
        return False
