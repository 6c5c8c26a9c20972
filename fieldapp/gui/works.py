"""Long work somebody started: by name, to be looked at, stopped, and read about when it is over. GUI thread; the work itself runs in threads of its own.

They are not those of `desk.run`: a search must not wait behind an export. Short work has no name and nobody needs to see it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from fieldapp.gui.bridge import Bridge
from fieldapp.gui.words import say, told
from fieldapp.jobs import Job, Jobs, Progress

RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"
KEPT = 8
"""So many that are over can still be read."""


@dataclass(slots=True, eq=False)
class Work:
    """One of them. `said` is what came of it, once it is over."""

    title: str
    job: Job
    state: str = RUNNING
    said: str = ""


class Works(QObject):
    """`changed` comes when one begins or ends; how far one is, is looked at (`work.job.progress`)."""

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = Jobs(post=bridge.post, name="work", behind=True)
        self.all: list[Work] = []

    def begin(
        self,
        title: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], str],
        failed: Callable[[Exception], None],
        stopped: Callable[[], None] = lambda: None,
    ) -> Job:
        """Start something; `done` is told the result and gives the sentence that stays to be read."""

        def ended(state: str, said: str) -> None:
            made.state, made.said = state, said
            self.changed.emit()

        def on_failed(trouble: Exception) -> None:
            ended(FAILED, told(trouble))
            failed(trouble)

        def on_stopped() -> None:
            ended(STOPPED, say("Stopped. What was done by then stays."))
            stopped()

        def on_done(result: object) -> None:
            made.state = DONE  # before anybody is told: a demo that is made is opened at once
            ended(DONE, done(result))

        job = self._jobs.run(work, on_done, on_failed, on_stopped)
        made = Work(title, job)
        over = [one for one in self.all if one.state != RUNNING]
        self.all = [one for one in self.all if one not in over[: max(0, len(over) - KEPT)]] + [made]
        self.changed.emit()
        return job

    @property
    def running(self) -> list[Work]:
        """Those that are not over."""
        return [one for one in self.all if one.state == RUNNING]

    def close(self) -> None:
        """Stop everything and wait for it."""
        self._jobs.close()
