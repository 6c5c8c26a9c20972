"""The index and the database: reading the vectors of a space with their segments, finding out what changed, ranking candidates.

What a search answers is always computed from the database's own checksummed vectors; caches only propose. Reads, on any thread.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.model import SegmentId, Space
from fieldapp.store.exact import F32, I64, unit

F16 = NDArray[np.float16]
BATCH = 32_768
_GROUP = 4096
_ROWS = "SELECT v.pk, s.pk, v.data, v.crc FROM vector AS v CROSS JOIN segment AS s ON s.id = v.segment WHERE v.space = ?"
_SUMS = "SELECT pk / 4096, count(*), sum(pk % 4096), sum((pk % 4096) * (pk % 4096)) FROM vector WHERE space = ? GROUP BY pk / 4096"


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """Vectors as the database holds them, with their row numbers and those of their segments. A damaged one is zeros: it resembles nothing."""

    pks: I64
    segments: I64
    vectors: F16


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the database says of candidates, in their order: segments, and cosines (NaN where the vector is damaged or has no direction).

    `gone` are places in the list of candidates that it has no more; they have no segment.
    """

    segments: list[SegmentId]
    cosines: F32
    gone: I64


def last_row(db: sqlite3.Connection, space: Space) -> int:
    """The highest row number of a space: above what was read before, something was added."""
    return int(db.execute("SELECT max(pk) FROM vector WHERE space = ?", (space.id,)).fetchone()[0] or 0)


def after(db: sqlite3.Connection, space: Space, pk: int) -> Iterator[Stored]:
    """The vectors behind a row number, in blocks and in order."""
    found = db.execute(f"{_ROWS} AND v.pk > ? ORDER BY v.pk", (space.id, pk))
    found.row_factory = None
    while rows := found.fetchmany(BATCH):
        yield _stored(rows, space.dims)


def together(blocks: Iterable[Stored], space: Space) -> Stored:
    """Blocks one after the other as one."""
    some = [*blocks, _stored([], space.dims)]
    return Stored(np.concatenate([one.pks for one in some]), np.concatenate([one.segments for one in some]), np.concatenate([one.vectors for one in some]))


def with_numbers(db: sqlite3.Connection, space: Space, pks: I64) -> Stored:
    """The vectors with these row numbers."""
    found = db.execute(f"{_ROWS} AND v.pk IN (SELECT value FROM json_each(?)) ORDER BY v.pk", (space.id, json.dumps(pks.tolist())))  # noqa: S608  (our own text)
    found.row_factory = None
    return _stored(found.fetchall(), space.dims)


def differences(db: sqlite3.Connection, space: Space, known: I64) -> tuple[I64, I64]:
    """Row numbers that the database has no more, and those it has that are not known. Cheap where little differs."""
    sums = {row[0]: tuple(row[1:]) for row in db.execute(_SUMS, (space.id,))}
    groups, within = known // _GROUP, known % _GROUP
    counts, totals, squares = np.bincount(groups), np.bincount(groups, within), np.bincount(groups, within**2)
    wanted = {int(group): (int(counts[group]), int(totals[group]), int(squares[group])) for group in np.flatnonzero(counts)}
    gone, missing = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for group in sorted(wanted.keys() | sums.keys()):
        if wanted.get(group) != sums.get(group):
            span = (space.id, group * _GROUP, (group + 1) * _GROUP)
            there = np.array([row[0] for row in db.execute("SELECT pk FROM vector WHERE space = ? AND pk >= ? AND pk < ?", span)], np.int64)
            mine = known[groups == group]
            gone.append(np.setdiff1d(mine, there))
            missing.append(np.setdiff1d(there, mine))
    return np.concatenate(gone), np.concatenate(missing)


def told(db: sqlite3.Connection, space: Space, query: F32, pks: I64) -> Told:
    """The cosines of the whole vectors of candidates with a query of length 1."""
    sql = "SELECT c.key, v.segment, v.data, v.crc FROM json_each(?) AS c CROSS JOIN vector AS v ON v.pk = c.value WHERE v.space = ?"
    found = db.execute(sql, (json.dumps(pks.tolist()), space.id))
    found.row_factory = None
    rows = found.fetchall()
    places = [row[0] for row in rows]
    vectors = unit(_matrix([row[2:] for row in rows], space.dims))
    segments, cosines, gone = [SegmentId("")] * len(pks), np.full(len(pks), np.nan, np.float32), np.ones(len(pks), np.bool_)
    for place, row in zip(places, rows):
        segments[place] = SegmentId(row[1])
    found_cosines = np.clip(np.vecdot(vectors, query), -1.0, 1.0)  # row by row: equal vectors are equally alike, wherever they stand
    cosines[places] = np.where(vectors.any(axis=1), found_cosines, np.float32(np.nan))
    gone[places] = False
    return Told(segments, cosines, np.flatnonzero(gone))


def _stored(rows: list[tuple[int, int, bytes, int]], dims: int) -> Stored:
    numbers = np.array([row[:2] for row in rows], np.int64).reshape(len(rows), 2)
    return Stored(np.ascontiguousarray(numbers[:, 0]), np.ascontiguousarray(numbers[:, 1]), _matrix([row[2:] for row in rows], dims))


def _matrix(rows: list[tuple[bytes, int]], dims: int) -> F16:
    """One row each; what does not fit its checksum is zeros."""
    nothing = bytes(2 * dims)
    data = [blob if len(blob) == 2 * dims and zlib.crc32(blob) == crc else nothing for blob, crc in rows]
    return np.frombuffer(b"".join(data), "<f2").reshape(len(rows), dims)
