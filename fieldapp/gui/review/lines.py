"""What the review page shows of the store: recordings, their segments with texts, and what is still to be checked.

The functions read and run on any thread; `Shown` is the one list all widgets of the page look at and lives in the GUI thread.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from fieldapp.model import Span

TIERS = ("transcription", "ipa", "translation", "gloss", "note")
QUEUE_LIMIT = 500
WHOLE = "whole"
"""Dragged like an edge: the segment itself, by so many frames."""
_TO_CHECK = "('pending', 'draft')"


@dataclass(frozen=True, slots=True)
class Text:
    """The text of one tier."""

    text: str
    language: str = ""
    state: str = "confirmed"
    source: str = "person"
    confidence: float | None = None

    @property
    def draft(self) -> bool:
        """Whether nobody has confirmed it."""
        return self.state == "draft"


@dataclass(frozen=True, slots=True)
class Line:
    """One segment with its texts by tier."""

    segment: str
    recording: str
    span: Span
    rate: int
    speaker: str = ""
    state: str = "pending"
    take: int = 1
    item: str = ""
    best: bool = False
    texts: Mapping[str, Text] = field(default_factory=dict)
    doubt: str = ""

    @property
    def to_check(self) -> bool:
        """Whether a person still has to look at it."""
        return self.state in ("pending", "draft")

    @property
    def first_tier(self) -> str:
        """What stands for the segment in a list: the first tier that has a text; empty when none has."""
        return next((tier for tier in TIERS if tier in self.texts), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """A segment that answers another one aloud: `careful` speech or spoken `translation`."""

    segment: str
    kind: str
    take: int
    best: bool
    speaker: str


@dataclass(frozen=True, slots=True)
class Heading:
    """One recording in the list of recordings."""

    recording: str
    name: str
    session: str
    date: str
    speakers: str
    segments: int
    to_check: int
    seconds: float


def headings(db: sqlite3.Connection) -> list[Heading]:
    """Every recording that is closed, newest session first."""
    codes = dict(db.execute("SELECT id, code FROM person").fetchall())
    rows = db.execute(
        "SELECT r.id, r.path, s.name, substr(coalesce(nullif(r.started, ''), s.date), 1, 10), coalesce(g.who, ''), coalesce(g.n, 0), coalesce(g.todo, 0),"  # noqa: S608
        " (SELECT max(q.first_frame + q.frames) FROM recording q WHERE q.id = r.id OR q.master = r.id) * 1.0 / r.rate "
        "FROM recording r JOIN session s ON s.id = r.session LEFT JOIN (SELECT recording, count(*) n, "
        f"sum(state IN {_TO_CHECK}) todo, group_concat(DISTINCT speaker) who FROM segment GROUP BY recording) g ON g.recording = r.id "
        "WHERE r.master IS NULL AND r.state <> 'recording' ORDER BY s.date DESC, s.name DESC, r.path"
    )
    return [
        Heading(id_, path.rsplit("/", 1)[-1], session, date, ", ".join(codes.get(who, "") for who in speakers.split(",") if who), count, todo, seconds)
        for id_, path, session, date, speakers, count, todo, seconds in rows
    ]


def lines(db: sqlite3.Connection, recording: str) -> list[Line]:
    """Every segment of a recording in the order of time."""
    return _lines(db, "s.recording = ?", recording)


def queue(db: sqlite3.Connection, doubts: Mapping[str, str]) -> list[Line]:
    """What is to be checked in the whole fieldbook: drafts in the order of `doubts` (who doubts each), then by certainty, last what has no draft."""
    worst = "SELECT min(a.confidence) FROM annotation a WHERE a.segment = s.id AND a.state = 'draft'"
    order = "worst IS NULL, worst, s.recording, s.start"
    first = db.execute(
        f"SELECT s.id FROM segment s WHERE s.state IN {_TO_CHECK} AND s.id IN (SELECT value FROM json_each(?))",  # noqa: S608
        (json.dumps(list(doubts)),),
    )
    known = {row[0] for row in first}
    rows = db.execute(f"SELECT s.id, ({worst}) worst FROM segment s WHERE s.state IN {_TO_CHECK} ORDER BY {order} LIMIT {QUEUE_LIMIT}")  # noqa: S608
    ids = list(dict.fromkeys([*(segment for segment in doubts if segment in known), *(row[0] for row in rows)]))[:QUEUE_LIMIT]
    found = {line.segment: line for line in _lines(db, "s.id IN (SELECT value FROM json_each(?))", json.dumps(ids))}
    return [replace(found[segment], doubt=doubts.get(segment, "")) for segment in ids if segment in found]


def left_to_check(db: sqlite3.Connection) -> int:
    """How many segments nobody has checked."""
    return int(db.execute(f"SELECT count(*) FROM segment WHERE state IN {_TO_CHECK}").fetchone()[0])  # noqa: S608  (own words)


def _lines(db: sqlite3.Connection, where: str, value: str) -> list[Line]:
    chosen = db.execute(
        "SELECT s.id, s.recording, s.start, s.stop, r.rate, coalesce(p.code, ''), s.state, s.take, coalesce(s.item, ''), s.best FROM segment s "  # noqa: S608
        f"JOIN recording r ON r.id = s.recording LEFT JOIN person p ON p.id = s.speaker WHERE {where} ORDER BY s.start, s.stop, s.pk",
        (value,),
    ).fetchall()
    texts: dict[str, dict[str, Text]] = {row[0]: {} for row in chosen}
    said = "SELECT a.segment, a.tier, a.text, a.language, a.state, a.source, a.confidence FROM annotation a"
    for segment, tier, *rest in db.execute(f"{said} JOIN segment s ON s.id = a.segment WHERE {where} ORDER BY a.pk DESC", (value,)):  # the oldest is kept
        if segment in texts:
            texts[segment][tier] = Text(*rest)
    return [
        Line(i, rec, Span(start, stop), rate, who, state, take, item, bool(best), texts[i])
        for i, rec, start, stop, rate, who, state, take, item, best in chosen
    ]


def answers(db: sqlite3.Connection, recording: str) -> dict[str, list[Answer]]:
    """What was answered aloud to the segments of a recording, by segment: careful speech first, each in the order of takes."""
    rows = db.execute(
        "SELECT json_extract(s.metadata, '$.of'), s.id, json_extract(s.metadata, '$.oral'), s.take, s.best, coalesce(p.code, '') FROM segment s "
        "JOIN recording r ON r.id = s.recording LEFT JOIN person p ON p.id = s.speaker WHERE r.role IN ('careful', 'translation') AND r.session = "
        "(SELECT session FROM recording WHERE id = ?) AND json_extract(s.metadata, '$.of') IS NOT NULL ORDER BY 3, s.take, s.pk",
        (recording,),
    )
    found: dict[str, list[Answer]] = {}
    for of, segment, kind, take, best, speaker in rows:
        found.setdefault(of, []).append(Answer(segment, kind, take, bool(best), speaker))
    return found


def right_to_left(text: str) -> bool:
    """The direction of a line, from its first letter that has one; each line has its own."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return False


class Shown(QObject):
    """The lines of the open recording, the current one, and the boundary that is being dragged."""

    changed = Signal()
    chosen = Signal(str)
    edge_dropped = Signal(str, str, int, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: Sequence[Line] = ()
        self.starts: NDArray[np.int64] = np.zeros(0, np.int64)
        self.stops: NDArray[np.int64] = np.zeros(0, np.int64)
        self.to_check: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._reach: NDArray[np.int64] = self.stops
        self._places: dict[str, int] = {}
        self.current = -1
        self.tier = TIERS[0]
        self.drag: tuple[str, str, int] | None = None

    def show(self, found: Sequence[Line]) -> None:
        """Other lines; the current segment stays the current one, or the one now standing where it was."""
        before = self.line
        self.lines = found
        self.starts = np.fromiter((line.span.start for line in found), np.int64, len(found))
        self.stops = np.fromiter((line.span.stop for line in found), np.int64, len(found))
        self.to_check = np.fromiter((line.to_check for line in found), np.bool_, len(found))
        self._reach = np.maximum.accumulate(self.stops) if len(found) else self.stops
        self._places = {line.segment: place for place, line in enumerate(found)}
        same = self._places.get(before.segment) if before is not None else None
        place = same if same is not None else self.at(before.span.start) if before is not None else -1
        self.current = place if place >= 0 else min(max(self.current, 0), len(found) - 1)
        self.changed.emit()

    @property
    def line(self) -> Line | None:
        """The current line."""
        return self.lines[self.current] if 0 <= self.current < len(self.lines) else None

    def place(self, segment: str) -> int:
        """Where a segment stands; -1 when it is not there."""
        return self._places.get(segment, -1)

    def choose(self, place: int) -> None:
        """Make a line the current one."""
        if 0 <= place < len(self.lines) and place != self.current:
            self.current = place
            self.changed.emit()
            self.chosen.emit(self.lines[place].segment)

    def set_tier(self, tier: str) -> None:
        """Make a tier the current one."""
        if tier != self.tier:
            self.tier = tier
            self.changed.emit()

    def drag_edge(self, drag: tuple[str, str, int] | None) -> None:
        """Show a boundary where the mouse holds it."""
        self.drag = drag
        self.changed.emit()

    def span_of(self, line: Line) -> Span:
        """Its span, with what is being dragged where it is now."""
        if self.drag is None or self.drag[0] != line.segment:
            return line.span
        _, edge, frame = self.drag
        if edge == WHOLE:
            shift = max(frame, -line.span.start)
            return Span(line.span.start + shift, line.span.stop + shift)
        return Span(min(frame, line.span.stop), line.span.stop) if edge == "start" else Span(line.span.start, max(frame, line.span.start))

    def visible(self, span: Span) -> range:
        """Places of the lines that may share a frame with a span."""
        first = int(np.searchsorted(self._reach, span.start, side="right"))
        return range(first, max(first, int(np.searchsorted(self.starts, span.stop))))

    def at(self, frame: int) -> int:
        """The latest line that holds a frame, else the last one that starts before it; -1 when there is none."""
        last = int(np.searchsorted(self.starts, frame, side="right")) - 1
        holding = [place for place in self.visible(Span(frame, frame + 1)) if self.lines[place].span.stop > frame]
        return holding[-1] if holding else last

    def unchecked_after(self, place: int) -> int:
        """The next line to check; -1 when there is none after this one."""
        return next((later for later in range(place + 1, len(self.lines)) if self.lines[later].to_check), -1)

    def language(self, tier: str) -> str:
        """The language this tier is mostly in, for a text that is new."""
        near = self.lines[max(0, self.current - 200) : self.current + 200]
        found = Counter(line.texts[tier].language for line in near if tier in line.texts)
        return found.most_common(1)[0][0] if found else ""
