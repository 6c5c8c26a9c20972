"""Who holds a fieldbook for writing: a lock of the operating system on `fieldbook.lock`, with a note inside that says who.

The lock vanishes with its process, however that ends, so a crashed holder is recognised by its note without a lock.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

LOCK = "fieldbook.lock"
_BEYOND = 1 << 30  # Windows locks bytes, and locked bytes cannot be read: lock one that does not exist


@dataclass(frozen=True, slots=True)
class Holder:
    """The note inside the lock file."""

    program: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"{self.program} (process {self.pid} on {self.host}, since {self.since.replace('T', ' ')})"


def me(program: str = "") -> Holder:
    """The note this process leaves."""
    return Holder(program or Path(sys.argv[0] or "python").name or "python", os.getpid(), platform.node(), datetime.now().isoformat(timespec="seconds"))


class Lock:
    """The held lock; `before` is the note of a holder that ended without letting go (a crash), if there was one."""

    def __init__(self, file: IO[bytes], before: Holder | None) -> None:
        self._file = file
        self.before = before

    def release(self) -> None:
        """Empty the note and let go; a second time is nothing. The file stays: deleting it would race with the next holder."""
        if self._file.closed:
            return
        try:
            self._file.truncate(0)
        finally:
            self._file.close()


class Held(Exception):
    """Somebody else has the lock; `holder` is None when the note cannot be read."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(str(holder))
        self.holder = holder


def take(folder: Path) -> Lock:
    """Take the lock, or raise Held; an OSError means that the folder cannot be written or locked."""
    file = os.fdopen(os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b")
    try:
        _lock(file)
        before = read_note(folder)
        file.truncate(0)
        file.write(json.dumps(asdict(me())).encode())
        file.flush()
        return Lock(file, before)
    except BlockingIOError:
        file.close()
        raise Held(read_note(folder)) from None
    except BaseException:
        file.close()
        raise


def read_note(folder: Path) -> Holder | None:
    """The note in the lock file: of a running holder, or of one that crashed; None when nobody left one."""
    try:
        return Holder(**json.loads((folder / LOCK).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


if sys.platform == "win32" and not TYPE_CHECKING:
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(_BEYOND)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(str(error)) from error
        file.seek(0)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(folder: Path) -> bool:
    """Whether somebody holds the lock now; asking leaves the note alone."""
    try:
        with (folder / LOCK).open("r+b") as file:
            _lock(file)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
