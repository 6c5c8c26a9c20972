"""From audio to log-mel spectrograms, laid out as a context policy wants them. Any thread.

Silence is added to the audio, before the mel: a mel of zeros is no silence, and models then lose words.
"""

from __future__ import annotations

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor

from fieldapp.speech.manifest import WINDOW_SECONDS, Context
from fieldapp.speech.recogniser import F32, RATE, STEP

WINDOW = int(WINDOW_SECONDS * RATE)
GRAIN = STEP * 25  # lengths are rounded up to half a second, so that few shapes occur and buffers are used again


class LogMel:
    """Whisper's spectrogram for one number of mel bands."""

    def __init__(self, mels: int) -> None:
        self.mels = mels
        self._extract = FeatureExtractor(feature_size=mels)

    def __call__(self, laid: F32) -> F32:
        """[mels, frames] of audio that was laid out; 100 frames a second."""
        mel: F32 = np.ascontiguousarray(self._extract(laid, padding=0), dtype=np.float32)
        return mel


def laid_length(samples: int, context: Context, mels: int) -> int:
    """How long a row becomes: never over 30 s, and never so long that its encoder steps equal the number of mel bands.

    CTranslate2 takes encoder states with exactly that many steps for a spectrogram and encodes them again, silently.
    """
    if samples > WINDOW:
        raise ValueError(f"{samples / RATE:.1f} s do not fit into one window of {WINDOW_SECONDS:.0f} s")
    if context.policy != "flexible":
        return WINDOW
    length = min(-(-(samples + round(context.tail * RATE)) // GRAIN) * GRAIN or GRAIN, WINDOW)
    return length + STEP if length == mels * STEP else length


def lay(rows: list[F32], context: Context, mels: int) -> list[F32]:
    """Every row with zero audio behind it; rows of one batch get the same length."""
    length = max(laid_length(len(row), context, mels) for row in rows)
    return [np.pad(row, (0, length - len(row))) for row in rows]
