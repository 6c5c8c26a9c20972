"""Oral annotation with one key: Space ends listening, speaks and goes on. Which key means what when, and nothing else; pure but for what it is given.

Held, Space speaks as long as it is held; tapped, from one tap to the next. While a segment is played, and until Space is pressed,
the clock of the session is paused, so that only answers become takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from fieldapp.elicitation.events import BACK, PAUSE, PROMPT, REDO, SKIP

HELD_S = 0.35
"""Space let go sooner was tapped."""


class Phase(Enum):
    """What is going on."""

    LISTENING = "listening"
    READY = "ready"
    SPEAKING = "speaking"
    OVER = "over"


class Respeaking:
    """`press` hands a key to the session and tells what it made, `paused` whether its clock stands, `play` plays the segment under way, `hush` stops that."""

    def __init__(self, press: Callable[[str], Sequence[str]], paused: Callable[[], bool], play: Callable[[], None], hush: Callable[[], None]) -> None:
        self._press, self._paused, self._play, self._hush = press, paused, play, hush
        self._since = 0.0
        self.phase = Phase.READY

    def begin(self) -> None:
        """The session began with its first segment."""
        self._listen()

    def played(self) -> None:
        """The segment was heard to its end."""
        if self.phase is Phase.LISTENING:
            self.phase = Phase.READY

    def down(self, now: float) -> None:
        """Space is pressed."""
        if self.phase is Phase.SPEAKING:
            self._go("next")
        elif self.phase is not Phase.OVER:
            if self.phase is Phase.LISTENING:
                self._hush()
            if self._paused():
                self._press(PAUSE)
            self.phase, self._since = Phase.SPEAKING, now

    def up(self, now: float) -> None:
        """Space is let go."""
        if self.phase is Phase.SPEAKING and now - self._since >= HELD_S:
            self._go("next")

    def again(self) -> None:
        """Hear it again; what was being said is kept, and what is said next is another take."""
        if self.phase is Phase.SPEAKING:
            self._go(REDO)
        elif self.phase is not Phase.OVER:
            self._listen()

    def skip(self) -> None:
        """Leave this segment without an answer."""
        if self.phase is not Phase.OVER:
            self._go(SKIP)

    def back(self) -> None:
        """To the segment before."""
        if PROMPT in self._press(BACK):
            self._hush()
            self._listen()
        elif self.phase in (Phase.LISTENING, Phase.READY) and not self._paused():
            self._press(PAUSE)  # there is none before: the key only set the clock going

    def _go(self, key: str) -> None:
        self._hush()
        made = self._press(key)
        if PROMPT in made or key == REDO:
            self._listen()
        else:
            self.phase = Phase.OVER

    def _listen(self) -> None:
        if not self._paused():
            self._press(PAUSE)
        self.phase = Phase.LISTENING
        self._play()
