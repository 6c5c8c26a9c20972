"""The loop of `fieldapp record`: keys in their order, prompts that go on by themselves, the end. Runs on the command's main thread."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from fieldapp.commands.record.keys import STOP, LineKeys, Pressed, TerminalKeys
from fieldapp.commands.record.played import Played
from fieldapp.session.running import Look, RunningSession

TURN_SECONDS = 0.03
HELD_SECONDS = 0.2  # a Space bar held down is one "next"


class Face(Protocol):
    """What is shown."""

    def draw(self, look: Look) -> None: ...


class Drive:
    """`stays`: go on when there is nothing more to read, until the time is over or the source ends."""

    def __init__(
        self, session: RunningSession, keys: LineKeys | TerminalKeys, face: Face, ear: Played | None, *, seconds: float | None, every: float, stays: bool
    ) -> None:
        self.said: list[str] = []
        self._ear = ear
        self._session, self._keys, self._face, self._stays = session, keys, face, stays
        self._rate = session.plan.master.rate
        self._waiting: deque[Pressed] = deque()
        self._every, self._next_at = every, every
        self._seconds = seconds
        self._pressed_at = 0.0

    def run(self) -> int | None:
        """Until it is over; the frame at which it was meant to stop, if that was said."""
        if self._ear:
            self._ear.play()
        try:
            while True:
                if self._ear:
                    self._ear.go_on_when_over()
                look = self._session.look()
                self._face.draw(look)
                self._waiting.extend(self._keys.poll(TURN_SECONDS))
                stopped, at = self._press_due(look)
                if stopped:
                    return at
                if look.failed or look.ended:
                    self.said += [f"Recording ended: {look.failed or look.ended}."] if look.ended != "the source ended" else []
                    return None
                if self._keys.over and not self._waiting and not self._stays:
                    return None
        except KeyboardInterrupt:
            return None
        finally:
            self.said += self._keys.odd
            self.said += self._ear.said if self._ear else []

    def _frame(self, second: float) -> int:
        return self._session.first_frame + round(second * self._rate)

    def _press_due(self, look: Look) -> tuple[bool, int | None]:
        """Press everything whose time has come, in order; whether a stop was among it."""
        while self._waiting or self._every or self._seconds is not None:
            scripted = self._waiting[0] if self._waiting else None
            at = scripted.second if scripted else None
            timed = self._timed()
            if scripted and (timed is None or at is None or at <= (timed.second or 0.0)):
                pressed = scripted
            elif timed:
                pressed = timed
            else:
                return False, None
            frame = None if pressed.second is None else self._frame(pressed.second)
            if frame is not None and frame > look.frames:
                return False, None
            if pressed is scripted:
                self._waiting.popleft()
            elif pressed.key != STOP:
                self._next_at += self._every
            if pressed.key == STOP:
                return True, frame
            self._press(pressed, frame)
        return False, None

    def _timed(self) -> Pressed | None:
        """What the clock will press next."""
        if self._every and (self._seconds is None or self._next_at < self._seconds):
            return Pressed("next", second=self._next_at)
        return Pressed(STOP, second=self._seconds) if self._seconds is not None else None

    def _press(self, pressed: Pressed, frame: int | None) -> None:
        held = isinstance(self._keys, TerminalKeys) and pressed.key == "next" and pressed.moment - self._pressed_at < HELD_SECONDS
        self._pressed_at = pressed.moment
        if held or (self._ear and self._ear.cut_short(pressed.key)):
            return
        made = self._session.press(pressed.key, pressed.text, frame, moment=pressed.moment or None)
        if self._ear:
            self._ear.after(made)
