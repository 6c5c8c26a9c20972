"""Watches the disk's free space: refuses to begin without room, warns early, says when only the reserve is left. Writer thread."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from fieldapp.errors import DiskFull

LOOK_SECONDS = 1.0


class DiskGuard:
    """`free` is what was seen last. The reserve is never used, so that the database can still be written when recording stops."""

    def __init__(self, reserve: int) -> None:
        self.free: int | None = None
        self._reserve = reserve
        self._looked_at = 0.0

    def refuse_if_full(self, folder: Path) -> None:
        """Raise DiskFull where a recording would have to stop at once."""
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        self.free = shutil.disk_usage(folder).free
        if self.free < self._reserve:
            raise DiskFull(
                f"Only {self.free // 10**6} MB are left on the disk of {folder}, where {self._reserve // 10**6} MB stay reserved.", "Make room first."
            )

    def seconds_left(self, folder: Path, bytes_a_second: int) -> float | None:
        """How long recording can go on; None when it was looked at just now, or the disk does not say."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return None
        self._looked_at = time.monotonic()
        try:
            self.free = shutil.disk_usage(folder).free
        except OSError:
            return None
        return (self.free - self._reserve) / bytes_a_second
