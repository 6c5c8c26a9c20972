"""What the window does alone, with all that follows from it. GUI thread.

A deed does not end with its call: layouts, styles and changes of size come as events after it, and take as long again. Only when none of them waits any
more do the threads that compute go on (`fieldapp/cores.py`); what is painted then covers itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from PySide6.QtCore import QObject, Qt, Signal, Slot

from fieldapp.cores import window_begins, window_rests


class _Last(QObject):
    """Hears of the end of it, after everything else that waits: said once behind what waits already, once more behind what that left."""

    said = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.said.connect(self._on_said, Qt.ConnectionType.QueuedConnection)

    @Slot(int)
    def _on_said(self, times: int) -> None:
        if times:
            self.said.emit(times - 1)
        else:
            window_rests()


@cache
def _last() -> _Last:
    """Belongs to the thread that asks first, the window's."""
    return _Last()


@contextmanager
def undisturbed() -> Iterator[None]:
    """This, and the events that come of it. One that never ends (a box that stays open) holds nobody up."""
    window_begins()
    try:
        yield
    finally:
        _last().said.emit(1)
