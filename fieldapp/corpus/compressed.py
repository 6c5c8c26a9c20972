"""A line's sound as MP3: small, played by every telephone, and the same bytes every time (Ogg draws a random number for each file). Any thread."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from fieldapp.corpus.bundle import Bundle
from fieldapp.corpus.lines import Line, cut_line

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""What MP3 knows; anything else is resampled."""
_OTHERWISE = 48000


def mp3(bundle: Bundle, line: Line) -> bytes:
    """The sound of one line."""
    with tempfile.TemporaryDirectory(prefix="fieldapp-") as folder:
        whole, small = Path(folder) / "cut.wav", Path(folder) / "cut.mp3"
        cut_line(bundle, line, whole)
        samples, rate = soundfile.read(whole, dtype="float32", always_2d=True)
        if rate not in RATES:
            samples, rate = soxr.resample(samples, rate, _OTHERWISE), _OTHERWISE
        soundfile.write(small, np.clip(samples[:, :2], -1, 1), rate, format="MP3", subtype="MPEG_LAYER_III")
        return small.read_bytes()
