"""Dynamic time warping for many pairs at once: the mean angular distance along the cheapest path, divided by its length. Any thread.

All candidates of one query walk the same anti-diagonals together, so that the inner loop is numpy's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.metrics import F32, Pool

CELLS = 4_000_000
"""Cells of distance tables held at once; 16 MB and as much again for the paths."""


def dtw_matrix(queries: Pool, candidates: Pool) -> F32:
    """The distance of every query to every candidate, 0 to 1."""
    found = np.empty((len(queries), len(candidates)), np.float32)
    lengths = np.diff(candidates.starts)
    for i in range(len(queries)):
        query = queries.frames[queries.starts[i] : queries.starts[i + 1]]
        for some in _batches(lengths, len(query)):
            found[i, some] = _walk(_distances(query, candidates, some), lengths[some])
    return found


def _batches(lengths: NDArray[np.int64], query: int) -> Iterator[NDArray[np.int64]]:
    """Candidates of like length together, as many as fit."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * query * lengths[order[stop]] <= CELLS:
            stop += 1
        yield order[start:stop]
        start = stop


def _distances(query: F32, candidates: Pool, some: NDArray[np.int64]) -> F32:
    """[query frames, candidate frames, candidates], filled up behind the shorter ones."""
    starts = candidates.starts
    table = np.ones((len(query), int(max(starts[j + 1] - starts[j] for j in some)), len(some)), np.float32)
    for place, j in enumerate(some):
        cosines = query @ candidates.frames[starts[j] : starts[j + 1]].T
        table[:, : cosines.shape[1], place] = np.arccos(np.clip(cosines, -1.0, 1.0)) / np.float32(np.pi)
    return table


def _walk(table: F32, lengths: NDArray[np.int64]) -> F32:
    """Cost by length of the cheapest path to (last, last) of each candidate. Among equals a diagonal step goes first, then one along the query."""
    rows, columns, count = table.shape
    before = np.full((rows + 1, count), np.inf)  # the diagonal two steps back, by row
    last = np.full((rows + 1, count), np.inf)
    steps_before, steps_last = np.zeros((rows + 1, count)), np.zeros((rows + 1, count))
    before[0] = 0.0
    found = np.empty(count, np.float32)
    for diagonal in range(2, rows + columns + 1):
        first, stop = max(1, diagonal - columns), min(rows, diagonal - 1) + 1
        at = np.arange(first, stop)
        now, steps = np.full((rows + 1, count), np.inf), np.zeros((rows + 1, count))
        best, length = before[first - 1 : stop - 1], steps_before[first - 1 : stop - 1]
        for cost, so_far in ((last[first - 1 : stop - 1], steps_last[first - 1 : stop - 1]), (last[first:stop], steps_last[first:stop])):
            length = np.where(cost < best, so_far, length)
            best = np.minimum(cost, best)
        now[first:stop] = best + table[at - 1, diagonal - at - 1]
        steps[first:stop] = length + 1
        ended = np.flatnonzero(lengths == diagonal - rows)
        found[ended] = now[rows, ended] / steps[rows, ended]
        before, last, steps_before, steps_last = last, now, steps_last, steps
    return found
