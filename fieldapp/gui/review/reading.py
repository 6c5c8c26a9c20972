"""What the review page reads, in the background, in two steps: first what is seen first, then everything. Any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldapp.gui.review.lines import Answer, Heading, Line, Lines, answers, first_recording, headings, left_to_check, lines, lines_near, queue
from fieldapp.gui.review.recorded import RecordedSound
from fieldapp.store import sessions
from fieldapp.store.store import Store


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording as it is first seen: its sound, and the segments around the one looked at."""

    heading: Heading
    lines: Lines
    sound: RecordedSound


@dataclass(frozen=True, slots=True)
class Read:
    """All recordings, what is to be checked, and every segment of the open recording."""

    headings: list[Heading]
    queue: list[Line]
    left: int
    recording: str
    lines: Lines
    answers: Mapping[str, Sequence[Answer]]


def opened(store: Store, recording: str, segment: str) -> Opened | None:
    """The named recording at a segment, or the first with something to check where it is not there; None where there is none."""
    db = store.reader()
    chosen = first_recording(db, recording)
    if not chosen:
        return None
    return Opened(headings(db, chosen)[0], lines_near(db, chosen, segment), RecordedSound(store.folder, sessions.parts(db, chosen)))


def read(store: Store, recording: str, doubts: Mapping[str, str]) -> Read:
    """Everything about the open recording, empty where it is not there any more; `doubts` orders the queue."""
    db = store.reader()
    known = headings(db)
    there = recording if any(one.recording == recording for one in known) else ""
    return Read(known, queue(db, doubts), left_to_check(db), there, lines(db, there), answers(db, there))
