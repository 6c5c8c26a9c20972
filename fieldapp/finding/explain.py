"""The evidence behind one hit, as data to be drawn and listened to: which moment of the query answers which moment of the hit. Any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldapp.finding.finder import Finder
from fieldapp.finding.likeness import seqsim
from fieldapp.finding.question import Question
from fieldapp.finding.sounding import alike, bounds, frames_asked
from fieldapp.model import SegmentId, Space
from fieldapp.speech.embed import F32, unit, unpack
from fieldapp.store import vectors


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Frame by frame, in seconds from the beginning of the query and of the hit.

    `cosines` is the whole matrix [query, hit] for a heat map, `path` the hit's frame for each of the query's, `seqsim` that of
    the whole utterances and `likeness` that of the query with the marked stretch, which goes from `begin` to `end` in the hit.
    """

    space: Space
    query_seconds: F32
    hit_seconds: F32
    cosines: F32
    path: NDArray[np.int64]
    seqsim: float
    likeness: float
    begin: float
    end: float

    def data(self) -> dict[str, Any]:
        """For JSON: for every moment of the query the moment of the hit that answers it, and the same the other way round."""
        best, back = self.cosines.argmax(axis=1), self.cosines.argmax(axis=0)
        return {
            "seqsim": round(self.seqsim, 4),
            "likeness": round(self.likeness, 4),
            "aligned": _pairs(self.query_seconds, self.hit_seconds[self.path], self.cosines[np.arange(len(self.path)), self.path]),
            "query_answered": _pairs(self.query_seconds, self.hit_seconds[best], self.cosines.max(axis=1)),
            "hit_answered": _pairs(self.hit_seconds, self.query_seconds[back], self.cosines.max(axis=0)),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Which moments of a hit speak for a typed text: the cosine of each frame with the text, through the head they share."""

    space: Space
    hit_seconds: F32
    cosines: F32

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {"carried": [[round(float(at), 3), round(float(value), 4)] for at, value in zip(self.hit_seconds, self.cosines)]}


def explain(finder: Finder, question: Question, segment: SegmentId) -> Evidence | Carried | None:
    """What stands behind a hit. None where nothing does but words: their marks say it, or where frames were not kept."""
    if question.heard is None and question.like is None:
        return _carried(finder, question, segment)
    space = finder.space("sound", question.heard) or finder.space("meaning", question.heard)
    if space is None:
        return None
    frames = finder.frames(space)
    asked, one = frames_asked(question, frames), frames.of(segment)
    if asked is None or one is None:
        return None
    cosines = asked.frames @ one.frames.T
    found = alike(asked, [one])[0]
    return Evidence(space, asked.seconds, one.seconds, cosines, found.path, seqsim(cosines), found.likeness, *bounds(one, found))


def _carried(finder: Finder, question: Question, segment: SegmentId) -> Carried | None:
    space = finder.reached_by_text()
    raw = finder.frames(space).space if space is not None else None
    stored = vectors.frames(finder.store.reader(), raw, segment) if raw is not None else None
    if space is None or stored is None or finder.text_side is None or not question.query.text.strip():
        return None
    kept = unpack(stored.data)
    text = finder.text_in(space, finder.text_side.encode([question.query.text])[0])
    return Carried(space, kept.seconds(), finder.through_head(space, unit(kept.states)) @ unit(text))


def _pairs(one: F32, other: F32, cosines: F32) -> list[list[float]]:
    return [[round(float(a), 3), round(float(b), 3), round(float(c), 4)] for a, b, c in zip(one, other, cosines)]
