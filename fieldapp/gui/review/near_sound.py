"""A recording as the waveform draws it from close by: samples are read behind the window, in blocks that are kept. GUI thread.

The window never reads a sound file itself: that takes milliseconds for a WAV, tens where other threads want the interpreter, and seconds for a file that
can only be decoded from its beginning. What has not been read yet is drawn from the overview, and is a flat line where there is none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fieldapp.gui.review.recorded import RecordedSound, extremes
from fieldapp.model import Span

BLOCK = 1 << 16
KEPT = 24
"""Six megabytes; more where a view needs more."""
Samples = NDArray[np.float32]
Run = Callable[[Callable[[], list[Samples]], Callable[[list[Samples]], None]], None]
"""Does work elsewhere and hands its result back in the GUI thread."""


class NearSound:
    """Asks `run` for what is missing of a view and of a block on either side, one request at a time; calls `more` when it is there."""

    def __init__(self, sound: RecordedSound, run: Run, more: Callable[[], None]) -> None:
        self._sound, self._run, self._more = sound, run, more
        self.rate = sound.rate
        self._blocks: OrderedDict[int, Samples] = OrderedDict()
        self._busy = False
        self._needed = 0
        self._latest: tuple[tuple[Span, int, bool], NDArray[np.float32]] | None = None

    @property
    def frames(self) -> int:
        """Frames of the recording."""
        return self._sound.frames

    def peaks(self, span: Span, columns: int) -> NDArray[np.float32]:
        """Lowest and highest per column."""
        asked = (span, columns, self._sound.has_overviews)
        if self._latest is not None and self._latest[0] == asked:
            return self._latest[1]
        whole = True
        if not self._sound.is_near(span, columns):
            found = self._sound.overview(span, columns)
        elif (whole := self._has(span)) or not self._sound.has_overviews:
            found = extremes(self._kept(span), columns)
        else:
            found = self._sound.overview(span, columns)
        self._latest = (asked, found) if whole else None
        return found

    def samples(self, span: Span) -> Samples:
        """Mono; zero in gaps, and where it has not been read yet."""
        self._has(span)
        return self._kept(span)

    def _has(self, span: Span) -> bool:
        """Whether all of a span is there; what is missing is on its way."""
        last = max(span.start, min(span.stop, self.frames) - 1) // BLOCK
        seen = range(span.start // BLOCK, last + 1)
        around = range(max(0, seen.start - 1), min(seen.stop, max(0, self.frames - 1) // BLOCK) + 1)
        self._needed = len(around)
        for number in around:
            if number in self._blocks:
                self._blocks.move_to_end(number)
        there = all(number in self._blocks for number in seen)
        if not self._busy and (missing := [number for number in around if number not in self._blocks]):
            self._ask(missing)
        return there

    def _ask(self, numbers: list[int]) -> None:
        self._busy = True
        spans = [Span(number * BLOCK, min(self.frames, (number + 1) * BLOCK)) for number in numbers]

        def done(blocks: list[Samples]) -> None:
            self._busy = False
            self._blocks.update(zip(numbers, blocks))
            while len(self._blocks) > max(KEPT, self._needed):
                self._blocks.popitem(last=False)
            self._latest = None
            self._more()

        self._run(lambda: [self._sound.samples(span) for span in spans], done)

    def _kept(self, span: Span) -> Samples:
        out = np.zeros(max(0, min(span.stop, self.frames) - span.start), np.float32)
        for number in range(span.start // BLOCK, (span.start + len(out) - 1) // BLOCK + 1):
            block = self._blocks.get(number)
            inside = span.clip(Span(number * BLOCK, number * BLOCK + len(block))) if block is not None else None
            if block is not None and inside is not None:
                out[inside.start - span.start : inside.stop - span.start] = block[inside.start - number * BLOCK : inside.stop - number * BLOCK]
        return out
