"""A growing master as the drawing widgets want it: every frame is read once for the waveform, however often that is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.audio.growing import GrowingMaster
from fieldapp.model import Span

HOP = 128
"""Frames of which the lowest and highest are kept; a pixel of ten seconds holds some five hundred."""
AT_ONCE = 750
"""Hops read for one picture, two seconds of sound. Somebody who comes back to the page sees the ten seconds fill up in five pictures; read at once, they
would hold the window for thirty milliseconds."""


class GrowingSound:
    """`peaks` belongs to the GUI thread and shows the last seconds; `samples` to background threads that compute tiles."""

    def __init__(self, stem: Path) -> None:
        self._master, self._aside = GrowingMaster(stem), GrowingMaster(stem)
        self.rate = self._master.format.rate
        self._first = 0
        self._hops: NDArray[np.float32] = np.zeros((0, 2), np.float32)

    @property
    def frames(self) -> int:
        """Frames by now."""
        return self._master.frames

    def samples(self, span: Span) -> NDArray[np.float32]:
        """Mono."""
        return _mono(self._aside, span)

    def peaks(self, span: Span, columns: int) -> NDArray[np.float32]:
        """Lowest and highest per column."""
        first, stop = span.start // HOP, min(span.stop, self.frames) // HOP
        if stop <= first:
            return np.zeros((columns, 2), np.float32)
        if not self._first <= first <= self._first + len(self._hops):
            self._first, self._hops = first, self._hops[:0]
        known = self._first + len(self._hops)
        if stop > known:
            heard = _mono(self._master, Span(known * HOP, min(stop, known + AT_ONCE) * HOP))
            new = heard[: len(heard) // HOP * HOP].reshape(-1, HOP)
            self._hops = np.concatenate((self._hops[first - self._first :], np.stack((new.min(axis=1), new.max(axis=1)), axis=1)))
            self._first = first
        shown = np.zeros((stop - first, 2), np.float32)  # flat where nothing was read yet, or where the file is shorter than its journal said
        there = self._hops[first - self._first : stop - self._first]
        shown[: len(there)] = there
        edges = np.linspace(0, len(shown), columns, endpoint=False).astype(np.int64)
        return np.stack((np.minimum.reduceat(shown[:, 0], edges), np.maximum.reduceat(shown[:, 1], edges)), axis=1)


def _mono(master: GrowingMaster, span: Span) -> NDArray[np.float32]:
    mono: NDArray[np.float32] = master.read(span).mean(axis=1, dtype=np.float32)
    return mono
