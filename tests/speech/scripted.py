"""A recogniser that says what a test tells it to, for policies: its times, loops and inventions are the test's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fieldapp.speech.guards import compression_ratio
from fieldapp.speech.heads import Head
from fieldapp.speech.manifest import Context, Manifest
from fieldapp.speech.recogniser import RATE, STEP, Decoded, Encoded, Word

F32 = NDArray[np.float32]


def said(text: str, *, avg_logprob: float = -0.3, no_speech: float = 0.05, capped: bool = False) -> Decoded:
    """What a decoder might say; a token per word."""
    tokens = tuple(hash(word) % 50_000 for word in text.split())
    return Decoded(text=text, tokens=tokens, avg_logprob=avg_logprob, no_speech=no_speech, compression=compression_ratio(text), language="en", capped=capped)


LOOP = said("and then " * 40)
INVENTED = said("thank you for watching", avg_logprob=-1.6, no_speech=0.8)


@dataclass
class Clock:
    """Seconds that pass only when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scripted:
    """Answers with `answer(audio, context)` and takes `cost(seconds, context)` on the clock."""

    answer: Callable[[F32, Context], Decoded] = lambda _audio, _context: said("a few plain words")
    cost: Callable[[float, Context], float] = lambda _seconds, _context: 0.0
    clock: Clock = field(default_factory=Clock)
    manifest: Manifest = field(default_factory=lambda: Manifest(name="scripted"))
    meaning: Head | None = None
    encodes: int = 0
    asked: list[tuple[int, Context]] = field(default_factory=list)

    def encode(self, rows: Sequence[F32], context: Context) -> Encoded:
        self.encodes += len(rows)
        self.asked += [(len(row), context) for row in rows]
        self.clock.now += sum(self.cost(len(row) / RATE, context) for row in rows)
        return Encoded([(row, context) for row in rows], tuple(-(-len(row) // STEP) for row in rows))

    def frames(self, encoded: Encoded) -> list[F32]:
        return [np.ones((steps, 4), np.float32) for steps in encoded.steps]

    def detect_language(self, encoded: Encoded) -> list[tuple[str, float]]:
        return [("en", 1.0)] * len(encoded.steps)

    def generate(self, encoded: Encoded, languages: Sequence[str], *, task: str, beam: int, limits: Sequence[int]) -> list[Decoded]:
        return [self.answer(row, context) for row, context in encoded.states]

    def align(self, encoded: Encoded, decoded: Sequence[Decoded], task: str) -> list[tuple[Word, ...]]:
        return [() for _ in decoded]
