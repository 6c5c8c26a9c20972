"""The rows of one space in memory: row numbers, segments and coded vectors. A cache: the database is the truth.

A row keeps its number for as long as this value lives. The first rows are a memory-mapped file or were read at once; what
comes later is appended to a tail that grows ahead of need. `add` and `bury` are called by one thread at a time; any thread
may look meanwhile: it sees the rows that were whole when it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.store.codes import Asked, Codes, centre_of, likeness
from fieldapp.store.exact import F32, I64, Best

FIRST, BLOCK = 2048, 32_768  # rows compared at once; few at first: their best say how good the others must be to be kept at all
_ROOM = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows that belong together: vectors' and segments' row numbers in the database, and a code each."""

    pks: I64
    segments: I64
    codes: Codes

    @classmethod
    def empty(cls, rows: int, dims: int) -> Part:
        """Room for so many rows."""
        return cls(np.zeros(rows, np.int64), np.zeros(rows, np.int64), Codes.empty(rows, dims))

    def __len__(self) -> int:
        return len(self.pks)

    def first(self, rows: int) -> Part:
        """The first rows, without copying."""
        return Part(self.pks[:rows], self.segments[:rows], self.codes.rows(slice(rows)))

    def put(self, at: int, other: Part) -> None:
        """Write the rows of another part from row `at` on."""
        self.pks[at : at + len(other)], self.segments[at : at + len(other)] = other.pks, other.segments
        self.codes.put(at, other.codes)

    @classmethod
    def of(cls, pks: I64, segments: I64, vectors: NDArray[np.floating], centre: F32) -> Part:
        """Rows of whole vectors."""
        return cls(pks, segments, Codes.of(vectors, centre))


class SpaceRows:
    """What is known of a space's vectors, coded against `centre`; `last` is the highest row number of the database seen so far."""

    def __init__(self, base: Part, centre: F32) -> None:
        self.base = base
        self.centre = centre
        self.dims = len(centre)
        self.last = int(base.pks.max()) if len(base) else 0
        self._tail = (Part.empty(0, self.dims), 0)  # replaced as one, so that a reader never sees half of a change
        self._dead = np.zeros(len(base), np.bool_)
        self._buried = 0
        self._row_of = np.full(0, -1, np.int32)
        self._note_segments(base.segments, 0)

    @classmethod
    def of(cls, pks: I64, segments: I64, vectors: NDArray[np.floating], told: Callable[[float], None]) -> SpaceRows:
        """Rows of whole vectors, around their own middle. `told` hears how far it is."""
        centre, base = centre_of(vectors), Part.empty(len(pks), vectors.shape[1])
        for start, stop in _blocks(0, len(pks)):
            base.put(start, Part.of(pks[start:stop], segments[start:stop], vectors[start:stop], centre))
            told(stop / len(pks))
        return cls(base, centre)

    def __len__(self) -> int:
        return len(self.base) + self._tail[1]

    @property
    def dead(self) -> int:
        """How many rows the database no longer has."""
        return self._buried

    def parts(self) -> tuple[Part, Part]:
        """The rows as they are now."""
        tail, count = self._tail
        return self.base, tail.first(count)

    def add(self, more: Part) -> None:
        """Append rows; older vectors of the same segments are dead from now on."""
        if not len(more):
            return
        start = len(self)
        older = self.rows_of(more.segments)
        tail, count = self._tail
        if count + len(more) > len(tail):
            larger = Part.empty(max(_ROOM, 2 * (count + len(more))), self.dims)
            larger.put(0, tail.first(count))
            tail = larger
        tail.put(count, more)
        if start + len(more) > len(self._dead):
            self._dead = np.concatenate([self._dead, np.zeros(len(tail) + len(self.base) - len(self._dead), np.bool_)])
        self._tail = (tail, count + len(more))
        self._note_segments(more.segments, start)
        self.bury(older)
        self.last = max(self.last, int(more.pks.max()))

    def bury(self, rows: I64) -> None:
        """The database has these rows no more; they are never found again."""
        fresh = np.unique(rows)
        fresh = fresh[~self._dead[fresh]]
        self._dead[fresh] = True
        self._buried += len(fresh)

    def rows_of(self, segments: I64) -> I64:
        """The rows of the segments with these row numbers, where they have any."""
        known, count = self._row_of, len(self)
        inside = segments[(segments >= 0) & (segments < len(known))]
        rows = known[inside].astype(np.int64)
        return rows[(rows >= 0) & (rows < count)]

    def living(self) -> tuple[I64, I64]:
        """Row numbers here and in the database of everything that is not dead."""
        base, tail = self.parts()
        pks = np.concatenate([base.pks, tail.pks])
        rows = np.flatnonzero(~self._dead[: len(pks)])
        return rows, pks[rows]

    def pks(self, rows: I64) -> I64:
        """The database's numbers of these rows."""
        base, tail = self.parts()
        found = np.empty(len(rows), np.int64)
        of_base = rows < len(base)
        found[of_base] = base.pks[rows[of_base]]
        found[~of_base] = tail.pks[rows[~of_base] - len(base)]
        return found

    def without_dead(self, rows: I64) -> I64:
        """Those of the rows that are not dead."""
        return rows[~self._dead[rows]] if self._buried else rows

    def best(self, query: F32, count: int, chosen: I64 | None = None, since: int | None = None) -> tuple[I64, F32]:
        """The rows most like a query of length 1, best first, and about their cosines.

        Of the chosen ones and all from row `since` on; of all where neither is said.
        """
        base, tail = self.parts()
        asked, best = Asked.of(query, self.centre), Best(count)
        begin = since if since is not None else 0 if chosen is None else len(base) + len(tail)
        for part, first in ((base, 0), (tail, len(base))):
            if chosen is not None:
                living = self.without_dead(chosen[(chosen >= first) & (chosen < min(begin, first + len(part)))])
                for start, stop in _blocks(0, len(living)):
                    some = living[start:stop]
                    best.offer(likeness(part.codes.rows(some - first), asked), rows=some)
            for start, stop in _blocks(max(begin - first, 0), len(part)):
                scores = likeness(part.codes.rows(slice(start, stop)), asked)
                if self._buried:
                    scores[self._dead[first + start : first + stop]] = -np.inf
                best.offer(scores, first + start)
        return best.rows()

    def _note_segments(self, segments: I64, start: int) -> None:
        if not len(segments):
            return
        need = int(segments.max()) + 1
        if need > len(self._row_of):
            larger = np.full(need + need // 4 + _ROOM, -1, np.int32)
            larger[: len(self._row_of)] = self._row_of
            self._row_of = larger
        self._row_of[segments] = np.arange(start, start + len(segments), dtype=np.int32)


def joined(parts: Iterable[Part], dims: int) -> Part:
    """Parts one after the other as one."""
    some = list(parts)
    made, at = Part.empty(sum(len(part) for part in some), dims), 0
    for part in some:
        made.put(at, part)
        at += len(part)
    return made


def _blocks(start: int, stop: int) -> Iterator[tuple[int, int]]:
    first, size = start, FIRST
    while first < stop:
        yield first, min(first + size, stop)
        first, size = first + size, BLOCK
