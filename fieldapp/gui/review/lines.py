"""What the review page shows of the store: recordings, their segments with texts, and what is still to be checked. Any thread.

A recording may have many thousand segments: each is kept as two pieces of JSON, made by SQLite while the window has the interpreter, and a `Line` is made
of them when somebody looks at it. Rows of values would be some ten objects each, to be made, to be looked through for garbage, and to be let go of.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

import numpy as np

from fieldapp.cores import unhurried
from fieldapp.letting_go import with_its_last_holder
from fieldapp.model import Span

TIERS = ("transcription", "ipa", "translation", "gloss", "note")
QUEUE_LIMIT = 500
BEFORE, AFTER = 50, 150
"""So many segments around the first one shown are read before all others."""
TO_CHECK = frozenset(("pending", "draft"))
_TO_CHECK = "('pending', 'draft')"
_CLOSED = "r.master IS NULL AND r.state <> 'recording'"
_NEWEST_FIRST = "s.date DESC, s.name DESC, r.path"


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
    prompt: str = ""
    marked: bool = False
    texts: Mapping[str, Text] = field(default_factory=dict)
    doubt: str = ""

    @property
    def to_check(self) -> bool:
        """Whether a person still has to look at it."""
        return self.state in TO_CHECK

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


class Lines(Sequence[Line]):
    """The segments of a recording in the order of time. What widgets ask of all of them at once stands in arrays; nothing in it changes."""

    def __init__(self, rows: Iterable[tuple[str, int, int, bool, str]], make: Callable[[int], Line], tiers: frozenset[str] = frozenset()) -> None:
        """Id, start, stop, whether it is to be checked, item; how the line at a place is made; the tiers any of them has a text in."""
        starts, stops, to_check = array("q"), array("q"), bytearray()
        self.segments: list[str] = []
        self.places: dict[str, int] = {}
        self._items: list[str] = []
        for place, (segment, start, stop, check, item) in enumerate(rows):
            starts.append(start)
            stops.append(stop)
            to_check.append(check)
            self.segments.append(segment)
            self.places[segment] = place
            self._items.append(item)
        self.starts, self.stops = np.array(starts, np.int64), np.array(stops, np.int64)
        self.reach = np.maximum.accumulate(self.stops) if len(starts) else self.stops
        self.to_check = np.array(to_check, np.bool_)
        self.tiers = tiers
        self._make = make
        self._made: dict[int, Line] = {}

    @classmethod
    def of(cls, known: Sequence[Line]) -> Lines:
        """Lines that are made already."""
        tiers = frozenset(tier for line in known for tier in line.texts)
        return cls(((line.segment, line.span.start, line.span.stop, line.to_check, line.item) for line in known), known.__getitem__, tiers)

    def __len__(self) -> int:
        return len(self.segments)

    @overload
    def __getitem__(self, place: int) -> Line: ...
    @overload
    def __getitem__(self, place: slice) -> list[Line]: ...
    def __getitem__(self, place: int | slice) -> Line | list[Line]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        at = place if place >= 0 else place + len(self)
        if not 0 <= at < len(self):
            raise IndexError(place)
        if at not in self._made:
            self._made[at] = self._make(at)
        return self._made[at]

    def of_item(self, item: str) -> list[Line]:
        """The takes of a prompt."""
        return [self[place] for place, one in enumerate(self._items) if one == item]


def headings(db: sqlite3.Connection, recording: str = "") -> list[Heading]:
    """Every recording that is closed, newest session first; only one where it is named."""
    one, only = ("WHERE recording = :it", "AND r.id = :it") if recording else ("", "")
    codes = dict(db.execute("SELECT id, code FROM person").fetchall())
    rows = db.execute(
        "SELECT r.id, r.path, s.name, substr(coalesce(nullif(r.started, ''), s.date), 1, 10), coalesce(g.who, ''), coalesce(g.n, 0), coalesce(g.todo, 0),"  # noqa: S608
        " (SELECT max(q.first_frame + q.frames) FROM recording q WHERE q.id = r.id OR q.master = r.id) * 1.0 / r.rate "
        "FROM recording r JOIN session s ON s.id = r.session LEFT JOIN (SELECT recording, count(*) n, "
        f"sum(state IN {_TO_CHECK}) todo, group_concat(DISTINCT speaker) who FROM segment {one} GROUP BY recording) g ON g.recording = r.id "
        f"WHERE {_CLOSED} {only} ORDER BY {_NEWEST_FIRST}",
        {"it": recording},
    )
    return [
        Heading(id_, path.rsplit("/", 1)[-1], session, date, ", ".join(codes.get(who, "") for who in speakers.split(",") if who), count, todo, seconds)
        for id_, path, session, date, speakers, count, todo, seconds in unhurried(rows)
    ]


def first_recording(db: sqlite3.Connection, wanted: str = "") -> str:
    """The wanted recording if it is there and closed, else the first with something to check, else the first; empty when there is none."""
    todo = f"EXISTS (SELECT 1 FROM segment g WHERE g.recording = r.id AND g.state IN {_TO_CHECK})"  # noqa: S608  (own words)
    for such in ("r.id = :it", todo, "1"):
        query = f"SELECT r.id FROM recording r JOIN session s ON s.id = r.session WHERE {_CLOSED} AND {such} ORDER BY {_NEWEST_FIRST} LIMIT 1"  # noqa: S608
        row = db.execute(query, {"it": wanted}).fetchone()
        if row is not None:
            return str(row[0])
    return ""


def lines(db: sqlite3.Connection, recording: str) -> Lines:
    """Every segment of a recording."""
    return _lines(db, "s.recording = ?", recording)


def lines_near(db: sqlite3.Connection, recording: str, segment: str = "") -> Lines:
    """Some segments around one of a recording, or around the first to check."""
    here = db.execute("SELECT start FROM segment WHERE id = ? AND recording = ?", (segment, recording)).fetchone()
    if here is None:
        todo = f"SELECT start FROM segment WHERE recording = ? AND state IN {_TO_CHECK} ORDER BY start LIMIT 1"  # noqa: S608  (own words)
        here = db.execute(todo, (recording,)).fetchone()
    start = here[0] if here is not None else 0
    before = db.execute("SELECT id FROM segment WHERE recording = ? AND start < ? ORDER BY start DESC LIMIT ?", (recording, start, BEFORE))
    after = db.execute("SELECT id FROM segment WHERE recording = ? AND start >= ? ORDER BY start LIMIT ?", (recording, start, AFTER))
    return _lines(db, "s.id IN (SELECT value FROM json_each(?))", json.dumps([row[0] for row in (*before, *after)]))


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


def _lines(db: sqlite3.Connection, where: str, value: str) -> Lines:
    rows = db.cursor()
    rows.row_factory = None  # plain tuples, for there may be many
    about: list[str] = []
    texts: dict[str, str] = {}

    def each() -> Iterator[tuple[str, int, int, bool, str]]:
        every = rows.execute(
            f"SELECT s.id, s.start, s.stop, s.state IN {_TO_CHECK}, coalesce(s.item, ''), "  # noqa: S608  (own words)
            "json_array(s.id, s.recording, s.start, s.stop, r.rate, coalesce(p.code, ''), s.state, s.take, coalesce(s.item, ''), s.best, "
            "coalesce(i.text, ''), json_type(s.metadata, '$.marks') IS NOT NULL) FROM segment s JOIN recording r ON r.id = s.recording "
            f"LEFT JOIN person p ON p.id = s.speaker LEFT JOIN item i ON i.id = s.item WHERE {where} ORDER BY s.start, s.stop, s.pk",
            (value,),
        )
        for segment, start, stop, check, item, more in unhurried(every):
            about.append(more)
            yield segment, start, stop, check, item

    def make(place: int) -> Line:
        segment, recording, start, stop, rate, who, state, take, item, best, prompt, marked = json.loads(about[place])
        of_tiers = {tier: Text(*text) for _, tier, *text in sorted(json.loads(texts.get(segment, "[]")), reverse=True)}  # of two of a tier the oldest is kept
        return Line(segment, recording, Span(start, stop), rate, who, state, take, item, bool(best), prompt, bool(marked), of_tiers)

    found = Lines(each(), make)
    said = f"FROM annotation a JOIN segment s ON s.id = a.segment WHERE {where}"  # after the segments: what is shown has its texts
    certain = "CASE WHEN abs(a.confidence) <= 1 THEN a.confidence END"  # what somebody else's file called certainty may be infinite, which JSON cannot say
    told = f"json_group_array(json_array(a.pk, a.tier, a.text, a.language, a.state, a.source, {certain}))"
    texts.update(unhurried(rows.execute(f"SELECT a.segment, {told} {said} GROUP BY a.segment", (value,))))
    found.tiers = frozenset(row[0] for row in rows.execute(f"SELECT DISTINCT a.tier {said}", (value,)))
    with_its_last_holder(found, about, texts)
    return found


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
