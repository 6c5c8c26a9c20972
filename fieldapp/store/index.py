"""Searching by vectors: the nearest segments of a space, whatever its size. One `VectorIndex` for an open fieldbook; any thread.

    index = VectorIndex(store)
    index.search(space, vector, 10)                       [(segment id, cosine), ...], best first
    index.search(space, vector, 10, allowed=numbers)      only segments with these row numbers (`segment.pk`)
    index.close()

What a search promises:

- Segments committed before it began are found, deleted and withdrawn ones are not, whichever process wrote or deleted them.
- The cosines are those of the whole stored vectors, computed from the database. Caches only propose.
- `allowed` is the whole filter: consent too is the caller's business, for a purpose is nothing a vector knows. `allowed_by` makes one of
  an SQL condition and remembers it while the database stays the same. None lets everything pass that has a vector.
- It never waits for anything that is being built. A vector that is no query (wrong length, not a number, zero) is a sentence.
- A damaged vector, or one of zeros, is never found. Fewer than k come back where there are fewer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np

from fieldapp.model import Space
from fieldapp.store.exact import F32, I64
from fieldapp.store.space_index import Near, SpaceIndex, checked
from fieldapp.store.store import Store

_REMEMBERED = 32


class VectorIndex:
    """The vectors of one open fieldbook, searchable. A context manager; `close` when the fieldbook is closed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._spaces: dict[str, SpaceIndex] = {}
        self._opening = threading.Lock()
        self._allowed: dict[tuple[object, ...], tuple[int, I64]] = {}

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

    def settle(self) -> None:
        """Bring everything up to date with the database and wait for it; searches need not, the background does it after commits."""
        for known in list(self._spaces.values()):
            known.reconcile(self._store.reader())

    def close(self) -> None:
        """Let go of everything. May be called twice."""
        self._spaces.clear()
        self._allowed.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _open(self, db: sqlite3.Connection, space: Space) -> SpaceIndex:
        known = self._spaces.get(space.id)
        if known is None:
            with self._opening:
                known = self._spaces.get(space.id)
                if known is None:
                    known = self._spaces[space.id] = SpaceIndex.read(db, space)
        return known
