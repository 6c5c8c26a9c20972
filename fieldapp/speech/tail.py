"""The last seconds of a stream, addressed by sample number. One thread."""

from __future__ import annotations

import numpy as np

from fieldapp.model import Span
from fieldapp.speech.recogniser import F32, RATE


class Tail:
    """Remembers at least the last `seconds`; older audio is forgotten in large steps, so that pushing stays cheap."""

    def __init__(self, seconds: float) -> None:
        self._kept = round(seconds * RATE)
        self._buffer = np.zeros(2 * self._kept, np.float32)
        self._used = 0
        self.stop = 0  # samples pushed so far

    def push(self, block: F32) -> None:
        """Append a block, no longer than what is kept."""
        if self._used + len(block) > len(self._buffer):
            keep = min(self._used, self._kept)
            self._buffer[:keep] = self._buffer[self._used - keep : self._used]
            self._used = keep
        self._buffer[self._used : self._used + len(block)] = block
        self._used += len(block)
        self.stop += len(block)

    def read(self, span: Span) -> F32:
        """A copy of a span that is still remembered."""
        first = self.stop - self._used
        if span.start < first or span.stop > self.stop:
            raise ValueError(f"{span} is not within the remembered {first}..{self.stop}")
        return self._buffer[span.start - first : span.stop - first].copy()
