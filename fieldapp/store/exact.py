"""Comparing a vector with many rows, exactly: blocks that stay in the processor's cache, and the best of them. Any thread; knows no database.

Rows are scored in stacks of products so small that BLAS never shares one out: that is as fast as memory on one thread, and never
waits for another. Beside a model that keeps every core busy, one large product took twenty times as long, waiting for the second core.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
_UNSHARED = 8192  # numbers of a product that OpenBLAS keeps to one thread (it begins to share at 9216)
BLOCK = 32_768  # rows scored at once: their scores fit the cache, and what is no candidate is dropped before the next block


def unit(vectors: NDArray[np.floating]) -> F32:
    """Vectors of length 1. What has no direction (zero, or a number that is none) becomes zeros, which resemble nothing."""
    made = np.array(vectors, np.float32)  # a copy: stored vectors are read-only views
    with np.errstate(all="ignore"):  # numbers that are none are expected here
        length = np.sqrt(np.einsum("...i,...i->...", made, made, dtype=np.float64))[..., None]
        usable = np.isfinite(length) & (length > 0)
        made /= np.where(usable, length, 1).astype(np.float32)
    return np.where(usable & np.isfinite(made), made, np.float32(0))


def likeness(matrix: F32, query: F32) -> F32:
    """The dot product of each row with the query."""
    height = max(1, _UNSHARED // max(1, matrix.shape[1]))
    stacked = len(matrix) // height * height
    found = np.empty(len(matrix), np.float32)
    np.matvec(matrix[:stacked].reshape(-1, height, matrix.shape[1]), query, out=found[:stacked].reshape(-1, height))
    np.matvec(matrix[stacked:], query, out=found[stacked:])
    return found


class Best:
    """The best rows of all that is offered."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._floor = -np.inf
        self._rows: list[I64] = []
        self._scores: list[F32] = []
        self._held = 0

    def offer(self, scores: F32, first: int = 0, rows: I64 | None = None) -> None:
        """Keep those that may be among the best: of rows from `first` on, or of `rows`. A score that is no number never is."""
        good = np.flatnonzero(scores > self._floor)
        if len(good):
            self._rows.append(good + first if rows is None else rows[good])
            self._scores.append(scores[good])
            self._held += len(good)
            if self._held > 4 * self._count:
                self._keep_best()

    def rows(self) -> I64:
        """The row numbers, best first; of equal ones the earlier row."""
        rows, scores = self._keep_best()
        return rows[np.lexsort((rows, -scores))]

    def _keep_best(self) -> tuple[I64, F32]:
        if not self._rows:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        rows, scores = np.concatenate(self._rows), np.concatenate(self._scores)
        if len(rows) > self._count:
            best = np.argpartition(scores, len(scores) - self._count)[-self._count :]
            rows, scores = rows[best], scores[best]
            self._floor = float(scores.min())
        self._rows, self._scores, self._held = [rows], [scores], len(rows)
        return rows, scores


def offer_all(best: Best, matrix: F32, query: F32, first_row: int, dead: NDArray[np.bool_] | None) -> None:
    """Compare with every row of a matrix whose first row has the number `first_row`; `dead` marks rows of it that do not count."""
    for start, stop in _blocks(len(matrix)):
        scores = likeness(matrix[start:stop], query)
        if dead is not None:
            scores[dead[start:stop]] = -np.inf
        best.offer(scores, first_row + start)


def offer_some(best: Best, matrix: F32, query: F32, first_row: int, chosen: I64) -> None:
    """Compare with the chosen rows of a matrix, which are numbered as in `offer_all`."""
    for start, stop in _blocks(len(chosen)):
        some = chosen[start:stop]
        best.offer(likeness(np.take(matrix, some - first_row, axis=0), query), rows=some)


def _blocks(rows: int) -> Iterator[tuple[int, int]]:
    for start in range(0, rows, BLOCK):
        yield start, min(start + BLOCK, rows)
