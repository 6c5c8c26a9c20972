"""What the review page reads in one go, in the background. Any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldapp.gui.review.lines import Answer, Heading, Line, answers, headings, left_to_check, lines, queue
from fieldapp.gui.review.recorded import RecordedSound
from fieldapp.store import sessions
from fieldapp.store.store import Store


@dataclass(frozen=True, slots=True)
class Read:
    """All recordings, what is to be checked, and the chosen recording with its segments; its sound only when it is another one than before."""

    headings: list[Heading]
    queue: list[Line]
    left: int
    recording: str
    lines: list[Line]
    answers: Mapping[str, Sequence[Answer]]
    sound: RecordedSound | None


def read(store: Store, recording: str, open_now: str, doubts: Mapping[str, str]) -> Read:
    """Read the named recording, or the first with something to check where it is not there; `doubts` orders the queue."""
    db = store.reader()
    known = headings(db)
    chosen = recording if any(one.recording == recording for one in known) else _first(known)
    sound = RecordedSound(store.folder, sessions.parts(db, chosen)) if chosen and chosen != open_now else None
    return Read(known, queue(db, doubts), left_to_check(db), chosen, lines(db, chosen) if chosen else [], answers(db, chosen), sound)


def _first(known: Sequence[Heading]) -> str:
    return next((one.recording for one in known if one.to_check), known[0].recording if known else "")
