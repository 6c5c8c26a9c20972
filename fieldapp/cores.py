"""Who gets the cores and the interpreter: threads that compute go behind the window and the keys of a session, and products of matrices do without helpers.

numpy's helpers (OpenBLAS) stay awake for some 25 ms after each product, spinning, a core each, and are not among the threads that stepped back: while a
model writes along they take the core the window waits for. No numpy in here: it reads these wishes when it is loaded, so they come first.

Python's interpreter knows no order of its own. The window lets go of it at nearly every call of Qt, and each thread that wants it meanwhile gets an equal
share: beside three of them a picture takes four times as long. So they wait at their next `give_way` while the window is at something.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")

BEHIND = 5
"""The nice value of threads that step back: about a third of the processor beside one that does not."""

PATIENCE_S = 0.05
"""So long the others wait at most: what the window does for longer than that (a box that stays open) holds nobody up."""

HANDFUL = 200
"""Things between two looks at whether the window is at something; fewer are done without a look."""


class _Window:
    """Whether the window is at something: since when, and in which thread. It holds `turn` meanwhile, a new one each time.

    A new one, because the window must never wait for a lock itself: whoever held it might be waiting for the interpreter.
    """

    def __init__(self) -> None:
        self.busy = False
        self.turn = threading.Lock()
        self.since = 0.0
        self.thread = 0


_window = _Window()


def products_alone() -> None:
    """Products are computed by the thread that asks for them: for whatever runs beside a recording, a window or a model."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def products_calm() -> None:
    """Products may take every core, and their helpers sleep when there is nothing to do: for what multiplies large matrices and little else."""
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")  # 2 to the power of 4 cycles; it is 26 otherwise


def step_back() -> None:
    """The calling thread, and whatever it starts from now on, lets the window and the keys of a session go first.

    Only for threads that compute and that will never start a recorder: nobody without privileges can take it back. Linux counts this by thread, others do not.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, max(BEHIND, os.getpriority(os.PRIO_PROCESS, 0)))


def window_begins() -> None:
    """From here on the window is at something. Only for its own thread."""
    _window.thread, _window.since = threading.get_ident(), time.monotonic()
    if not _window.busy:
        turn = threading.Lock()
        turn.acquire()
        _window.turn, _window.busy = turn, True


def window_rests() -> None:
    """It is done; also with what it began before."""
    if _window.busy:
        _window.busy = False
        _window.turn.release()


@contextmanager
def window_first() -> Iterator[None]:
    """What the window does in here it does alone, as far as the interpreter goes. What it was at before, it is at again afterwards, for as long as before."""
    resting, since = not _window.busy, _window.since
    window_begins()
    try:
        yield
    finally:
        _window.since = since
        if resting:
            window_rests()


def give_way() -> None:
    """Between two pieces of work, in any thread: wait while the window is at something. Costs next to nothing where it is not, or where there is none."""
    if _window.busy and threading.get_ident() != _window.thread:
        turn, left = _window.turn, _window.since + PATIENCE_S - time.monotonic()
        if left > 0 and turn.acquire(timeout=left):
            turn.release()


def unhurried(things: Iterable[T]) -> Iterator[T]:
    """The same, one after the other; where there are many, the window goes first between two handfuls of them."""
    for number, thing in enumerate(things, 1):
        yield thing
        if not number % HANDFUL:
            give_way()
