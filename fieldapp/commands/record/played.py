"""The segment that is to be respoken or translated, played before somebody speaks; while it plays, the clock is paused. Main thread."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from fieldapp.audio.player import Player
from fieldapp.elicitation.events import AGAIN, PAUSE, PROMPT
from fieldapp.errors import FieldError
from fieldapp.session.oral import heard_again
from fieldapp.session.running import RunningSession
from fieldapp.store import segments
from fieldapp.store.store import Store


class Played:
    """Plays what the session is about at this moment."""

    def __init__(self, store: Store, session: RunningSession) -> None:
        self._store, self._session = store, session
        self._player = Player()
        self._waiting = False
        self.said: list[str] = []
        """What kept a segment from being heard."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._player.close()

    def play(self) -> None:
        """Pause the clock and play the segment under way."""
        place = self._session.look().view.place
        if place is None:
            return
        if not self._waiting:
            self._session.press(PAUSE)
        self._waiting = True
        self._player.play(heard_again(self._store, segments.segment(self._store.reader(), self._session.plan.course.topics[place])))

    def after(self, made: Sequence[str]) -> None:
        """A key made these events: when they begin another attempt, its segment is played first."""
        if PROMPT in made or AGAIN & set(made):
            self.play()

    def cut_short(self, key: str) -> bool:
        """Space while it plays: enough heard, speak. Whether that was it."""
        if not self._waiting or key != "next":
            return False
        self._player.stop()
        self.go_on_when_over()
        return True

    def go_on_when_over(self) -> None:
        """It has been played, or cannot be: the clock goes on, and what is said now counts."""
        if self._waiting and not self._still_playing():
            self._waiting = False
            if self._session.look().view.paused:
                self._session.press(PAUSE)

    def _still_playing(self) -> bool:
        try:
            return self._player.playing
        except FieldError as trouble:  # the session matters more
            self.said.append(f"A segment could not be played: {trouble}")
            return False
