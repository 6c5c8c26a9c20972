"""What an open fieldbook does for itself in the background: a backup when the last is older than a day.

Runs on the `upkeep` thread, never in the way of opening. Closing gives a running backup a moment to finish (a gigabyte
takes about two seconds) and then stops it; half a backup is never left behind.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path

from fieldapp.cores import step_back
from fieldapp.errors import Cancelled, FieldError
from fieldapp.store import backup
from fieldapp.store.connect import DATABASE

log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 2.0


class Upkeep:
    """The background thread of one open fieldbook."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        if backup.is_due(folder):
            self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Let a running backup finish if it does so soon."""
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)
            self._cancel.set()
            self._thread.join()

    def _run(self) -> None:
        step_back()
        try:
            backup.make(self._folder / DATABASE, cancel=self._cancel)
        except Cancelled:
            log.info("the backup of %s was stopped by closing; the next opening tries again", self._folder)
        except (FieldError, OSError, sqlite3.Error) as error:
            log.warning("no backup of %s was made: %s", self._folder, error)
