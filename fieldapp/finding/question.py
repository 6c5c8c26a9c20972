"""What is asked and what is answered: frozen values, no work. A match says for each way of looking why it was found."""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.finding.voice import Heard
from fieldapp.model import Hit, Query, SegmentId, Space, Span

ANY, FIRST, EXCLUDE = "any", "first", "exclude"
SAME_MEANING = (ANY, FIRST, EXCLUDE)
SPREADS = ("", "speaker", "variety")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query by text, by voice (`heard`) or by a segment (`like`), with how the answers are ordered.

    `same_meaning` says what becomes of segments with the asked meaning: that of `like`, or `meaning_id` where it is given.
    """

    query: Query
    heard: Heard | None = None
    like: SegmentId | None = None
    meaning_id: str = ""
    same_meaning: str = ANY
    spread: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """How often pairs this similar shared a meaning: `shared` of `pairs`, which stand for a `share` of all; None where too few are labelled. `note` says it."""

    note: str
    pairs: int = 0
    shared: int = 0
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why one way of looking found a segment. `rank` counts from 1 within that way; words have no similarity and no space."""

    mode: str
    why: str
    rank: int
    similarity: float | None = None
    space: Space | None = None
    basis: Basis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A found segment, every reason for it, and where in it the query was heard (frames of the master), if that was looked for."""

    hit: Hit
    reasons: tuple[Reason, ...]
    stretch: Span | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The matches, best first; what could not be looked for and why; how many segments hold the words, or how many matches are shown."""

    matches: tuple[Match, ...]
    remarks: tuple[str, ...] = ()
    total: int = 0
    more: bool = False


def space_name(space: Space) -> str:
    """A space as a person reads it: what it is about, whose, which head."""
    head = f", head {space.head} {space.version}" if space.head else ", no head"
    layer = f", layer {space.layer}" if space.layer >= 0 else ""
    return f"{space.kind} of {space.model}{layer}{head}"
