"""Work in the background: a small pool of threads, progress one can look at, a cancel button that works. No Qt in here.

`run` may be called from any thread; work runs in a thread of the pool; the outcome is handed to `post`, which the window
sets to its bridge so that it arrives in the window's thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from fieldapp.cores import step_back
from fieldapp.errors import Cancelled, FieldError

T = TypeVar("T")
Post = Callable[[Callable[[], None]], None]
log = logging.getLogger(__name__)


class Progress:
    """Handed to the work: called with a share (0..1, or below 0 when unknown) and what is being done; stops work that was cancelled."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self.latest: tuple[float, str] = (-1.0, "")

    def __call__(self, share: float, doing: str) -> None:
        self.stop_if_cancelled()
        self.latest = (share, doing)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the work to stop."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._cancelled.set()

    def stop_if_cancelled(self) -> None:
        """Raise Cancelled when the work should stop; for steps too small to be told."""
        if self.cancelled:
            raise Cancelled


class Job:
    """One piece of work under way, for whoever started it."""

    def __init__(self, progress: Progress, future: Future[None]) -> None:
        self._progress = progress
        self._future = future

    @property
    def progress(self) -> tuple[float, str]:
        """How far it is and what it does; to be looked at as often as one likes."""
        return self._progress.latest

    @property
    def over(self) -> bool:
        """Whether it ended, in whatever way, and its outcome was handed on."""
        return self._future.done()

    def cancel(self) -> None:
        """Ask it to stop; `stopped` is called when it has."""
        self._progress.cancel()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is over; False when the time ran out first."""
        return not wait([self._future], seconds).not_done


def _at_once(call: Callable[[], None]) -> None:
    call()


def _nothing() -> None:
    pass


class Jobs:
    """A pool of background threads. Close it: that cancels what runs, tells everybody, and joins."""

    def __init__(self, threads: int = 2, post: Post = _at_once, name: str = "job", *, behind: bool = False) -> None:
        self._post = post
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=step_back if behind else None)
        self._lock = threading.Lock()
        self._running: set[Progress] = set()

    def run(self, work: Callable[[Progress], T], done: Callable[[T], None], failed: Callable[[Exception], None], stopped: Callable[[], None] = _nothing) -> Job:
        """Start `work`; exactly one of `done`, `failed` and `stopped` (it was cancelled) is posted when it ends."""
        progress = Progress()
        with self._lock:
            future = self._pool.submit(self._work, progress, partial(_outcome, work, progress, done, failed, stopped))
            self._running.add(progress)
        return Job(progress, future)

    @property
    def busy(self) -> bool:
        """Whether any work runs or waits."""
        with self._lock:
            return bool(self._running)

    def close(self) -> None:
        """Cancel what runs and waits, and return when every thread has ended."""
        with self._lock:
            for progress in self._running:
                progress.cancel()
            self._pool.shutdown(wait=False)
        self._pool.shutdown(wait=True)

    def _work(self, progress: Progress, outcome_of: Callable[[], Callable[[], None]]) -> None:
        try:
            outcome = outcome_of()
        finally:
            with self._lock:
                self._running.discard(progress)
        try:
            self._post(outcome)
        except Exception:  # a listener's bug must be heard
            log.exception("the outcome of a job could not be handed on")


def _outcome(
    work: Callable[[Progress], T], progress: Progress, done: Callable[[T], None], failed: Callable[[Exception], None], stopped: Callable[[], None]
) -> Callable[[], None]:
    """Do the work and return whom to tell, with what."""
    try:
        progress.stop_if_cancelled()
        result = work(progress)
    except Cancelled:
        return stopped
    except Exception as trouble:  # a worker outlives its tasks; every error reaches `failed`
        if not isinstance(trouble, FieldError):
            log.exception("a bug in a job")
        return partial(failed, trouble)
    return partial(done, result)
