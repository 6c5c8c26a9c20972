"""The course of a session while it happens: which prompt, which take, what a key means now. No clock in here, so it can be replayed.

One owner at a time: whoever shares a `Sitting` between threads locks around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fieldapp.elicitation.events import (
    AGAIN,
    ALTERNATIVE,
    BACK,
    BEGIN,
    BEST,
    DISCARD,
    END,
    KEEPS,
    MARK,
    PAUSE,
    PROMPT,
    REDO,
    REMARK,
    RESUME,
    SECOND,
    SKIP,
    TAKE,
    Happening,
    topic_of,
)
from fieldapp.model import Event

KEYS = ("next", REDO, SKIP, BACK, MARK, PAUSE, DISCARD, SECOND, ALTERNATIVE, BEST, REMARK)
"""What a person may press; `pause` pressed again goes on."""


@dataclass(frozen=True, slots=True)
class View:
    """What a screen shows: place in the list (0-based, None between prompts), the take under way, and what it is."""

    place: int | None
    count: int
    take: int
    answer: str
    paused: bool
    over: bool


class Sitting:
    """Goes through topics (ids of items, or of segments for oral annotation) in the order given; the same topic may come several times."""

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = tuple(topics)
        self._place = -1
        self._open = False
        self._answer = ""
        self._paused = False
        self._over = False
        self._kept: Counter[str] = Counter()

    @property
    def view(self) -> View:
        """Where we are."""
        return View(self._place if self._open else None, len(self._topics), self._kept[self._topic] + 1, self._answer, self._paused, self._over)

    @property
    def done(self) -> bool:
        """Whether every prompt was shown and the last one is done."""
        return not self._open and self._place >= len(self._topics)

    @property
    def _topic(self) -> str:
        return self._topics[self._place] if 0 <= self._place < len(self._topics) else ""

    def begin(self) -> list[Happening]:
        """Recording began: show the first prompt."""
        return [Happening(BEGIN), *self._show(0)]

    def end(self) -> list[Happening]:
        """Recording stops."""
        if self._over:
            return []
        self._over = True
        return [self._about(END)]

    def press(self, key: str, text: str = "") -> list[Happening]:
        """What a key means now; nothing when it means nothing (a redo while no prompt is shown)."""
        if self._over or key not in KEYS:
            return []
        if key in (MARK, REMARK, BEST):
            return [Happening(key, self._topic, self._take() if self._open else None, {"text": text} if text else {})]
        if key == PAUSE:
            return self._pause()
        if self._paused:  # any other key goes on first
            return [*self._pause(), *self.press(key)]
        if key == BACK:
            return self._back()
        if not self._open:
            return self._show(self._place + 1) if key == "next" and not self.done else []
        if key in ("next", SKIP):
            closed = self._close(TAKE if key == "next" else SKIP)
            return [closed, *self._show(self._place + 1)]
        return [self._again(key)]

    def replay(self, events: Iterable[Event]) -> None:
        """Take the state that these events left; afterwards keys mean what they meant to whoever made them."""
        for event in events:
            topic = topic_of(event)
            if event.kind == PROMPT:
                place = event.value.get("place")
                self._place = place if isinstance(place, int) and 0 <= place < len(self._topics) else max(0, self._place)
                self._open, self._answer, self._paused = True, "", False
            elif event.kind in AGAIN | {TAKE, SKIP, BACK}:
                self._kept[topic] += event.kind in KEEPS
                self._answer = event.kind if event.kind in (SECOND, ALTERNATIVE) else self._answer if event.kind in AGAIN else ""
                self._open = event.kind in AGAIN
                if event.kind in (TAKE, SKIP) and self._place == len(self._topics) - 1:
                    self._place = len(self._topics)
            elif event.kind in (PAUSE, RESUME):
                self._paused = event.kind == PAUSE
            elif event.kind == END:
                self._over = True

    def _take(self) -> int:
        return self._kept[self._topic] + 1

    def _about(self, kind: str) -> Happening:
        return Happening(kind, self._topic, self._take() if self._open else None)

    def _close(self, kind: str) -> Happening:
        closed = self._about(kind)
        self._kept[self._topic] += kind in KEEPS
        self._open, self._answer = False, ""
        return closed

    def _again(self, kind: str) -> Happening:
        closed = self._about(kind)
        self._kept[self._topic] += kind in KEEPS
        if kind in (SECOND, ALTERNATIVE):
            self._answer = kind
        return closed

    def _show(self, place: int) -> list[Happening]:
        self._place = min(max(place, 0), len(self._topics))
        if self._place == len(self._topics):
            return []
        self._open = True
        return [Happening(PROMPT, self._topic, self._take(), {"place": self._place})]

    def _back(self) -> list[Happening]:
        if self._place <= 0:
            return []
        closed = [self._close(BACK)] if self._open else []
        return [*closed, *self._show(self._place - 1)]

    def _pause(self) -> list[Happening]:
        self._paused = not self._paused
        return [self._about(PAUSE if self._paused else RESUME)]
