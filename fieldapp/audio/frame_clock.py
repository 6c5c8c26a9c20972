"""Which frame is being heard at a given moment; fed on the recorder's writer thread, read as a frozen `Position` by any other.

Frames arrive late by a block or two, never early. So the least late of the last seconds' arrivals tells when frame 0 was captured:
`moment - frames / rate`, at its smallest. That is exact to the polling jitter's lower edge (about a millisecond), follows the sound
card's drift (the window slides), and is independent of the wall clock. What remains unknown is the delay of card, driver and sound
server before a block reaches us: a mark lies early by it, never late, which is the side on which no onset is cut. (The latency
PortAudio reports is no measure of it: it is the size of a buffer that is nearly empty when all is well.)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

WINDOW_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Position:
    """A clock at one moment: `zero` is the master frame of the stream's frame 0, captured at `began` (seconds, monotonic)."""

    rate: float
    began: float
    zero: int = 0

    def frame_at(self, moment: float) -> int:
        """The master frame that passes the microphone at that moment; it may not have been delivered yet."""
        return max(0, self.zero + round((moment - self.began) * self.rate))


class FrameClock:
    """Learns from each arrival when the stream began."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._least: deque[tuple[int, float]] = deque()  # one smallest value per second of arrivals

    def observe(self, moment: float, delivered: int) -> None:
        """Note that by now so many frames have been delivered."""
        began, second = moment - delivered / self.rate, int(moment)
        if self._least and self._least[-1][0] == second:
            self._least[-1] = (second, min(began, self._least[-1][1]))
        else:
            self._least.append((second, began))
        while second - self._least[0][0] > WINDOW_SECONDS:
            self._least.popleft()

    def forget(self) -> None:
        """Frames were lost: what was learnt before no longer holds."""
        self._least.clear()

    @property
    def began(self) -> float | None:
        """When frame 0 was captured, or None before anything arrived."""
        return min(value for _, value in self._least) if self._least else None
