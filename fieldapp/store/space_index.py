"""One space, ready to be searched: its rows in memory, kept up with the database. Used from any thread; one at a time changes it."""

from __future__ import annotations

import sqlite3
import threading

import numpy as np

from fieldapp.errors import WrongUsage
from fieldapp.model import SegmentId, Space
from fieldapp.store import truth
from fieldapp.store.exact import F32, I64, unit
from fieldapp.store.space_rows import Part, SpaceRows, joined

_PATIENCE_SECONDS = 0.02  # a search waits so long for another thread that reads what was added, then answers from what is there
_SPARE = 8  # candidates beyond what is asked for, because some may have been deleted a moment ago
_ATTEMPTS = 4

Near = tuple[SegmentId, float]


class SpaceIndex:
    """Proposes rows by their prefixes and has the database rank them."""

    def __init__(self, space: Space, rows: SpaceRows, candidates: int = 0) -> None:
        self.space = space
        self.rows = rows
        self.candidates = candidates
        self._changing = threading.Lock()

    @classmethod
    def read(cls, db: sqlite3.Connection, space: Space) -> SpaceIndex:
        """Everything the database has, whole vectors."""
        parts = [Part.of(some.pks, some.segments, some.vectors, space.dims) for some in truth.after(db, space, 0)]
        return cls(space, SpaceRows(joined(parts, space.dims)))

    def nearest(self, db: sqlite3.Connection, query: F32, k: int, allowed: I64 | None) -> list[Near]:
        """The k nearest; rows that the database turns out not to have any more make room for others."""
        self.catch_up(db)
        short = unit(query[: self.rows.dims])
        found: list[Near] = []
        for _ in range(_ATTEMPTS):
            chosen = None if allowed is None else self.rows.rows_of(allowed)
            rows = self._propose(short, k, chosen)
            ranked = truth.ranked(db, self.space, query, self.rows.pks(rows))
            found = list(zip(ranked.segments, ranked.similarities))[:k]
            if not len(ranked.gone):
                break
            self.bury(rows[ranked.gone])
        return found

    def catch_up(self, db: sqlite3.Connection) -> None:
        """Read what was added since the last search."""
        if truth.last_row(db, self.space) <= self.rows.last or not self._changing.acquire(timeout=_PATIENCE_SECONDS):
            return
        try:
            for some in truth.after(db, self.space, self.rows.last):
                self.rows.add(Part.of(some.pks, some.segments, some.vectors, self.rows.dims))
        finally:
            self._changing.release()

    def reconcile(self, db: sqlite3.Connection) -> int:
        """Find what was deleted or came back under an old number (undo does that); how many rows were deleted."""
        with self._changing:
            rows, pks = self.rows.living()
            gone, missing = truth.differences(db, self.space, pks)
            self.rows.bury(rows[np.isin(pks, gone)])
            if len(missing):
                back = truth.with_numbers(db, self.space, missing)
                self.rows.add(Part.of(back.pks, back.segments, back.vectors, self.rows.dims))
        return len(gone)

    def bury(self, rows: I64) -> None:
        """These rows are gone from the database."""
        with self._changing:
            self.rows.bury(rows)

    def _propose(self, short: F32, k: int, chosen: I64 | None) -> I64:
        """Rows that hold the k nearest. Prefixes that are whole vectors need hardly more than k."""
        count = k + _SPARE if self.rows.dims == self.space.dims else max(self.candidates, 2 * k)
        return self.rows.best(short, count, chosen)


def checked(space: Space, vector: F32) -> F32:
    """A query of length 1, or a sentence about why nothing can be like it."""
    if vector.shape != (space.dims,):
        raise WrongUsage(f"A vector of shape {vector.shape} cannot be sought among vectors of {space.dims} numbers.", "It was made by another model or head.")
    if not np.isfinite(vector).all():
        raise WrongUsage("This sound or text gave a vector with values that are no numbers; nothing can be sought with it.", "Try another stretch.")
    query = unit(vector)
    if not query.any():
        raise WrongUsage("This sound or text gave an empty vector; nothing is like it.", "Was it silence? Try another stretch.")
    return query
