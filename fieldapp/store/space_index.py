"""One space, ready to be searched: its rows in memory, kept up with the database. Searched from any thread; one at a time changes it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fieldapp.errors import WrongUsage
from fieldapp.model import SegmentId, Space
from fieldapp.store import truth
from fieldapp.store.exact import F32, I64, unit
from fieldapp.store.graph import Graph
from fieldapp.store.index_file import About, Sealed
from fieldapp.store.space_rows import Part, SpaceRows

_ATTEMPTS = 4
_SPARE = 10  # whole vectors that are read beyond the k asked for: nearly always enough
_WIDEST = 16  # times as many are read where the codes cannot tell rows apart
_NAMED = 400  # rows the graph names where it is searched so widely anyway: the codes of all numbers choose better among them than the graph's prefix
_BROAD = 0.5  # a filter that lets so much through is applied to what the graph proposes

Near = tuple[SegmentId, float]


@dataclass(frozen=True, slots=True)
class Status:
    """How a space is searched now: row by row, or by a graph of the first `prefix` numbers that proposes `candidates` and is searched as widely as `ef`.

    `recall` is what the graph found when it was built (1 without one); `building` says how far a new index is, and what is done.
    """

    rows: int
    dead: int
    prefix: int
    candidates: int
    in_graph: int
    ef: int
    sealed: bool
    recall: float
    building: tuple[float, str] | None = None


class SpaceIndex:
    """Proposes rows by their codes and has the database rank them.

    `checked`: the file's codes were found right. `stale`: it must be built anew, whatever its numbers say.
    """

    def __init__(self, space: Space, rows: SpaceRows, about: About | None = None, *, graph: Graph | None = None, sealed: Sealed | None = None) -> None:
        self.space = space
        self.rows = rows
        self.about = about or About(0, 0, 0, 1.0)
        self.graph = graph
        self.sealed = sealed
        self.checked = False
        self.stale = False
        self._changing = threading.Lock()
        self._reconciling = threading.Lock()  # taken first

    @classmethod
    def read(cls, db: sqlite3.Connection, space: Space) -> SpaceIndex:
        """Everything the database has."""
        stored = truth.together(truth.after(db, space, 0), space)
        return cls(space, SpaceRows.of(stored.pks, stored.segments, stored.vectors, lambda _: None))

    @classmethod
    def unsealed(cls, space: Space, sealed: Sealed) -> SpaceIndex:
        """What lies in a file; its graph is loaded later."""
        return cls(space, SpaceRows(sealed.part, sealed.centre), sealed.about, sealed=sealed)

    @property
    def status(self) -> Status:
        """How it is searched now."""
        graph = self.graph
        return Status(
            rows=len(self.rows),
            dead=self.rows.dead,
            prefix=self.about.prefix,
            candidates=self.about.candidates,
            in_graph=graph.rows if graph else 0,
            ef=graph.ef if graph else 0,
            sealed=self.sealed is not None,
            recall=self.about.recall,
        )

    def nearest(self, db: sqlite3.Connection, query: F32, k: int, allowed: I64 | None) -> list[Near]:
        """The k nearest; rows that the database turns out not to have any more make room for others."""
        self.catch_up(db)
        found: list[Near] = []
        for attempt in range(_ATTEMPTS):
            rows, about = self._propose(query, k, None if allowed is None else self.rows.rows_of(allowed))
            found, gone = self._ranked(db, query, k, rows, about)
            if not len(gone):
                break
            if attempt:  # more than a few are gone
                self.reconcile(db)
            else:
                self._bury(gone)
        return found

    def catch_up(self, db: sqlite3.Connection) -> None:
        """Read what was added since the last search. Whoever comes while another thread reads it waits: that takes as long as reading it oneself."""
        if truth.last_row(db, self.space) > self.rows.last:
            with self._changing:
                for some in truth.after(db, self.space, self.rows.last):
                    self.rows.add(Part.of(some.pks, some.segments, some.vectors, self.rows.centre))

    def reconcile(self, db: sqlite3.Connection) -> None:
        """Find what was deleted, or came back under an old number (undo does that). The long part keeps no search waiting."""
        self.catch_up(db)
        with self._reconciling:
            seen = self.rows.last
            rows, pks = self.rows.living()
            gone, missing = truth.differences(db, self.space, pks)
            back = truth.with_numbers(db, self.space, missing[missing <= seen])  # newer ones are for `catch_up`
            with self._changing:
                self.rows.bury(rows[np.isin(pks, gone)])
                self.rows.add(Part.of(back.pks, back.segments, back.vectors, self.rows.centre))

    def extend_graph(self, progress: Callable[[float, str], None]) -> None:
        """Take rows that came since into the graph; meanwhile they are compared one by one."""
        graph = self.graph
        if graph is not None:
            parts = self.rows.parts()
            for part, first in ((parts[0], 0), (parts[1], len(parts[0]))):
                graph.add(part.codes.rows(slice(max(graph.rows - first, 0), None)), self.rows.centre, progress)

    def _bury(self, rows: I64) -> None:
        with self._changing:
            self.rows.bury(rows)

    def _propose(self, query: F32, k: int, chosen: I64 | None) -> tuple[I64, F32]:
        """Rows that hold the k nearest, best first, and about their cosines: of the graph and what is not in it yet, or of all or all chosen ones."""
        if self.graph is not None and (chosen is None or len(chosen) > _BROAD * len(self.rows)):
            count = max(self.about.candidates, 2 * k)
            proposed = self._from_graph(self.graph, query, count if chosen is None else 2 * count, chosen)
            if len(proposed[0]) >= max(k, count // 2):
                return proposed
        return self.rows.best(query, _WIDEST * (k + _SPARE), chosen)

    def _from_graph(self, graph: Graph, query: F32, count: int, chosen: I64 | None) -> tuple[I64, F32]:
        """What the graph names, and the best of those it does not know yet."""
        since = graph.rows
        known = graph.nearest(unit(query[: self.about.prefix]), max(count, min(graph.ef, _NAMED)))
        if known is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        rows, about = self.rows.best(query, count, known, since)
        if chosen is None:
            return rows, about
        passes = np.zeros(len(self.rows), np.bool_)
        passes[chosen] = True
        return rows[passes[rows]], about[passes[rows]]

    def _ranked(self, db: sqlite3.Connection, query: F32, k: int, rows: I64, about: F32) -> tuple[list[Near], I64]:
        """The k best of the rows by their whole vectors, and rows that are gone.

        Few are read, and more only while one of the rest could belong to them: if `about` were as wrong of it as it was of the worst that was read.
        """
        segments: list[SegmentId] = []
        cosines, gone, best = np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64)
        while len(segments) < len(rows):
            start, stop = len(segments), max(k + _SPARE, 2 * len(segments))
            told = truth.told(db, self.space, query, self.rows.pks(rows[start:stop]))
            segments += told.segments
            cosines, gone = np.concatenate([cosines, told.cosines]), np.concatenate([gone, rows[start + told.gone]])
            usable = np.flatnonzero(~np.isnan(cosines))
            best = usable[np.lexsort((rows[usable], -cosines[usable]))][:k]
            if len(best) == k and stop < len(rows) and cosines[best[-1]] >= about[stop] + np.abs(cosines - about[: len(cosines)])[usable].max():
                break
        return [(segments[place], float(cosines[place])) for place in best], gone


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
