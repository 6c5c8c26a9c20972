"""A whole master at the models' rate: its parts one after the other, silence where there was a gap. Any thread.

Positions are those of the master's clock, so what is found here can be said in its frames. Sounds are read forward once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.audio.resample import MODEL_RATE, frames_at, mono16k
from fieldapp.model import Recording

F32 = NDArray[np.float32]


def stream_master(folder: Path, parts: Sequence[Recording]) -> Iterator[F32]:
    """The sound of all parts (in order) as 16 kHz mono blocks, from frame 0 of the master's clock."""
    at = 0
    for part in parts:
        start = frames_at(part.first_frame, part.rate, MODEL_RATE)
        while at < start:
            gap = np.zeros(min(start - at, MODEL_RATE), np.float32)
            at += len(gap)
            yield gap
        surplus = at - start
        for block in mono16k(folder / part.path):
            rest = block[min(surplus, len(block)) :]
            surplus -= len(block) - len(rest)
            at += len(rest)
            if len(rest):
                yield rest
