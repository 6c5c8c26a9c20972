"""Playing spans: a queue, a loop, another speed, another loudspeaker, and where in the file the ear is right now.

The callback and its ring are C (rtmixer), so a busy interpreter makes no clicks while less than a second passes. One thread of ours,
`player`, keeps the ring full from a `Rendering`; everything else may be called from any one thread (the window's, say), and
returns at once. Nothing calls back: whoever draws a cursor asks `position` as often as it draws.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from fieldapp.audio.devices import accepts, find_output, portaudio
from fieldapp.audio.render import Clip, Position, Rendering
from fieldapp.errors import DeviceError, FieldError

RATE = 48_000
CHANNELS = 2
_RING_FRAMES = 65_536  # 1.4 s; a power of two
_CHUNK = 4096
_PATIENCE_SECONDS = 0.02
_GIVE_UP_SECONDS = 0.3
_STALLED_SECONDS = 5.0  # a device that wakes up may take a second or two
_WARM_UP_SECONDS = 0.15  # a device that was just opened may swallow its first moments, and with them an onset


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


class Player:
    """One loudspeaker. `play` replaces what is playing; `close` lets the device go."""

    def __init__(self, device: str | None = None) -> None:
        self._device = device
        self._mixer: Any = None
        self._steady = 0.0
        self._stalled = False
        self._playing: _Playing | None = None
        self._paused: tuple[tuple[Clip, ...], bool, float, Position] | None = None

    def play(self, clips: Sequence[Clip], *, loop: bool = False, speed: float = 1.0, start: Position | None = None) -> None:
        """Play clips one after the other without gaps, from a place inside one of them if wanted."""
        self.stop()
        mixer = self._open()
        rendering = Rendering(clips, int(mixer.samplerate), CHANNELS, loop=loop, speed=speed, start=start)
        self._playing = _Playing(mixer, rendering, (tuple(clips), loop, speed), self._steady, self._on_stall)

    def pause(self) -> None:
        """Stop, and remember where."""
        position = self.position
        if self._playing and position is not None:
            self._paused = (*self._playing.asked, position)
            self._playing.end()
            self._playing = None

    def resume(self) -> None:
        """Go on where `pause` stopped."""
        if self._paused:
            clips, loop, speed, position = self._paused
            self.play(clips, loop=loop, speed=speed, start=position)

    def change_speed(self, speed: float) -> None:
        """Another speed from here on, also while paused."""
        going = self._playing is not None
        self.pause()
        if self._paused:
            clips, loop, _, position = self._paused
            self._paused = (clips, loop, speed, position)
        if going:
            self.resume()

    def stop(self) -> None:
        """Silence, and nothing to resume."""
        if self._playing:
            self._playing.end()
        self._playing = self._paused = None

    def choose_device(self, name: str | None) -> None:
        """Play through another loudspeaker (None: the system's own) from here on; what is playing moves over."""
        going = self.playing
        self.pause()
        self._close_device()
        self._device = name
        if going:
            self.resume()

    @property
    def playing(self) -> bool:
        """Whether something is still to be heard. Raises what kept it from being played."""
        if self._playing and self._playing.trouble:
            trouble, self._playing = self._playing.trouble, None
            raise trouble
        return self._playing is not None and not self._playing.over

    @property
    def position(self) -> Position | None:
        """Where the ear is, or where it paused; None when there is nothing."""
        if self._playing:
            return self._playing.position
        return self._paused[3] if self._paused else None

    @property
    def dropouts(self) -> int:
        """How often the sound broke off because this process was too slow, while playing what is playing now."""
        return self._playing.dropouts if self._playing else 0

    def close(self) -> None:
        """Stop and let the device go."""
        drain = self._playing is not None and self._playing.over
        self.stop()
        self._close_device(drain=drain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _on_stall(self) -> None:
        """From the thread that feeds it. What stalled once never wakes up by itself where its stream is dead; opened anew it may play."""
        self._stalled = True

    def _open(self) -> Any:
        if self._stalled:
            self._close_device()
            self._stalled = False
        if self._mixer is None:
            output = find_output(self._device)
            rate = RATE if accepts(output.index, RATE, CHANNELS, "output") else output.rate
            try:
                import rtmixer  # noqa: PLC0415  (loads PortAudio)

                self._mixer = rtmixer.Mixer(device=output.index, channels=CHANNELS, samplerate=rate)
                self._mixer.start()
                self._steady = self._mixer.time + _WARM_UP_SECONDS
            except portaudio().PortAudioError as trouble:
                self._close_device()
                raise DeviceError(f"The loudspeaker '{output.name}' cannot be opened.", "Choose another one, or close what uses it.") from trouble
        return self._mixer

    def _close_device(self, *, drain: bool = False) -> None:
        if self._mixer is not None:
            if drain:
                self._mixer.stop()  # closing alone would cut off what the device still holds
            self._mixer.close()
        self._mixer = None


class _Playing:
    """One rendering on its way to the loudspeaker."""

    def __init__(
        self, mixer: Any, rendering: Rendering, asked: tuple[tuple[Clip, ...], bool, float], not_before: float, stalled: Callable[[], None] = lambda: None
    ) -> None:
        import rtmixer  # noqa: PLC0415  (loads PortAudio)

        self.asked = asked
        self.trouble: FieldError | None = None
        self.dropouts = 0
        self._mixer, self._rendering, self._not_before, self._stalled = mixer, rendering, not_before, stalled
        self._ring = rtmixer.RingBuffer(4 * CHANNELS, _RING_FRAMES)
        self._action: Any = None
        self._clock = HeardClock(rendering.rate, round(mixer.latency * rendering.rate) + _CHUNK)
        self._written = self._taken = 0
        self._progress = (0, time.monotonic())
        self._complete = False
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="player", daemon=True)
        self._thread.start()

    @property
    def position(self) -> Position:
        return self._rendering.where(self._heard())

    @property
    def over(self) -> bool:
        return self._ended.is_set() or (self._complete and self._heard() >= self._written)

    def end(self) -> None:
        """Be silent now."""
        self._ended.set()
        self._thread.join()
        if self._cancel():
            deadline = time.monotonic() + _GIVE_UP_SECONDS  # a device that died cancels nothing
            while self._action in self._mixer.actions and time.monotonic() < deadline:
                time.sleep(0.005)

    def _cancel(self) -> bool:
        """Ask the device to take no more; whether there was something to be asked."""
        if self._action is None or self._action not in self._mixer.actions:
            return False
        with contextlib.suppress(RuntimeError):  # so many wait already for a device that takes nothing: what is in the ring by now will be heard
            self._mixer.cancel(self._action)
        return True

    def _heard(self) -> int:
        with self._lock:
            if self._action is None:
                return 0
            self._taken = max(self._taken, self._written - self._ring.read_available)
            return self._clock.heard(self._mixer.time, self._taken, self._action.actual_time)

    def _feed(self) -> None:
        try:
            while not self._ended.is_set():
                if self._ring.write_available >= _CHUNK and not self._complete:
                    block = self._rendering.read(_CHUNK)
                    self._complete = len(block) < _CHUNK
                    with self._lock:
                        self._ring.write(np.ascontiguousarray(block))
                        self._written += len(block)
                    self._keep_going()
                elif self.over:
                    return
                else:
                    self._keep_going()
                    self._notice_a_stall()
                    self._ended.wait(_PATIENCE_SECONDS)
        except FieldError as trouble:  # a file that cannot be read, a loudspeaker that takes nothing; told to whoever asks next
            self.trouble = trouble
        finally:
            if self.trouble or self.over:
                self._ended.set()

    def _notice_a_stall(self) -> None:
        """A loudspeaker that takes nothing (unplugged, asleep, its sound server hanging) would play for ever."""
        heard, now = self._heard(), time.monotonic()
        if heard != self._progress[0]:
            self._progress = (heard, now)
        elif now - self._progress[1] > _STALLED_SECONDS:
            self._cancel()  # should it wake up, nothing of this is heard in the middle of something else
            self._stalled()
            raise DeviceError("The loudspeaker takes no sound.", "Look whether it is still connected, or choose another one.")

    def _keep_going(self) -> None:
        """Start the callback on the ring, also again after it found the ring empty."""
        with self._lock:
            if self._ring.read_available and (self._action is None or self._action not in self._mixer.actions):
                with contextlib.suppress(RuntimeError):  # the device takes nothing for a while; the next turn asks again
                    action = self._mixer.play_ringbuffer(self._ring, start=self._not_before)
                    self.dropouts += self._action is not None
                    self._action = action
