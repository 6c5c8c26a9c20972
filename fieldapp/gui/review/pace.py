"""How long the rest will take, from the person's own pace since the page was opened. No clock of its own: it is told the time."""

from __future__ import annotations

import statistics
from collections import deque

PAUSE_S = 120.0
FEWEST = 3
LOOKED_BACK = 40


class Pace:
    """Counts the time between two confirmations; a long pause is a break and counts for nothing."""

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=LOOKED_BACK)
        self._last: float | None = None

    def confirmed(self, now: float) -> None:
        """One segment more is done."""
        if self._last is not None and 0 < now - self._last < PAUSE_S:
            self._steps.append(now - self._last)
        self._last = now

    def left(self, count: int) -> float | None:
        """Seconds for this many more; None while too little is known."""
        return statistics.median(self._steps) * count if len(self._steps) >= FEWEST else None
