"""Python's garbage collector runs in the GUI thread only, and never holds it for long. GUI thread.

Left alone it runs in whichever thread happens to make an object, and what it finds may be widgets: their C++ side then goes while the window uses it,
and the program ends. Only rings of objects are its business; everything else goes at once, as always.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS = 25
YOUNG, MIDDLE = 2_000, 10
LONG_S = 0.004
"""How many new objects until the youngest are looked through, and how many times until those that survived are, too. Where that took long, much was read in
bulk by another thread, a hundred thousand objects in a tenth of a second, and it lives: it is put aside, not looked through again. The old and what was put
aside wait for `sweep_all`: a recording of 20,000 segments in memory makes that take a tenth of a second."""


class Sweeper(QObject):
    """Takes collecting over from the interpreter, as long as it lives."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()  # what is there now is there to stay
        self._turns, self._put_aside = 0, False
        timer = QTimer(self)
        timer.timeout.connect(self._on_time)
        timer.start(EVERY_MS)
        self.destroyed.connect(_give_back)

    @Slot()
    def _on_time(self) -> None:
        if gc.get_count()[0] < YOUNG:
            return
        self._turns += 1
        began = time.perf_counter()
        gc.collect(1 if self._turns % MIDDLE == 0 else 0)
        if time.perf_counter() - began > LONG_S:
            gc.freeze()
            self._put_aside = True

    @Slot()
    def sweep_all(self) -> None:
        """Look through everything, in a moment without work."""
        if self._put_aside:
            gc.unfreeze()
        gc.collect()
        if self._put_aside:
            gc.freeze()
            self._put_aside = False


def _give_back() -> None:
    gc.unfreeze()
    gc.enable()
