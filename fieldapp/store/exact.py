"""Directions, and the best of many scores. Any thread; knows no database."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]


def unit(vectors: NDArray[np.floating]) -> F32:
    """Vectors of length 1. What has no direction (zero, or a number that is none) becomes zeros, which resemble nothing."""
    made = np.array(vectors, np.float32)  # a copy: stored vectors are read-only views
    with np.errstate(all="ignore"):  # numbers that are none are expected here
        length = np.sqrt(np.einsum("...i,...i->...", made, made, dtype=np.float64))[..., None]
        usable = np.isfinite(length) & (length > 0)
        made /= np.where(usable, length, 1).astype(np.float32)
    return np.where(usable & np.isfinite(made), made, np.float32(0))


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

    def rows(self) -> tuple[I64, F32]:
        """The row numbers, best first, of equal ones the earlier row; and their scores."""
        rows, scores = self._keep_best()
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]

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
