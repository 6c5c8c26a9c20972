"""The HNSW graph over the prefixes of a space: hnswlib behind a lock, because it crashes when it grows while it is searched.

A search never waits long: where the lock is taken (the graph grows), it answers None and the exact way is gone instead. Labels
are the row numbers of `SpaceRows`; rows are added in their order. Knows no database. Any thread; one at a time adds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import hnswlib
import numpy as np

from fieldapp.errors import Damaged
from fieldapp.store.codes import Codes
from fieldapp.store.exact import F32, I64

LINKS = 32
CARE = 300  # ef while building
CHUNK = 512
_PATIENCE_SECONDS = 0.004
_AT_ONCE = 8  # rows added to a graph in use before a search may pass
_ROOM = 4096

Progress = Callable[[float, str], None]


class Graph:
    """A graph of the first `rows` rows; rows without direction are left out of it."""

    def __init__(self, native: hnswlib.Index, dims: int, rows: int) -> None:
        self.rows = rows
        self._dims = dims
        self.ef = CARE  # until `prefix.tune` has measured
        self._native = native
        self._native.set_num_threads(1)
        self._lock = threading.Lock()

    @classmethod
    def build(cls, codes: Codes, centre: F32, dims: int, progress: Progress, held_out: I64 | None = None) -> Graph:
        """A graph of the first `dims` numbers of these rows; nobody else knows it yet, so no lock is held. Rows `held_out` come in with `complete`."""
        native = hnswlib.Index(space="ip", dim=dims)
        native.init_index(max_elements=_room_for(len(codes)), ef_construction=CARE, M=LINKS)
        wanted = np.ones(len(codes), np.bool_)
        if held_out is not None:
            wanted[held_out] = False
        for start in range(0, len(codes), CHUNK):
            some = codes.rows(slice(start, start + CHUNK)).prefixes(centre, dims)
            usable = np.flatnonzero(some.any(axis=1) & wanted[start : start + CHUNK])
            if len(usable):
                native.add_items(some[usable], usable + start, num_threads=1)
            progress(start / len(codes), f"indexing {start:,} of {len(codes):,}")
        return cls(native, dims, len(codes))

    def complete(self, codes: Codes, centre: F32, held_out: I64) -> None:
        """Take in what `build` left out, of the same rows."""
        some = codes.rows(held_out).prefixes(centre, self._dims)
        usable = np.flatnonzero(some.any(axis=1))
        if len(usable):
            self._native.add_items(some[usable], held_out[usable], num_threads=1)

    @classmethod
    def load(cls, file: Path, dims: int, rows: int) -> Graph:
        """A graph from a file whose checksum was found right: the native code believes every byte."""
        native = hnswlib.Index(space="ip", dim=dims)
        try:
            native.load_index(str(file), max_elements=_room_for(rows))
        except RuntimeError as trouble:
            raise Damaged(f"The index {file.name} cannot be loaded ({trouble}).", "It is built again.") from trouble
        return cls(native, dims, rows)

    def nearest(self, query: F32, count: int) -> I64 | None:
        """Rows near a query; None while the graph is being changed, or where it cannot find so many."""
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            return None
        try:
            count = min(count, int(self._native.get_current_count()))
            if not count:
                return np.zeros(0, np.int64)
            self._native.set_ef(max(self.ef, count))
            return np.asarray(self._native.knn_query(query, k=count, num_threads=1)[0][0], np.int64)
        except RuntimeError:  # fewer can be reached than there are
            return None
        finally:
            self._lock.release()

    def add(self, codes: Codes, centre: F32, progress: Progress) -> None:
        """Append rows, a few at a time; between them searches pass."""
        for start in range(0, len(codes), _AT_ONCE):
            some = codes.rows(slice(start, start + _AT_ONCE)).prefixes(centre, self._dims)
            usable = np.flatnonzero(some.any(axis=1))
            with self._lock:
                if self._native.get_current_count() + len(usable) > self._native.get_max_elements():
                    self._native.resize_index(_room_for(self.rows + len(codes) - start))
                if len(usable):
                    self._native.add_items(some[usable], usable + self.rows, num_threads=1)
                self.rows += len(some)
            progress(start / len(codes), "adding to the index")
            time.sleep(0.0002)  # a lock let go of and taken at once gives nobody a turn

    def save(self, file: Path) -> None:
        """Write the native form. On a full disk hnswlib says nothing, so the size is compared with what it should be."""
        self._native.save_index(str(file))
        if file.stat().st_size != self._native.index_file_size():
            raise OSError(28, "the disk is full", str(file))


def _room_for(rows: int) -> int:
    """Room ahead of need; memory that is not used yet costs nothing."""
    return rows + max(_ROOM, rows // 4)
