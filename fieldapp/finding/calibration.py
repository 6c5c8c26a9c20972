"""What a similarity is worth in this fieldbook: how often pairs this similar, by different speakers, shared a meaning. Pure but for reading labels.

A percentage needs a basis: the pairs of labelled segments themselves. Where few segments are labelled there is none, and that is said.
Of many segments a sample of meanings is taken with all their speakers; pairs of different meanings then count for as many as they stand for.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldapp.finding.question import Basis
from fieldapp.model import SegmentId, Space

FEWEST_SAME = 30
"""Pairs of the same meaning by different speakers; with fewer nothing is said."""
FEWEST_DIFFERENT = 100
NEAR = 50
"""So many pairs, the most like a similarity, tell what it is worth."""
MOST = 600
"""Segments compared with each other."""

SAME_TEXT = 0.999
"""Two texts so similar are the same words: they say nothing of what a paraphrase is worth."""

Labels = NDArray[np.int64]
F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Segments with a vector in a space, a meaning and a speaker; `different` is how many pairs one sampled pair of different meanings stands for."""

    segments: tuple[SegmentId, ...]
    meanings: Labels
    speakers: Labels
    different: float = 1.0

    def chosen(self, places: Sequence[int]) -> Labelled:
        """Some of them."""
        rows = np.array(places, np.int64)
        return Labelled(tuple(self.segments[place] for place in places), self.meanings[rows], self.speakers[rows], self.different)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Similarities of pairs in rising order, and whether they shared a meaning."""

    similarities: F32
    same: NDArray[np.bool_]
    different: float = 1.0

    @cached_property
    def _shared(self) -> NDArray[np.int64]:
        """How many of the first 0, 1, 2 ... pairs shared a meaning."""
        return np.concatenate([[0], np.cumsum(self.same, dtype=np.int64)])

    @property
    def ready(self) -> bool:
        """Whether there are pairs enough to say anything."""
        shared = int(self._shared[-1])
        return shared >= FEWEST_SAME and len(self.same) - shared >= FEWEST_DIFFERENT

    def basis(self, similarity: float) -> Basis:
        """What pairs about this similar were; pairs just as similar count together."""
        if not self.ready:
            return Basis(f"not calibrated yet ({self._shared[-1]} pairs of one meaning by different speakers; {FEWEST_SAME} are needed)")
        low, high = self._nearest(np.float32(similarity))
        pairs, shared = high - low, int(self._shared[high] - self._shared[low])
        if self.different <= 1:
            return Basis(f"of the {pairs} pairs in this fieldbook most like it in similarity {shared} share a meaning", pairs, shared, shared / pairs)
        share = shared / (shared + (pairs - shared) * self.different)
        return Basis(f"about {100 * share:.0f} in 100 pairs this similar share a meaning (from a sample of {len(self.same):,} pairs)", pairs, shared, share)

    def _nearest(self, similarity: np.float32) -> tuple[int, int]:
        values, most = self.similarities, len(self.similarities)
        at = int(np.searchsorted(values, similarity))
        low, high = max(0, at - NEAR), min(most, at + NEAR)
        distance = np.abs(values[low:high] - similarity)
        reach = np.partition(distance, NEAR - 1)[NEAR - 1]
        closest = low + int(distance.argmin())  # float arithmetic may leave even this one out
        return min(int(np.searchsorted(values, similarity - reach)), closest), max(int(np.searchsorted(values, similarity + reach, "right")), closest + 1)


def labelled(db: sqlite3.Connection, space: Space, most: int = MOST) -> Labelled:
    """The labelled segments of a space, all or a sample of meanings; the same ones each time."""
    rows = db.execute(
        "SELECT s.id, s.meaning_id, s.speaker FROM vector v JOIN segment s ON s.id = v.segment "
        "WHERE v.space = ? AND s.meaning_id <> '' AND s.speaker IS NOT NULL AND s.state <> 'rejected' ORDER BY v.pk",
        (space.id,),
    ).fetchall()
    meanings, speakers = _numbers([row[1] for row in rows]), _numbers([row[2] for row in rows])
    chosen = np.arange(len(rows))
    if len(rows) > most:
        kinds, counts = np.unique(meanings, return_counts=True)
        by_chance = np.random.default_rng(0).permutation(len(kinds))
        enough = max(2, int(np.searchsorted(counts[by_chance].cumsum(), most, "right")))
        chosen = np.flatnonzero(np.isin(meanings, kinds[by_chance[:enough]]))[: 2 * most]
    weight = 1.0
    if len(chosen) < len(rows):
        (same, different), (some_same, some_different) = _pairs(meanings, speakers), _pairs(meanings[chosen], speakers[chosen])
        weight = (different / some_different) / (same / some_same) if some_different and some_same and same else 1.0
    return Labelled(tuple(SegmentId(rows[i][0]) for i in chosen), meanings[chosen], speakers[chosen], max(1.0, weight))


def calibrate(similarities: F32, one: Labelled, other: Labelled | None = None, *, below: float = np.inf) -> Calibration:
    """From a matrix of similarities: [one, one] of a symmetric measure, or [one, other] where two kinds of vectors are compared.

    Pairs that are not `below` are left out.
    """
    across = other if other is not None else one
    by_others = one.speakers[:, None] != across.speakers[None, :]
    if other is None:
        by_others = np.triu(by_others, 1)
    else:
        by_others &= np.array(one.segments)[:, None] != np.array(other.segments)[None, :]
    by_others &= similarities < below
    values = similarities[by_others]
    same = (one.meanings[:, None] == across.meanings[None, :])[by_others]
    order = np.argsort(values, kind="stable")
    return Calibration(values[order], same[order], one.different)


def _numbers(names: Sequence[str]) -> Labels:
    """The same number for the same name, in whatever space it occurs."""
    numbers = {name: int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True) for name in set(names)}
    return np.array([numbers[name] for name in names], np.int64)


def _pairs(meanings: Labels, speakers: Labels) -> tuple[float, float]:
    """How many pairs by different speakers share a meaning, and how many do not."""
    same = (_counts_squared(meanings) - _counts_squared(np.stack([meanings, speakers], axis=1))) / 2
    every = (float(len(meanings)) ** 2 - _counts_squared(speakers)) / 2
    return same, every - same


def _counts_squared(labels: Labels) -> float:
    return float((np.unique(labels, return_counts=True, axis=0)[1].astype(np.float64) ** 2).sum())


def vectors_of(db: sqlite3.Connection, space: Space, segments: Sequence[SegmentId]) -> F32:
    """The vectors of these segments in their order; one that went meanwhile is zeros."""
    rows = db.execute(
        "SELECT v.segment, v.data FROM json_each(?) AS c CROSS JOIN vector v ON v.segment = c.value AND +v.space = ?", (json.dumps(segments), space.id)
    )
    places = {segment: place for place, segment in enumerate(segments)}
    made = np.zeros((len(segments), space.dims), np.float32)
    for segment, data in rows:
        if len(data) == 2 * space.dims:
            made[places[segment]] = np.frombuffer(data, "<f2")
    return made
