"""What a speech model hears of a master while it grows: 16 kHz mono, from a frame on, at its own pace. One thread at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fieldapp.audio.resample import MODEL_RATE, Resampler
from fieldapp.model import Span
from fieldapp.session.sound import Growing, Run, end_of, read_span
from fieldapp.speech.recogniser import F32, at_rate


class Ear:
    """Counts its samples from where it began; `in_frames` says where they lie on the clock of the master."""

    def __init__(self, runs: Sequence[Run], rate: int, start: int = 0) -> None:
        meet = rate // math.gcd(rate, MODEL_RATE)  # frames after which both clocks meet
        self._begun = -(-start // meet) * meet
        self._heard = self._begun
        self._rate = rate
        self._master = Growing(runs)
        self._mono = Resampler(rate, MODEL_RATE, 1)

    @property
    def behind(self) -> int:
        """Frames that were recorded and not heard yet."""
        return max(0, end_of(self._master.parts()) - self._heard)

    def seconds(self) -> float:
        """How much was recorded since it began."""
        return max(0, end_of(self._master.parts()) - self._begun) / self._rate

    def hear(self, seconds: float) -> F32:
        """What came since, at most so much."""
        parts = self._master.parts()
        stop = max(self._heard, min(end_of(parts), self._heard + round(seconds * self._rate)))
        block = read_span(parts, Span(self._heard, stop)).mean(axis=1, keepdims=True, dtype=np.float32)
        self._heard = stop
        return self._mono.push(block)[:, 0]

    def finish(self) -> F32:
        """The recording is over: the last samples."""
        return self._mono.finish()[:, 0]

    def read_back(self, span: Span) -> F32:
        """A span of its samples once more."""
        again = Resampler(self._rate, MODEL_RATE, 1)
        block = read_span(self._master.parts(), self._on_master(span)).mean(axis=1, keepdims=True, dtype=np.float32)
        heard: F32 = np.concatenate([again.push(block), again.finish()])[: len(span), 0]
        return heard

    def in_frames(self, span: Span) -> Span:
        """A span of its samples in frames of the master, none beyond its end."""
        there, end = self._on_master(span), end_of(self._master.parts())
        return Span(min(there.start, end), min(there.stop, end))

    def _on_master(self, span: Span) -> Span:
        there = at_rate(span, self._rate)
        return Span(there.start + self._begun, there.stop + self._begun)
