"""Vectors and frames as checksummed BLOBs: SQLite cannot see a flipped bit inside one, we can. Writes on `db-writer`, reads on any thread.

Vectors are stored as 16-bit floats. A replaced vector gets a new `pk`, so that caches which remember row numbers see it.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import Damaged
from fieldapp.model import Changed, RunId, SegmentId, Space, new_id
from fieldapp.store.consent_filter import condition
from fieldapp.store.rows import utc_now
from fieldapp.store.transaction import Transaction

F16 = NDArray[np.float16]
F32 = NDArray[np.float32]
_ROWS = 65_536
_PAGE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some rows of a space: row numbers (rising) and a matrix of 16-bit floats. `damaged` are rows whose checksum is wrong; they are left out."""

    pks: NDArray[np.int64]
    matrix: F16
    damaged: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredFrames:
    """The packed frames of a segment; `speech/embed.py` knows what is in them."""

    count: int
    rate: float
    data: bytes


def put_vectors(tx: Transaction, space: Space, vectors: Iterable[tuple[SegmentId, NDArray[np.floating]]], run: RunId | None = None, as_of: str = "") -> None:
    """Store the vectors of segments, replacing what they had in this space. `as_of` is when their source was read, if not now."""
    rows = ((new_id(), segment, space.id, data, zlib.crc32(data), run, as_of or utc_now()) for segment, data in _encoded(space, vectors))
    tx.db.executemany("INSERT OR REPLACE INTO vector (id, segment, space, data, crc, run, created) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    tx.touch(Changed.VECTORS)


def put_frames(tx: Transaction, space: Space, segment: SegmentId, count: int, rate: float, data: bytes) -> None:
    """Store the packed frames of a segment, replacing what it had in this space."""
    row = (new_id(), segment, space.id, count, rate, data, zlib.crc32(data), utc_now())
    tx.db.execute("INSERT OR REPLACE INTO frames (id, segment, space, count, rate, data, crc, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    tx.touch(Changed.VECTORS)


def move_vectors(tx: Transaction, source: SegmentId, target: SegmentId) -> None:
    """Give the vectors of a segment to another one that holds the same speech and has none; they get new row numbers like new ones."""
    moved = tx.db.execute("DELETE FROM vector WHERE segment = ? RETURNING id, space, data, crc, run, created", (source,)).fetchall()
    rows = [(row["id"], target, *row[1:]) for row in moved]
    tx.db.executemany("INSERT INTO vector (id, segment, space, data, crc, run, created) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    tx.touch(Changed.VECTORS)


def vector(db: sqlite3.Connection, space: Space, segment: str) -> F32 | None:
    """The vector of a segment in a space, if it has one."""
    row = db.execute("SELECT data, crc FROM vector WHERE segment = ? AND space = ?", (segment, space.id)).fetchone()
    if row is None:
        return None
    if not _sound(row["data"], row["crc"], 2 * space.dims):
        raise Damaged("A stored vector is damaged.", "Try: fieldapp check --repair")
    return np.frombuffer(row["data"], "<f2").astype(np.float32)


def frames(db: sqlite3.Connection, space: Space, segment: str) -> StoredFrames | None:
    """The frames of a segment in a space, if it has any."""
    row = db.execute("SELECT count, rate, data, crc FROM frames WHERE segment = ? AND space = ?", (segment, space.id)).fetchone()
    if row is None:
        return None
    if zlib.crc32(row["data"]) != row["crc"]:
        raise Damaged("The stored frames of a segment are damaged.", "Try: fieldapp check --repair")
    return StoredFrames(row["count"], row["rate"], row["data"])


def blocks(db: sqlite3.Connection, space: Space, after: int = 0, rows: int = _ROWS) -> Iterator[Block]:
    """The vectors of a space in blocks, by row number; `after` continues behind a row a cache has seen."""
    found = db.execute("SELECT pk, data, crc FROM vector WHERE space = ? AND pk > ? ORDER BY pk", (space.id, after))
    found.row_factory = None  # plain tuples: a million of them
    size = 2 * space.dims
    while batch := found.fetchmany(rows):
        whole = [(pk, data) for pk, data, crc in batch if len(data) == size and zlib.crc32(data) == crc]
        matrix = np.frombuffer(b"".join([data for _, data in whole]), "<f2").reshape(len(whole), space.dims)
        good = np.array([pk for pk, _ in whole], np.int64)
        bad = () if len(whole) == len(batch) else tuple(sorted({pk for pk, _, _ in batch} - set(good.tolist())))
        yield Block(good, matrix, bad)


def matrix(db: sqlite3.Connection, space: Space) -> tuple[NDArray[np.int64], F16]:
    """All sound vectors of a space at once: row numbers and one row each."""
    found = list(blocks(db, space))
    if not found:
        return np.zeros(0, np.int64), np.zeros((0, space.dims), np.float16)
    return np.concatenate([block.pks for block in found]), np.concatenate([block.matrix for block in found])


def segments_of(db: sqlite3.Connection, pks: Iterable[int]) -> dict[int, SegmentId]:
    """Which segments the rows with these numbers belong to."""
    wanted = [int(pk) for pk in pks]  # SQLite takes numpy numbers for blobs
    found: dict[int, SegmentId] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        marks = ", ".join("?" * len(some))
        found.update((row[0], SegmentId(row[1])) for row in db.execute(f"SELECT pk, segment FROM vector WHERE pk IN ({marks})", some))  # noqa: S608
    return found


def counted(db: sqlite3.Connection, space: Space) -> int:
    """How many vectors a space holds."""
    return int(db.execute("SELECT count(*) FROM vector WHERE space = ?", (space.id,)).fetchone()[0])


def lacking(db: sqlite3.Connection, space: Space) -> list[SegmentId]:
    """Segments without a vector in this space, in order of time within their recordings; not those that are rejected or must not be found."""
    may = condition(db, "search")
    query = (
        f"SELECT id FROM segment WHERE state <> 'rejected' AND stop > start AND {may.sql} "  # noqa: S608  (our own text)
        "AND NOT EXISTS (SELECT 1 FROM vector WHERE vector.segment = segment.id AND vector.space = ?) ORDER BY recording, start"
    )
    return [SegmentId(row[0]) for row in db.execute(query, (*may.parameters, space.id))]


def lacking_text(db: sqlite3.Connection, space: Space, tier: str) -> list[tuple[SegmentId, str]]:
    """Segments and their text on a tier where the vector is missing or older than a text of it. A confirmed text goes before a draft."""
    may = condition(db, "search")
    query = (
        "SELECT annotation.segment, text FROM annotation JOIN segment ON segment.id = annotation.segment "  # noqa: S608  (our own text)
        f"WHERE tier = ? AND trim(text) <> '' AND {may.sql} AND annotation.segment IN ("
        "  SELECT a.segment FROM annotation a LEFT JOIN vector v ON v.segment = a.segment AND v.space = ?"
        "  WHERE a.tier = ? AND (v.created IS NULL OR v.created <= a.changed)) "
        "ORDER BY annotation.segment, annotation.state = 'confirmed', annotation.changed"
    )
    found = db.execute(query, (tier, *may.parameters, space.id, tier))
    return list({SegmentId(row[0]): str(row[1]) for row in found}.items())  # the last one of a segment stays


def only_in(db: sqlite3.Connection, space: Space, other: Space) -> Iterator[tuple[SegmentId, F32]]:
    """Vectors of segments that have one in `space` but none in `other`; damaged ones are passed over. Page by page: the caller may write meanwhile."""
    query = (
        "SELECT v.pk, v.segment, v.data, v.crc FROM vector v WHERE v.space = ? AND v.pk > ? AND NOT EXISTS "
        "(SELECT 1 FROM vector o WHERE o.segment = v.segment AND o.space = ?) ORDER BY v.pk LIMIT ?"
    )
    after = 0
    while page := db.execute(query, (space.id, after, other.id, _PAGE)).fetchall():
        after = page[-1][0]
        yield from ((SegmentId(segment), np.frombuffer(data, "<f2").astype(np.float32)) for _, segment, data, crc in page if _sound(data, crc, 2 * space.dims))


def drop_damaged(tx: Transaction) -> int:
    """Remove vectors and frames whose checksum is wrong, so that they are computed again; how many there were."""
    gone = 0
    for table in ("vector", "frames"):
        bad = [(row[0],) for row in tx.db.execute(f"SELECT pk, data, crc FROM {table}") if zlib.crc32(row[1]) != row[2]]  # noqa: S608
        tx.db.executemany(f"DELETE FROM {table} WHERE pk = ?", bad)  # noqa: S608
        gone += len(bad)
    if gone:
        tx.touch(Changed.VECTORS)
    return gone


def _encoded(space: Space, vectors: Iterable[tuple[SegmentId, NDArray[np.floating]]]) -> Iterator[tuple[SegmentId, bytes]]:
    for segment, values in vectors:
        if values.shape != (space.dims,) or not np.isfinite(values).all():
            raise ValueError(f"a vector of shape {values.shape} (finite: {bool(np.isfinite(values).all())}) does not fit a space of {space.dims} numbers")
        yield segment, values.astype("<f2").tobytes()


def _sound(data: bytes, crc: int, size: int) -> bool:
    return len(data) == size and zlib.crc32(data) == crc
