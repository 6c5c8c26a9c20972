"""One rendering on its way into one open loudspeaker: a ring that the device empties by itself, and how much of it has been heard.

One thread feeds it; whoever draws a cursor may ask at any time, also after the loudspeaker was let go.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import numpy as np

from fieldapp.audio.render import Position, Rendering

CHANNELS = 2
_RING_FRAMES = 65_536  # 1.4 s; a power of two
_CHUNK = 4096
_GIVE_UP_SECONDS = 0.3


class HeardClock:
    """How many frames have left the loudspeaker, from the stream's own time.

    The time of the first frame says it exactly as long as the device runs evenly; what the callback took bounds it from
    both sides, so that a device that stalls or catches up is followed and the cursor never runs ahead of the sound or back.
    """

    def __init__(self, rate: int, latency_frames: int) -> None:
        self._rate, self._latency = rate, latency_frames
        self._since: tuple[float, float] | None = None

    def heard(self, now: float, taken: int, began: float) -> int:
        """Frames heard at stream time `now`, when the callback has taken `taken` and its first frame was due at `began`."""
        if taken <= 0:
            return 0
        time, frame = self._since or (began, 0.0)
        guess = frame + (now - time) * self._rate
        bounded = min(max(guess, taken - self._latency, 0.0), taken)
        if self._since is None or bounded != guess:
            self._since = (now, bounded)
        return int(bounded)


class Flow:
    """Frames of a rendering, handed to a mixer that plays nothing else meanwhile, from stream time `not_before` on."""

    def __init__(self, mixer: Any, rendering: Rendering, not_before: float) -> None:
        import rtmixer  # noqa: PLC0415  (loads PortAudio)

        self.complete = False
        self.dropouts = 0
        self.rate = rendering.rate
        self._mixer, self._rendering, self._not_before = mixer, rendering, not_before
        self._ring = rtmixer.RingBuffer(4 * CHANNELS, _RING_FRAMES)
        self._action: Any = None
        self._clock = HeardClock(rendering.rate, round(mixer.latency * rendering.rate) + _CHUNK)
        self._written = self._taken = 0
        self._last: int | None = None
        self._lock = threading.Lock()

    @property
    def position(self) -> Position:
        return self._rendering.where(self.heard)

    @property
    def heard(self) -> int:
        """How many frames have left the loudspeaker."""
        with self._lock:
            if self._last is not None:
                return self._last
            if self._action is None:
                return 0
            self._taken = max(self._taken, self._written - self._ring.read_available)
            return self._clock.heard(self._mixer.time, self._taken, self._action.actual_time)

    @property
    def over(self) -> bool:
        """Whether everything has been heard."""
        return self.complete and self.heard >= self._written

    def feed(self) -> bool:
        """Hand over a piece if there is room for one; whether there was."""
        room = self._ring.write_available >= _CHUNK and not self.complete
        if room:
            block = self._rendering.read(_CHUNK)
            self.complete = len(block) < _CHUNK
            with self._lock:
                self._ring.write(np.ascontiguousarray(block))
                self._written += len(block)
        self._keep_going()
        return room

    def end(self) -> None:
        """Be silent now. What was heard stays known; the mixer is not asked any more and may go."""
        if self._last is not None:
            return
        if self._cancel():
            deadline = time.monotonic() + _GIVE_UP_SECONDS  # a device that died cancels nothing
            while self._action in self._mixer.actions and time.monotonic() < deadline:
                time.sleep(0.005)
        heard = self.heard
        with self._lock:
            self._last = heard

    def _cancel(self) -> bool:
        """Ask the device to take no more; whether there was something to be asked."""
        if self._action is None or self._action not in self._mixer.actions:
            return False
        with contextlib.suppress(RuntimeError):  # so many wait already for a device that takes nothing: what is in the ring by now will be heard
            self._mixer.cancel(self._action)
        return True

    def _keep_going(self) -> None:
        """Start the callback on the ring, also again after it found the ring empty."""
        with self._lock:
            if self._ring.read_available and (self._action is None or self._action not in self._mixer.actions):
                with contextlib.suppress(RuntimeError):  # the device takes nothing for a while; the next turn asks again
                    action = self._mixer.play_ringbuffer(self._ring, start=self._not_before)
                    self.dropouts += self._action is not None
                    self._action = action
