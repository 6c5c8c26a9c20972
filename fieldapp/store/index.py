"""Searching by vectors: the nearest segments of a space, whatever its size. One `VectorIndex` for an open fieldbook; any thread.

    index = VectorIndex(store)
    index.search(space, vector, 10)                       [(segment id, cosine), ...], best first
    index.search(space, vector, 10, allowed=numbers)      only segments with these row numbers (`segment.pk`)
    index.close()

What a search promises:

- Segments committed before it began are found, deleted and withdrawn ones are not, whichever process wrote or deleted them.
  (A vector that undo brings back is found about a second later.)
- The cosines are those of the whole stored vectors, computed from the database. Caches only propose.
- `allowed` is the whole filter: consent too is the caller's business, for a purpose is nothing a vector knows. `allowed_by` makes one of
  an SQL condition and remembers it while the database stays the same. None lets everything pass that has a vector.
- It never waits for anything that is being built. A vector that is no query (wrong length, not a number, zero) is a sentence.
- A damaged vector, or one of zeros, is never found. Fewer than k come back where there are fewer.

Small spaces are compared row by row in memory, in bytes. From `seal_from` vectors on a file in `derived/index` holds these, from
`graph_from` on a graph proposes candidates; filters that let little pass are always exact. Files and graphs are made by one background
thread, after commits and openings. With `background=False` (a command that answers once) nothing is made, only what lies there is used.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from fieldapp.model import Changed, Space
from fieldapp.store import index_file, index_folder
from fieldapp.store.exact import F32, I64
from fieldapp.store.index_keeper import Keeper
from fieldapp.store.space_index import Near, SpaceIndex, Status, checked
from fieldapp.store.store import Store

SEAL_FROM = 20_000  # below, reading the vectors from the database takes less than a tenth of a second
GRAPH_FROM = 200_000  # below, comparing with every row should take about three milliseconds (an estimate; settings hold what was measured)
_REMEMBERED = 32
_CONCERNS = Changed.VECTORS | Changed.SEGMENTS | Changed.CONSENT


class VectorIndex:
    """The vectors of one open fieldbook, searchable. A context manager; `close` before the fieldbook is closed."""

    def __init__(self, store: Store, *, graph_from: int = GRAPH_FROM, seal_from: int = SEAL_FROM, background: bool = True) -> None:
        self._store = store
        self._spaces: dict[str, SpaceIndex] = {}
        self._opening = threading.Lock()
        self._allowed: dict[tuple[object, ...], tuple[int, I64]] = {}
        self._folder = index_folder.folder(store.folder)
        self._keeper = Keeper(store, self._spaces, self._folder, graph_from=graph_from, seal_from=seal_from) if background else None
        self._unsubscribe: Callable[[], None] = store.subscribe(self._told)

    def search(self, space: Space, vector: F32, k: int, allowed: I64 | None = None) -> list[Near]:
        """The k segments nearest to `vector`, which need not have length 1, with their cosines. See the top of this file."""
        query = checked(space, vector)
        if k < 1 or (allowed is not None and not len(allowed)):
            return []
        db = self._store.reader()
        return self._open(db, space).nearest(db, query, k, allowed)

    def allowed_by(self, condition: str, parameters: Sequence[object] = (), joins: str = "") -> I64:
        """Row numbers of the segments (alias `s`) for which an SQL condition of ours is true, for `search`; `joins` brings in what it names."""
        db = self._store.reader()
        version = int(db.execute("PRAGMA data_version").fetchone()[0])
        key = (threading.get_ident(), condition, joins, *parameters)  # each connection counts versions by itself
        known = self._allowed.get(key)
        if known and known[0] == version:
            return known[1]
        found = db.execute(f"SELECT s.pk FROM segment AS s {joins} WHERE {condition}", tuple(parameters))  # noqa: S608  (our own conditions)
        found.row_factory = None
        numbers = np.fromiter((row[0] for row in found), np.int64)
        while len(self._allowed) >= _REMEMBERED:
            self._allowed.pop(next(iter(self._allowed)), None)
        self._allowed[key] = (version, numbers)
        return numbers

    def status(self, space: Space) -> Status | None:
        """How a space is searched and what is being built for it; None while nobody has searched it."""
        known = self._spaces.get(space.id)
        return self._keeper.status(known) if known and self._keeper else known.status if known else None

    def settle(self, seconds: float | None = None) -> bool:
        """Have the background do everything it would do sooner or later, and wait; False when the time ran out. Nothing needs this but benches and tests."""
        return self._keeper is None or self._keeper.settle(seconds)

    def close(self) -> None:
        """Stop what is being built and let go of everything. May be called twice."""
        self._unsubscribe()
        if self._keeper:
            self._keeper.close()
        self._spaces.clear()
        self._allowed.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _open(self, db: sqlite3.Connection, space: Space) -> SpaceIndex:
        known = self._spaces.get(space.id)
        if known is not None:
            return known
        with self._opening:
            known = self._spaces.get(space.id)
            if known is None:
                sealed = index_file.newest(self._folder, space, clean=self._keeper is not None and not self._store.read_only)
                known = SpaceIndex.unsealed(space, sealed) if sealed else SpaceIndex.read(db, space)
                self._spaces[space.id] = known
        if self._keeper:
            self._keeper.wake()
        return known

    def _told(self, changed: Changed) -> None:
        """On the `db-writer` thread, after a commit."""
        if changed & index_folder.WITHDRAWAL == index_folder.WITHDRAWAL and self._keeper:
            self._keeper.somebody_withdrew()
        if changed & _CONCERNS and self._keeper:
            self._keeper.wake()
