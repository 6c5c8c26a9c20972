"""Playing spans: a queue, a loop, another speed, another loudspeaker, and where in the file the ear is right now.

The callback and its ring are C (rtmixer), so a busy interpreter makes no clicks while less than a second passes. One thread of ours,
`player`, keeps the ring full from a `Rendering`; everything else may be called from any one thread, and `playing`, `position` and
`dropouts` from any. Nothing calls back: whoever draws a cursor asks `position` as often as it draws.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from fieldapp.audio.flow import CHANNELS, Flow
from fieldapp.audio.loudspeaker import Loudspeaker
from fieldapp.audio.render import Clip, Position, Rendering
from fieldapp.errors import DeviceError, FieldError

_PATIENCE_SECONDS = 0.02
_STALLED_SECONDS = 2.5  # a device that wakes up may take a second or two
_TRUSTED_SECONDS = 5.0  # a device that was opened anew and played for so long may be opened anew once more


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody wants to hear."""

    clips: tuple[Clip, ...]
    loop: bool
    speed: float


class Player:
    """One loudspeaker. `play` replaces what is playing; `close` lets the device go."""

    def __init__(self, device: str | None = None) -> None:
        self._loudspeaker = Loudspeaker(device)
        self._playing: _Playing | None = None
        self._paused: tuple[_Asked, Position] | None = None

    def play(self, clips: Sequence[Clip], *, loop: bool = False, speed: float = 1.0, start: Position | None = None) -> None:
        """Play clips one after the other without gaps, from a place inside one of them if wanted."""
        self._start(_Asked(tuple(clips), loop, speed), start)

    def pause(self) -> None:
        """Stop, and remember where."""
        if self._playing:
            self._paused = (self._playing.asked, self._playing.position)
            self._playing.end()
            self._playing = None

    def resume(self) -> None:
        """Go on where `pause` stopped."""
        if self._paused:
            self._start(*self._paused)

    def change_speed(self, speed: float) -> None:
        """Another speed from here on, also while paused."""
        going = self._playing is not None
        self.pause()
        if self._paused:
            asked, position = self._paused
            self._paused = (replace(asked, speed=speed), position)
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
        self._loudspeaker.close()
        self._loudspeaker = Loudspeaker(name)
        if going:
            self.resume()

    @property
    def playing(self) -> bool:
        """Whether something is still to be heard. Raises what kept it from being played, once."""
        playing = self._playing
        if playing and playing.trouble:
            trouble, playing.trouble = playing.trouble, None
            raise trouble
        return playing is not None and not playing.over

    @property
    def position(self) -> Position | None:
        """Where the ear is, or where it paused; None when there is nothing."""
        playing, paused = self._playing, self._paused
        if playing:
            return playing.position
        return paused[1] if paused else None

    @property
    def dropouts(self) -> int:
        """How often the sound broke off because this process was too slow, while playing what is playing now."""
        playing = self._playing
        return playing.dropouts if playing else 0

    def close(self) -> None:
        """Stop and let the device go."""
        drain = self._playing is not None and self._playing.over
        self.stop()
        self._loudspeaker.close(drain=drain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _start(self, asked: _Asked, start: Position | None) -> None:
        self.stop()
        self._playing = _Playing(self._loudspeaker, asked, start)


class _Playing:
    """Something on its way to the loudspeaker, which belongs to the thread in here until `end`."""

    def __init__(self, loudspeaker: Loudspeaker, asked: _Asked, start: Position | None) -> None:
        self.asked = asked
        self.trouble: FieldError | None = None
        self._loudspeaker = loudspeaker
        self._flow = self._begin(start)
        self._dropouts_before = 0
        self._opened_anew = False
        self._progress = (0, time.monotonic())
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._feed, name="player", daemon=True)
        self._thread.start()

    @property
    def position(self) -> Position:
        return self._flow.position

    @property
    def over(self) -> bool:
        return self._ended.is_set() or self._flow.over

    @property
    def dropouts(self) -> int:
        return self._dropouts_before + self._flow.dropouts

    def end(self) -> None:
        """Be silent now."""
        self._ended.set()
        self._thread.join()
        self._flow.end()

    def _begin(self, start: Position | None) -> Flow:
        mixer = self._loudspeaker.open()
        asked = self.asked
        rendering = Rendering(asked.clips, int(mixer.samplerate), CHANNELS, loop=asked.loop, speed=asked.speed, start=start)
        return Flow(mixer, rendering, self._loudspeaker.steady)

    def _feed(self) -> None:
        try:
            while not self.over:
                if not self._flow.feed():
                    self._notice_a_stall()
                    self._ended.wait(_PATIENCE_SECONDS)
        except FieldError as trouble:  # a file that cannot be read, a loudspeaker that takes nothing; told to whoever asks next
            self.trouble = trouble
        finally:
            self._ended.set()

    def _notice_a_stall(self) -> None:
        """A loudspeaker that takes nothing (unplugged, asleep, its sound server hanging) would play for ever.

        One whose stream died plays again once it is opened anew, so that is tried first. It is let go in any case: the next playing opens it.
        """
        heard, now = self._flow.heard, time.monotonic()
        if heard != self._progress[0]:
            self._progress = (heard, now)
        elif now - self._progress[1] > _STALLED_SECONDS:
            self._flow.end()
            self._loudspeaker.close()
            if self._opened_anew and heard < _TRUSTED_SECONDS * self._flow.rate:
                raise DeviceError("The loudspeaker takes no sound.", "Look whether it is still connected, or choose another one.")
            anew = self._begin(self._flow.position)
            self._dropouts_before, self._flow = self.dropouts + 1, anew
            self._opened_anew, self._progress = True, (0, time.monotonic())
