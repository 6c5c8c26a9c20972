"""One question on its way: what may be told, what is near, how near things become matches. Any thread, one question each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fieldapp.finding.calibration import Calibration
from fieldapp.finding.finder import Finder
from fieldapp.finding.question import ANY, Match, Question, Reason
from fieldapp.model import Hit, SegmentId, Space
from fieldapp.speech.embed import F32
from fieldapp.store.details import hits_of
from fieldapp.store.segment_filter import JOINS, narrowed, passing

SPARE = 10
"""Fetched beyond what is wanted, because some may be gone or held back."""
MORE, LEAST = 4, 100
"""So many times the hits that are wanted, at least this many, are ranked where rankings are fused or rearranged."""


class Near(NamedTuple):
    """Segments near a vector, best first, with their similarities, in one space."""

    space: Space
    found: list[tuple[SegmentId, float]]


class Look:
    """What every way of looking for one question shares."""

    def __init__(self, finder: Finder, question: Question) -> None:
        self.finder, self.question, self.query = finder, question, question.query

    @cached_property
    def wanted(self) -> int:
        """How many matches a ranking needs."""
        plain = self.query.mode != "hybrid" and not self.question.spread and self.question.same_meaning == ANY and self.finder.text_side is None
        return self.query.limit if plain else max(LEAST, MORE * self.query.limit)

    @cached_property
    def allowed(self) -> NDArray[np.int64] | None:
        """Row numbers of the segments that pass the filters; None when all do. What is held back or gone is left out of every answer in any case."""
        narrow = narrowed(self.finder.store.reader(), self.query)
        return None if narrow.everything else self.finder.index.allowed_by(narrow.sql, narrow.parameters, JOINS)

    def near(self, space: Space, vector: F32, most: int = 0) -> Near:
        """The nearest segments that may be told, the asked one left out."""
        found = self.finder.index.search(space, vector, max(most, self.wanted + SPARE), self.allowed)
        return Near(space, [(segment, similarity) for segment, similarity in found if segment != self.question.like])

    def told(self, found: list[tuple[SegmentId, float]], space: Space) -> list[tuple[Hit, float]]:
        """What is to be told of segments, without what was deleted, rejected or withdrawn since they were indexed."""
        db = self.finder.store.reader()
        there = passing(db, narrowed(db, self.query), [segment for segment, _ in found])
        details = hits_of(db, there, self.query.tiers, space=space.id)
        return [(details[segment], similarity) for segment, similarity in found if segment in details]

    def matches(self, near: Near, mode: str, why: Callable[[Hit], str], measure: Calibration) -> list[Match]:
        """Near segments as matches with one reason each."""
        made = []
        for rank, (hit, similarity) in enumerate(self.told(near.found, near.space)[: self.wanted], 1):
            reason = Reason(mode=mode, why=why(hit), rank=rank, similarity=similarity, space=near.space, basis=measure.basis(similarity))
            made.append(Match(hit=replace(hit, score=similarity), reasons=(reason,)))
        return made
