"""Tiles that wait to be computed: one at a time and the newest first, so that what one looks at now comes before what was scrolled past.

One at a time also leaves a background thread free for reading. GUI thread; the work itself runs elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fieldapp.gui.desk import Desk

MOST_WAITING = 40


class Backlog:
    """For all widgets of a stage together. Of what waits too long the older half is dropped; `dropped` lets the widgets ask again for what they still show."""

    def __init__(self, desk: Desk, dropped: Callable[[], None]) -> None:
        self._desk, self._dropped = desk, dropped
        self._waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []
        self._busy = False

    def run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do this before everything that waits."""
        self._waiting.append((work, done))
        if len(self._waiting) > MOST_WAITING:
            del self._waiting[: MOST_WAITING // 2]
            self._dropped()
        self._next()

    def forget(self) -> None:
        """Another sound is shown; nobody waits for tiles of the old one."""
        self._waiting.clear()

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        work, done = self._waiting.pop()
        self._busy = True

        def finished(result: Any) -> None:
            self._busy = False
            done(result)
            self._next()

        def failed(trouble: Exception) -> None:
            self._busy = False
            self._waiting.clear()  # the file cannot be read: said once
            self._desk.fail(trouble)

        self._desk.run_behind(lambda _: work(), finished, failed)
