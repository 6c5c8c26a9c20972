"""A file that only takes up room: on a full disk it is given up, so that a person can still delete something.

SQLite needs space even to delete (the change goes through the write-ahead file first).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

NAME = "reserve"
FULL_SIZE = 64 << 20


class Reserve:
    """`derived/reserve`: 64 MB, or an eighth of what is free on a small disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def refill(self) -> None:
        """Take the room again where there is enough; never an error, never in the way of opening."""
        with contextlib.suppress(OSError):
            if self._path.exists():
                return
            size = min(FULL_SIZE, shutil.disk_usage(self._path.parent).free // 8)
            with self._path.open("wb") as file:
                _fill(file.fileno(), size)

    def release(self) -> bool:
        """Give the room back; False when there was none left to give."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True


def _fill(file: int, size: int) -> None:
    """Real blocks, not a hole: at once where the system can, else by writing."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
        return
    for _ in range(size >> 20):
        os.write(file, bytes(1 << 20))
