"""The `db-writer` thread: owns the only write connection, runs queued work one transaction at a time, announces after commits.

A failing piece of work is rolled back and reported through its future; the thread goes on. Closing drains the queue first.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fieldapp.errors import DiskFull, ReadOnly
from fieldapp.model import Changed
from fieldapp.store import undo, word_index
from fieldapp.store.index_folder import forget_withdrawn
from fieldapp.store.transaction import Transaction, Written
from fieldapp.store.trouble import as_sentence

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Task:
    work: Callable[[Transaction], Any]
    future: Future[Written[Any]]
    label: str
    frees: bool
    remade: bool


class Writer:
    """Takes work from any thread; `release_reserve` makes room on a full disk and says whether there was any to make."""

    def __init__(self, db: sqlite3.Connection, folder: Path, release_reserve: Callable[[], bool]) -> None:
        self._db = db
        self._folder = folder
        self._release_reserve = release_reserve
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._subscribers: list[Callable[[Changed], None]] = []
        self._gate = threading.Lock()
        self._closed = False
        self._synchronous = ""
        self._thread = threading.Thread(target=self._run, name="db-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Transaction], T], label: str, frees: bool, remade: bool = False) -> Future[Written[T]]:
        """Queue one piece of work. Nothing is lost between here and the commit except by the end of the process."""
        future: Future[Written[T]] = Future()
        with self._gate:
            if self._closed:
                raise ReadOnly(f"{self._folder} has been closed.", "Open it again to change it.")
            self._queue.put(_Task(work, future, label, frees, remade))
        return future

    def is_this_thread(self) -> bool:
        """Whether the caller runs on the writer thread, where waiting for a write would wait for ever."""
        return threading.current_thread() is self._thread

    def subscribe(self, callback: Callable[[Changed], None]) -> Callable[[], None]:
        """Have `callback` told after each commit, on this thread: it must be quick and must not wait for a write."""
        with self._gate:
            self._subscribers = [*self._subscribers, callback]

        def unsubscribe() -> None:
            with self._gate:
                self._subscribers = [known for known in self._subscribers if known is not callback]

        return unsubscribe

    def close(self) -> None:
        """Finish everything queued, merge the write-ahead file into the database, close the connection."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            if task.future.set_running_or_notify_cancel():
                self._perform(task)
            del task  # a waiting thread must not keep the last result alive
        self._merge_write_ahead_file()
        self._db.close()

    def _merge_write_ahead_file(self) -> None:
        """Into the database, which frees its room; where that fails (a full disk), everything is safe in it as well."""
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.warning("the write-ahead file of %s stays: %s", self._folder, error)

    def _perform(self, task: _Task) -> None:
        try:
            try:
                written = self._commit(task)
            except DiskFull:
                if not (task.frees and self._release_reserve()):
                    raise
                self._merge_write_ahead_file()
                written = self._commit(task)
        except BaseException as error:  # noqa: BLE001  (goes to whoever asked; this thread must outlive it)
            task.future.set_exception(error)
            return
        for note in written.notes:
            log.warning("%s: %s", self._folder, note)
        if written.changed:
            self._announce(written.changed)
        task.future.set_result(written)

    def _commit(self, task: _Task) -> Written[Any]:
        db = self._db
        try:
            self._choose_durability("NORMAL" if task.remade else "FULL")
            db.execute("BEGIN IMMEDIATE")
            transaction = Transaction(db)
            if task.label:
                with undo.journal(db, task.label):
                    value = task.work(transaction)
            else:
                value = task.work(transaction)
            word_index.update(db)
            forget_withdrawn(self._folder, transaction.changed)  # before: a crash in between may cost a cache, never a promise
            db.execute("COMMIT")
        except BaseException as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            sentence = as_sentence(error, self._folder)
            if sentence:
                raise sentence from error
            raise
        return Written(value, transaction.changed, tuple(transaction.notes))

    def _choose_durability(self, wanted: str) -> None:
        """FULL survives the plug being pulled; NORMAL may then lose the last commits, which is enough for what can be made again."""
        if wanted != self._synchronous:
            self._db.execute(f"PRAGMA synchronous={wanted}")
            self._synchronous = wanted

    def _announce(self, changed: Changed) -> None:
        for callback in self._subscribers:
            try:
                callback(changed)
            except Exception:
                log.exception("a subscriber failed on %s", changed)
