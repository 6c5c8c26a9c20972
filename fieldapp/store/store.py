"""The open fieldbook: one thread owns the only write connection, every other thread reads through its own.

A write is a function that runs on the `db-writer` thread inside BEGIN IMMEDIATE .. COMMIT; its result comes back through
a future, and what it touched is announced once, after the commit. Opening to read never needs a write.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from fieldapp.errors import AlreadyThere, NotAFieldbook, ReadOnly
from fieldapp.model import Changed
from fieldapp.store import connect, holder, undo
from fieldapp.store.connect import DATABASE, SCHEMA_VERSION, Reader
from fieldapp.store.reserve import Reserve
from fieldapp.store.transaction import Transaction, Written
from fieldapp.store.trouble import as_sentence
from fieldapp.store.upkeep import Upkeep
from fieldapp.store.writer import Writer

T = TypeVar("T")
_NO_SIDE_FILES = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)
FOLDERS = ("audio", "stimuli", "derived", "backups")


class Store:
    """One open fieldbook. Made by `create` or `open`; a context manager that also turns SQLite's complaints into sentences."""

    def __init__(self, folder: Path, lock: holder.Lock | None, read_only_reason: str, *, new: bool = False) -> None:
        self.folder = folder
        self.read_only_reason = read_only_reason
        self._lock = lock
        self._mine = threading.local()
        self._writer: Writer | None = None
        self._read_from, self._immutable = folder / DATABASE, False
        with contextlib.ExitStack() as parts:  # what is built is taken down again when the next part fails
            if lock is not None:
                parts.callback(lock.release)
                reserve = Reserve(folder / "derived")
                self._writer = Writer(_open_writer(folder / DATABASE, reserve), folder, reserve.release)
                parts.callback(self._writer.close)
                reserve.refill()
                if not new:  # there is nothing to keep a copy of yet
                    parts.callback(Upkeep(folder).close)
            else:
                self._choose_how_to_read(parts)
            self._parts = parts.pop_all()

    @classmethod
    def create(cls, folder: Path, title: str) -> Self:
        """Make a fieldbook in a new or empty folder and open it. A half-made one never carries the final name."""
        from fieldapp.store import schema  # noqa: PLC0415  (loads sqlite-utils, which opening does without)

        if (folder / DATABASE).exists():
            raise AlreadyThere(f"There is already a fieldbook in {folder}.", f"Open it, or see what it holds: fieldapp info {folder}")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise AlreadyThere(f"{folder} is not empty.", "Choose a new or empty folder: a fieldbook keeps its own house.")
        try:
            for name in FOLDERS:
                (folder / name).mkdir(parents=True, exist_ok=True)
            schema.make_database(folder / DATABASE, title)
            return cls(folder, holder.take(folder), "", new=True)
        except (OSError, sqlite3.Error) as error:
            raise as_sentence(error, folder) or NotAFieldbook(f"No fieldbook can be made in {folder}: {error}.", "Choose another folder.") from error

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """Open a fieldbook, to write when it may be written, else to read: `read_only_reason` then says why."""
        header = connect.refuse_foreign(folder / DATABASE)
        lock, reason = _try_lock(folder, read_only and header.version == SCHEMA_VERSION)
        try:
            if header.version < SCHEMA_VERSION:
                _upgrade(folder, lock, reason)
            if read_only and lock is not None:
                lock.release()
                lock, reason = None, "it was opened for reading only"
            try:
                return cls(folder, lock, reason)
            except sqlite3.OperationalError as error:
                if lock is None or error.sqlite_errorcode & 0xFF not in _NO_SIDE_FILES:
                    raise
                lock.release()
                return cls(folder, None, f"nothing can be written there ({error})")
        except BaseException as error:
            if lock is not None:
                lock.release()
            sentence = as_sentence(error, folder)
            if sentence:
                raise sentence from error
            raise

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed; `read_only_reason` says why."""
        return self._writer is None

    @property
    def crashed(self) -> holder.Holder | None:
        """Who held this fieldbook last and ended without closing it; everything acknowledged is there all the same."""
        return self._lock.before if self._lock else None

    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; rows answer to names. Do not keep it beyond the thread."""
        reader: Reader | None = getattr(self._mine, "reader", None)
        if reader is None:
            reader = self._mine.reader = connect.open_reader(self._read_from, immutable=self._immutable)
        return reader

    def write(self, work: Callable[[Transaction], T], *, undo: str = "", frees: bool = False, remade: bool = False) -> Future[Written[T]]:
        """Queue `work` for the writer thread. With a label in `undo` it is a person's edit that can be undone.

        `frees` marks work that makes room (deleting, withdrawing): on a full disk it may use the reserve. `remade` marks what a
        machine can make again from the masters (drafts, vectors): it survives a crash, but the last of it not a power cut.
        """
        if self._writer is None:
            raise ReadOnly(f"{self.folder} is open for reading only: {self.read_only_reason}.", "Nothing was changed.")
        return self._writer.submit(work, undo, frees, remade)

    def do(self, work: Callable[[Transaction], T], *, undo: str = "", frees: bool = False, remade: bool = False) -> T:
        """Write, wait for the commit, return the value. Never from a subscriber: it would wait for itself."""
        if self._writer is not None and self._writer.is_this_thread():
            raise RuntimeError("a subscriber must not wait for a write")
        return self.write(work, undo=undo, frees=frees, remade=remade).result().value

    def undo(self) -> Future[Written[str]]:
        """Take the last edit back; the value is its label."""
        return self.write(undo.undo, frees=True)

    def redo(self) -> Future[Written[str]]:
        """Do the last undone edit again; the value is its label."""
        return self.write(undo.redo)

    def subscribe(self, callback: Callable[[Changed], None]) -> Callable[[], None]:
        """Have `callback` told what each commit touched, on the writer thread; returns the way to stop it."""
        return self._writer.subscribe(callback) if self._writer else lambda: None

    def close(self) -> None:
        """Write what is queued, then let go of everything. May be called twice.

        Readers of other threads close with their threads: closing one in use would break it.
        """
        reader: Reader | None = getattr(self._mine, "reader", None)
        if reader is not None:
            reader.close()
            del self._mine.reader
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
        sentence = as_sentence(error, self.folder) if error else None
        if sentence:
            raise sentence from error

    def _choose_how_to_read(self, parts: contextlib.ExitStack) -> None:
        """A folder that cannot be written cannot hold SQLite's side files: read the file as it is, or a copy with its write-ahead file."""
        try:
            self.reader().execute("SELECT 1 FROM setting").fetchone()
            return  # the usual case
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _NO_SIDE_FILES:
                raise
        self._mine = threading.local()
        wal = self.folder / (DATABASE + "-wal")
        if wal.exists() and wal.stat().st_size:
            aside = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="fieldbook-")))
            for file in (self.folder / DATABASE, wal):
                shutil.copyfile(file, aside / file.name)
            self._read_from = aside / DATABASE
        else:
            self._immutable = True


def _try_lock(folder: Path, read_only: bool) -> tuple[holder.Lock | None, str]:
    """The lock, or why there is none."""
    if read_only:
        return None, "it was opened for reading only"
    try:
        return holder.take(folder), ""
    except holder.Held as held:
        return None, f"{held.holder or 'another application'} has it open"
    except OSError as error:
        if error.errno == errno.ENOSPC and Reserve(folder / "derived").release():
            return _try_lock(folder, read_only)
        return None, f"the folder cannot be written ({error.strerror})"


def _open_writer(path: Path, reserve: Reserve) -> sqlite3.Connection:
    """On a full disk even opening needs a little room: the reserve gives it."""
    try:
        return connect.open_writer(path)
    except sqlite3.OperationalError:
        if not reserve.release():
            raise
        return connect.open_writer(path)


def _upgrade(folder: Path, lock: holder.Lock | None, reason: str) -> None:
    from fieldapp.store import schema  # noqa: PLC0415  (loads sqlite-utils, which opening does without)

    if lock is None:
        raise ReadOnly(f"{folder} was made by an older Fieldapp and must be upgraded first, but {reason}.", "Open it once where it can be written.")
    schema.upgrade(folder / DATABASE)
