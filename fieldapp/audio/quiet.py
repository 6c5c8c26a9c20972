"""Where it is quietest near a place: what a boundary snaps to on demand. A plain function for any thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WINDOW_S = 0.01
_STEP_S = 0.0025


def quietest(samples: NDArray[np.float32], rate: int, near: int) -> int:
    """The middle of the stretch of 10 ms with the least energy; of equally quiet ones the one nearest to frame `near`."""
    window, step = max(1, round(_WINDOW_S * rate)), max(1, round(_STEP_S * rate))
    if len(samples) < window:
        return near
    sums = np.concatenate(([0.0], np.cumsum(samples.astype(np.float64) ** 2)))
    starts = np.arange(0, len(samples) - window + 1, step)
    energy = np.maximum(sums[starts + window] - sums[starts], window * 1e-10)  # below -100 dB everything is silence
    middles = starts + window // 2
    order = np.lexsort((np.abs(middles - near), energy))
    return int(middles[order[0]])
