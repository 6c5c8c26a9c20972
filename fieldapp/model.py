"""The central values: frozen, without input or output, shared by every package.

Times are integer frames of the master recording; seconds exist only where something is shown or exported.
"""

from __future__ import annotations

import enum
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType

PersonId = NewType("PersonId", str)
VarietyId = NewType("VarietyId", str)
SessionId = NewType("SessionId", str)
RecordingId = NewType("RecordingId", str)
EventId = NewType("EventId", str)
PromptListId = NewType("PromptListId", str)
ItemId = NewType("ItemId", str)
SegmentId = NewType("SegmentId", str)
AnnotationId = NewType("AnnotationId", str)
ConsentId = NewType("ConsentId", str)
SpaceId = NewType("SpaceId", str)
RunId = NewType("RunId", str)

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ulid_lock = threading.Lock()
_last_ulid = 0


def new_id() -> str:
    """A ULID: 26 characters, sorts by time of making, strictly rising within a process, survives merges."""
    global _last_ulid
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    with _ulid_lock:
        if value <= _last_ulid:
            value = _last_ulid + 1
        _last_ulid = value
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -5, -5))


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of frames, `start` included, `stop` not."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.stop < self.start:
            raise ValueError(f"no such span: {self.start}..{self.stop}")

    def __len__(self) -> int:
        return self.stop - self.start

    def seconds(self, rate: int) -> float:
        """The length in seconds."""
        return (self.stop - self.start) / rate

    def overlaps(self, other: Span) -> bool:
        """Whether the two share at least one frame."""
        return self.start < other.stop and other.start < self.stop

    def clip(self, other: Span) -> Span | None:
        """The part inside `other`, or None when they share nothing."""
        start, stop = max(self.start, other.start), min(self.stop, other.stop)
        return Span(start, stop) if start < stop else None

    def milliseconds(self, rate: int) -> tuple[int, int]:
        """Start and stop in whole milliseconds, each rounded once."""
        return (self.start * 2000 + rate) // (2 * rate), (self.stop * 2000 + rate) // (2 * rate)


class Changed(enum.Flag):
    """What kinds of rows a commit touched; announced once, after the commit."""

    NOTHING = 0
    PEOPLE = enum.auto()
    CONSENT = enum.auto()
    VARIETIES = enum.auto()
    SESSIONS = enum.auto()
    RECORDINGS = enum.auto()
    EVENTS = enum.auto()
    PROMPTS = enum.auto()
    SEGMENTS = enum.auto()
    ANNOTATIONS = enum.auto()
    VECTORS = enum.auto()
    RUNS = enum.auto()
    SETTINGS = enum.auto()
    EVERYTHING = PEOPLE | CONSENT | VARIETIES | SESSIONS | RECORDINGS | EVENTS | PROMPTS | SEGMENTS | ANNOTATIONS | VECTORS | RUNS | SETTINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who speaks, records or annotates. `code` stands in file names and exports, never the name."""

    id: PersonId
    code: str
    name: str = ""
    nickname: str = ""
    birth_year: int | None = None
    gender: str = ""
    languages: tuple[str, ...] = ()
    education: str = ""
    occupation: str = ""
    contact: str = ""
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person allows (or no longer allows) for one purpose, to whom, until when, and the evidence for it."""

    id: ConsentId
    person: PersonId
    purpose: str
    allowed: bool
    audience: str = "anyone"
    given: str = ""
    until: str | None = None
    withdrawn: str | None = None
    segment: SegmentId | None = None
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variety:
    """A dialect or language as given by its speakers, with codes where they exist."""

    id: VarietyId
    name: str
    language: str = ""
    iso639_3: str = ""
    glottocode: str = ""
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sitting (or one import): recordings, events and who took part. `name` is its ASCII stem."""

    id: SessionId
    name: str
    title: str = ""
    date: str = ""
    variety: VarietyId | None = None
    description: str = ""
    genre: str = ""
    place: str = ""
    equipment: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One sound file. Parts of a rolled-over or interrupted master share `master` and continue in `first_frame`.

    `first_frame` is where the file begins on the clock of its master: a gap is the hole between two parts.
    """

    id: RecordingId
    session: SessionId
    path: str
    rate: int
    channels: int
    bits: int
    frames: int
    sha256: str = ""
    bytes: int = 0
    master: RecordingId | None = None
    part: int = 0
    first_frame: int = 0
    started: str = ""
    role: str = "master"
    state: str = "closed"
    original: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened while recording, stamped in frames of the master."""

    id: EventId
    recording: RecordingId
    frame: int
    kind: str
    item: ItemId | None = None
    take: int | None = None
    value: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptList:
    """A named list of prompts, where it came from, and the seed its order was drawn with (None: as listed)."""

    id: PromptListId
    name: str
    source: str = ""
    seed: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One prompt of a prompt list; `meaning_id` is what makes answers comparable across speakers and varieties."""

    id: ItemId
    promptlist: PromptListId
    position: int
    meaning_id: str
    text: str = ""
    gloss: Mapping[str, str] = field(default_factory=dict)
    picture: str = ""
    sound: str = ""
    notes: str = ""
    section: str = ""
    repeats: int = 1
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One utterance or take: a span of a master, who speaks, what was asked.

    `state` is `pending` (not looked at), `draft` (machine), `checked` (a person) or `rejected`.
    """

    id: SegmentId
    recording: RecordingId
    span: Span
    speaker: PersonId | None = None
    variety: VarietyId | None = None
    item: ItemId | None = None
    meaning_id: str = ""
    take: int = 1
    best: bool = False
    state: str = "pending"
    source: str = ""
    quality: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One text on one tier of a segment. `source` is `person`, `import` or `machine:<model>`; `state` draft or confirmed."""

    id: AnnotationId
    segment: SegmentId
    tier: str
    text: str
    language: str = ""
    source: str = "person"
    state: str = "confirmed"
    confidence: float | None = None
    run: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What a vector belongs to: model, exit layer, head and its version. Vectors of two spaces are never compared."""

    id: SpaceId
    kind: str
    model: str
    layer: int = -1
    head: str = ""
    version: int = 1
    dims: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is sought: words, and the filters that narrow it."""

    text: str = ""
    mode: str = "words"
    tiers: tuple[str, ...] = ()
    varieties: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    checked_only: bool = False
    purpose: str = "search"
    fold: frozenset[str] = frozenset()
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One found segment and why it was found; `marks` are code-point ranges of `text` that matched."""

    segment: SegmentId
    recording: RecordingId
    span: Span
    rate: int
    path: str
    tier: str = ""
    text: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    score: float = 0.0
    rank: int = 0
    why: str = ""
    speaker: str = ""
    variety: str = ""
    session: str = ""
    meaning_id: str = ""
    state: str = ""
    space: SpaceId | None = None
