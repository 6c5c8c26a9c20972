"""What live and bulk work know of a recogniser: the values it answers with and the few things it must be able to do.

Pure; `whisper.py` is the real one. Audio is 16 kHz float32 mono throughout this package, spans count its samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldapp.model import Span
from fieldapp.speech.heads import Head
from fieldapp.speech.manifest import Context, Manifest

F32 = NDArray[np.float32]

RATE = 16_000
STEP = 320  # samples per encoder step: 50 a second


def at_rate(span: Span, rate: int) -> Span:
    """The same stretch counted in frames of a recording at `rate`."""
    return Span(span.start * rate // RATE, -(-span.stop * rate // RATE))


@dataclass(frozen=True, slots=True)
class Encoded:
    """One run of the encoder: the states where they lie (CPU or GPU), and how many steps of each row are real audio."""

    states: Any
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What the decoder made of one row. `capped`: it was stopped by the token limit and had not finished."""

    text: str
    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech: float
    compression: float
    language: str
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the aligner placed it, in samples from the beginning of the row."""

    text: str
    span: Span

    def shifted(self, samples: int) -> Word:
        """The same word in a row that begins earlier."""
        return Word(self.text, Span(self.span.start + samples, self.span.stop + samples))


class Recogniser(Protocol):
    """A speech recogniser whose one `encode` feeds everything else."""

    manifest: Manifest
    meaning: Head | None
    """The head for meaning that came with it."""

    @property
    def encodes(self) -> int:
        """How many rows were encoded so far."""

    def encode(self, rows: Sequence[F32], context: Context) -> Encoded:
        """Run the encoder once over rows of audio."""

    def frames(self, encoded: Encoded) -> list[F32]:
        """The states of each row without its padding, [steps, width], on the CPU."""

    def detect_language(self, encoded: Encoded) -> list[tuple[str, float]]:
        """The likeliest language of each row and its probability."""

    def generate(self, encoded: Encoded, languages: Sequence[str], *, task: str, beam: int, limits: Sequence[int]) -> list[Decoded]:
        """Text for each row, at most `limits` tokens long."""

    def align(self, encoded: Encoded, decoded: Sequence[Decoded], task: str) -> list[tuple[Word, ...]]:
        """Where each word of each row lies."""
