"""Dated copies of the database in `backups/`, made with SQLite's backup API while others read and write.

A copy is written under a temporary name, checked and renamed, so a half-written one is never taken for good.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from fieldapp.errors import Cancelled, Damaged
from fieldapp.store import index_folder
from fieldapp.store.connect import DATABASE, open_reader, refuse_foreign
from fieldapp.store.trouble import as_sentence

KEPT = 10
FOLDER = "backups"
_STAMP = "%Y-%m-%d-%H%M%S"
_PAGES_A_STEP = 2000
_ABANDONED_SECONDS = 3600


def make(path: Path, *, note: str = "", cancel: threading.Event | None = None) -> Path:
    """Copy the database as it is at this moment; returns the copy. Runs on any thread; raises Cancelled when told to stop."""
    folder = path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    final = folder / f"fieldbook-{datetime.now():{_STAMP}}{'-' + note if note else ''}.db"
    unfinished = final.with_suffix(".part")

    def step(_status: int, _remaining: int, _total: int) -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled

    try:
        with contextlib.closing(open_reader(path)) as source, contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # one moment in time, however long the copying takes
            source.backup(copy, pages=_PAGES_A_STEP, progress=step)
            copy.execute("PRAGMA journal_mode=DELETE")  # a backup is one file
            if copy.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise Damaged(f"The database of {path.parent} is damaged: its backup did not pass the check.", "Try: fieldapp check --repair")
        _make_durable(unfinished)
        unfinished.replace(final)
    except (sqlite3.Error, OSError) as error:
        sentence = as_sentence(error, folder)
        if sentence:
            raise sentence from error
        raise
    finally:
        unfinished.unlink(missing_ok=True)
    _forget_old(folder)
    return final


def found(folder: Path) -> list[Path]:
    """The good copies of a fieldbook, newest first."""
    return sorted((folder / FOLDER).glob("fieldbook-*.db"), key=lambda copy: copy.name, reverse=True)


def every(folder: Path) -> list[Path]:
    """All databases in `backups/` one can go back to, those laid aside when somebody did so or when a file was mended too, newest first."""
    return sorted((folder / FOLDER).glob("*.db"), key=lambda copy: copy.stat().st_mtime, reverse=True)


def is_due(folder: Path) -> bool:
    """Whether the newest copy is older than a day."""
    newest = next((made for made in map(_made, found(folder)) if made), None)
    return newest is None or datetime.now() - newest > timedelta(days=1)


def restore(folder: Path, copy: Path) -> Path:
    """Put a copy in the place of the database; returns where the present one was laid aside. The caller holds the lock."""
    refuse_foreign(copy)
    present = folder / DATABASE
    incoming = present.with_name(present.name + ".new")
    shutil.copyfile(copy, incoming)
    return replace(present, incoming, "replaced")


def replace(present: Path, incoming: Path, why: str) -> Path:
    """Put a whole new database in the place of the present one, which is first copied aside; killed at any moment, one of them is there."""
    aside = present.parent / FOLDER / f"{why}-{datetime.now():{_STAMP}}.db"
    for ending in ("", "-wal"):  # the write-ahead file belongs to the database it was written for
        file = present.with_name(present.name + ending)
        if file.exists():
            shutil.copyfile(file, aside.with_name(aside.name + ending))
            _make_durable(aside.with_name(aside.name + ending))
    _make_durable(incoming)
    for ending in ("-wal", "-shm"):
        present.with_name(present.name + ending).unlink(missing_ok=True)
    incoming.replace(present)
    index_folder.forget(present.parent)  # row numbers may mean something else from now on
    return aside


def _made(copy: Path) -> datetime | None:
    try:
        return datetime.strptime(copy.stem.removeprefix("fieldbook-")[:17], _STAMP)
    except ValueError:
        return None


def _forget_old(folder: Path) -> None:
    for old in found(folder.parent)[KEPT:]:
        old.unlink(missing_ok=True)
    for left in folder.glob("fieldbook-*.part"):
        with contextlib.suppress(FileNotFoundError):  # somebody else may be renaming it now
            if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                left.unlink()


def _make_durable(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
