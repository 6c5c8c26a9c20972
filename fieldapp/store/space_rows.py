"""The rows of one space in memory: row numbers, segments and prefixes of the vectors. A cache: the database is the truth.

A row keeps its number for as long as this value lives. The first rows are a memory-mapped file or were read at once; what
comes later is appended to a tail that grows ahead of need. `add` and `bury` are called by one thread at a time; any thread
may look meanwhile: it sees the rows that were whole when it began.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.store.exact import F32, I64, Best, offer_all, offer_some, unit

_ROOM = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows that belong together: vectors' and segments' row numbers in the database, and one prefix of length 1 each."""

    pks: I64
    segments: I64
    prefixes: F32

    @classmethod
    def empty(cls, rows: int, dims: int) -> Part:
        """Room for so many rows."""
        return cls(np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros((rows, dims), np.float32))

    def __len__(self) -> int:
        return len(self.pks)

    def first(self, rows: int) -> Part:
        """The first rows, without copying."""
        return Part(self.pks[:rows], self.segments[:rows], self.prefixes[:rows])

    def put(self, at: int, other: Part) -> None:
        """Write the rows of another part from row `at` on."""
        for mine, theirs in ((self.pks, other.pks), (self.segments, other.segments), (self.prefixes, other.prefixes)):
            mine[at : at + len(other)] = theirs

    @classmethod
    def of(cls, pks: I64, segments: I64, vectors: NDArray[np.floating], dims: int) -> Part:
        """Rows of whole vectors, of which the first `dims` numbers are kept."""
        return cls(pks, segments, unit(vectors[:, :dims]))


class SpaceRows:
    """What is known of a space's vectors; `last` is the highest row number of the database seen so far."""

    def __init__(self, base: Part) -> None:
        self.base = base
        self.dims = int(base.prefixes.shape[1])
        self.last = int(base.pks.max()) if len(base) else 0
        self._tail = (Part.empty(0, self.dims), 0)  # replaced as one, so that a reader never sees half of a change
        self._dead = np.zeros(len(base), np.bool_)
        self._buried = 0
        self._row_of = np.full(0, -1, np.int32)
        self._note_segments(base.segments, 0)

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

    def best(self, query: F32, count: int, chosen: I64 | None = None, since: int = 0) -> I64:
        """The rows most like a query of length 1, best first: of all from row `since` on, or of the chosen ones."""
        base, tail = self.parts()
        best = Best(count)
        if chosen is not None:
            living = self.without_dead(chosen)
            offer_some(best, base.prefixes, query, 0, living[living < len(base)])
            offer_some(best, tail.prefixes, query, len(base), living[(living >= len(base)) & (living < len(base) + len(tail))])
            return best.rows()
        for part, first in ((base, 0), (tail, len(base))):
            skipped = min(max(since - first, 0), len(part))
            begin = first + skipped
            dead = self._dead[begin : first + len(part)] if self._buried else None
            offer_all(best, part.prefixes[skipped:], query, begin, dead)
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
    if not some:
        return Part.empty(0, dims)
    return Part(np.concatenate([p.pks for p in some]), np.concatenate([p.segments for p in some]), np.concatenate([p.prefixes for p in some]))
