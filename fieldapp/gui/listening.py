"""Playing for the window: commands go to one thread of their own, because opening a loudspeaker may take a moment the window does not have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from fieldapp.errors import FieldError

if TYPE_CHECKING:
    from fieldapp.audio.player import Player
    from fieldapp.audio.render import Clip, Position


class Listening:
    """One loudspeaker for all pages. `trouble` is told, from its thread, when it cannot play."""

    def __init__(self, device: str, trouble: Callable[[FieldError], None]) -> None:
        self._device = device
        self._trouble = trouble
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="listening")
        self._player: Player | None = None

    def play(self, clips: Sequence[Clip], *, loop: bool = False, speed: float = 1.0, start: Position | None = None) -> None:
        """Play these instead of what plays now."""
        self._do(lambda player: player.play(clips, loop=loop, speed=speed, start=start))

    def pause(self) -> None:
        """Stop, and remember where."""
        self._do(lambda player: player.pause())

    def resume(self) -> None:
        """Go on."""
        self._do(lambda player: player.resume())

    def change_speed(self, speed: float) -> None:
        """Slower or faster from here on."""
        self._do(lambda player: player.change_speed(speed))

    @property
    def position(self) -> Position | None:
        """Where the ear is now; None when nothing plays."""
        player = self._player
        return player.position if player is not None and player.playing else None

    def close(self) -> None:
        """Let the loudspeaker go."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    def _do(self, work: Callable[[Player], None]) -> None:
        self._thread.submit(self._attempt, work)

    def _attempt(self, work: Callable[[Player], None]) -> None:
        from fieldapp.audio.player import Player  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)

        try:
            if self._player is None:
                self._player = Player(self._device or None)
            work(self._player)
        except FieldError as trouble:
            self._trouble(trouble)

    def _close(self) -> None:
        if self._player is not None:
            self._player.close()
            self._player = None
