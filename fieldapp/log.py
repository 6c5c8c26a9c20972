"""Where the program writes what happened: a small rotating file for each kind of process, crashes included. Any thread.

A module asks for `logging.getLogger(__name__)`; only composition (`app.py`, `cli.py`, the recorder's start) opens the file.
"""

from __future__ import annotations

import faulthandler
import logging
import platform
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TextIO

from fieldapp import __version__

log = logging.getLogger(__name__)
LINE = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
FILES = 5
BYTES_A_FILE = 1_000_000


@contextmanager
def writing(folder: Path, role: str) -> Iterator[None]:
    """While inside, log records and uncaught exceptions go to `<role>.log` in the folder, hard crashes to `<role>-crash.log`.

    A folder that cannot be written to costs the log, never the work.
    """
    with ExitStack() as undo:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(folder / f"{role}.log", maxBytes=BYTES_A_FILE, backupCount=FILES - 1, encoding="utf-8")
            handler.rotator = _set_aside
            crashes = undo.enter_context((folder / f"{role}-crash.log").open("a", encoding="utf-8"))
        except OSError:
            yield
            return
        _open(handler, crashes, undo)
        log.info("%s starts: Fieldapp %s, Python %s, SQLite %s, %s", role, __version__, platform.python_version(), sqlite3.sqlite_version, platform.platform())
        yield


def _set_aside(full: str, older: str) -> None:
    with suppress(OSError):  # Windows lets nobody rename a file that another process of this role has open; it then grows on
        Path(full).replace(older)


def _open(handler: logging.Handler, crashes: TextIO, undo: ExitStack) -> None:
    root = logging.getLogger()
    handler.setFormatter(logging.Formatter(LINE))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    undo.callback(handler.close)
    undo.callback(root.removeHandler, handler)
    undo.callback(root.setLevel, level)
    if not faulthandler.is_enabled():  # a test run has its own
        faulthandler.enable(crashes)
        undo.callback(faulthandler.disable)
    _catch_uncaught(undo)


def _catch_uncaught(undo: ExitStack) -> None:
    before, before_in_threads = sys.excepthook, threading.excepthook

    def in_main(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            log.critical("uncaught", exc_info=(kind, error, where))
        before(kind, error, where)

    def in_thread(what: threading.ExceptHookArgs) -> None:
        if what.exc_value is not None:
            name = what.thread.name if what.thread else "a thread that is gone"
            log.critical("uncaught in %s", name, exc_info=(what.exc_type, what.exc_value, what.exc_traceback))
        before_in_threads(what)

    sys.excepthook, threading.excepthook = in_main, in_thread
    undo.callback(_put_back, before, before_in_threads)


def _put_back(main: object, threads: object) -> None:
    sys.excepthook, threading.excepthook = main, threads  # type: ignore[assignment]  # the very hooks that stood there
