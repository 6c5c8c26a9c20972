"""Events read back as turns: who (which prompt) had the word between which two keys. Pure; forgiving with what a crash left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fieldapp.elicitation.events import AGAIN, ALTERNATIVE, BEST, CLOSES, DISCARD, END, KEEPS, MARK, PAUSE, PROMPT, REMARK, RESUME, SECOND, topic_of
from fieldapp.model import Event


@dataclass(slots=True)
class Attempt:
    """One attempt at an answer; it may lie in several turns when there was a pause."""

    topic: str
    answer: str = ""
    kept: bool = False
    kept_if_heard: bool = False
    discarded: bool = False
    best: bool = False
    marks: list[int] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Turn:
    """The time between two keys. Without an attempt it belongs to nobody: before the first prompt, in a pause, after the last."""

    start: int
    stop: int
    attempt: Attempt | None = None

    @property
    def wanted(self) -> bool:
        """Whether an answer in it would be kept."""
        return self.attempt is not None and (self.attempt.kept or self.attempt.kept_if_heard)

    @property
    def answered(self) -> bool:
        """Whether somebody is likely to have answered in it: kept or discarded, but not skipped."""
        return self.wanted or (self.attempt is not None and self.attempt.discarded)


class _Reading:
    """The state while events are read in the order of their frames."""

    def __init__(self) -> None:
        self.turns: list[Turn] = [Turn(0, 0)]
        self.attempts: list[Attempt] = []
        self._paused: Attempt | None = None

    @property
    def open(self) -> Attempt | None:
        return self.turns[-1].attempt

    def break_off(self) -> None:
        """The recording ended without an end: a crash."""
        for left in (self.open, self._paused):
            if left is not None:
                left.kept_if_heard = True

    def turn_to(self, frame: int, attempt: Attempt | None) -> None:
        """Whoever had the word has it until here; from here on `attempt` has it."""
        self.turns[-1].stop = frame
        if self.turns[-1].start == frame:  # a key pressed twice at once
            self.turns.pop()
        self.turns.append(Turn(frame, frame, attempt))

    def begin(self, frame: int, topic: str, answer: str = "") -> None:
        if self.open is not None:  # its end was lost
            self.open.kept_if_heard = True
        attempt = Attempt(topic, answer)
        self.attempts.append(attempt)
        self._paused = None
        self.turn_to(frame, attempt)

    def read(self, event: Event, frame: int) -> None:
        kind = event.kind
        if kind == PROMPT:
            self.begin(frame, topic_of(event))
        elif kind == RESUME and self._paused is not None:
            paused, self._paused = self._paused, None
            self.turn_to(frame, paused)
        elif kind in (MARK, REMARK, BEST):
            self._note(event)
        elif kind in CLOSES and self.open is not None:
            self._close(kind, frame, self.open)
        elif kind == END and self._paused is not None:
            self._paused.kept_if_heard = True

    def _close(self, kind: str, frame: int, attempt: Attempt) -> None:
        attempt.kept = kind in KEEPS
        attempt.kept_if_heard = kind == END
        attempt.discarded = kind == DISCARD
        if kind in AGAIN:
            self.turn_to(frame, None)
            self.begin(frame, attempt.topic, kind if kind in (SECOND, ALTERNATIVE) else attempt.answer)
            return
        self._paused = attempt if kind == PAUSE else None
        self.turn_to(frame, None)

    def _note(self, event: Event) -> None:
        attempt = self.open or self._paused or (self.attempts[-1] if self.attempts else None)
        if attempt is None:
            return
        if event.kind == MARK:
            attempt.marks.append(event.frame)
        elif event.kind == REMARK and event.value.get("text"):
            attempt.remarks.append(str(event.value["text"]))
        elif event.kind == BEST:
            for other in self.attempts:
                other.best = other is attempt or (other.best and other.topic != attempt.topic)


def read_turns(events: Iterable[Event], frames: int) -> list[Turn]:
    """Turns from frame 0 to the last, without holes. Events must be in the order in which they happened."""
    reading = _Reading()
    for event in sorted(events, key=lambda event: event.frame):  # stable: what shares a frame keeps its order
        reading.read(event, min(max(event.frame, 0), frames))  # a key may be stamped a little after the last frame that was delivered
    reading.break_off()
    reading.turn_to(frames, None)
    return [turn for turn in reading.turns if turn.stop > turn.start]
