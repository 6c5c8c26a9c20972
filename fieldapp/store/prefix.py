"""How many numbers of its vectors the graph of a space needs, how many candidates, and how widely it must be searched: measured, not guessed.

The queries are rows of the space with half of another row added, and never find these two: whoever asks is not in the space, and
rows themselves, with others by the same voice around them, are found more easily than anything new. As these queries are still easier
than words by a new voice, half the candidates must hold what is wanted. What whole vectors say is the truth. Knows no database. Any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.store.exact import F32, I64, unit
from fieldapp.store.graph import Graph

PREFIXES = (64, 128, 256, 512)
CANDIDATES = (100, 200)
WIDTHS = (100, 200, 400, 600, 800, 1200, 1600)
WANTED = 0.99
OF_THE_WIDEST = 0.998
SAMPLE, NEAREST = 128, 10
_BLOCK = 8192

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """`dims` numbers and half of `candidates` hold this share of the ten nearest. `queries`, made of the rows `made_of`, should find `truth`, ten rows each."""

    dims: int
    candidates: int
    recall: float
    queries: F32
    made_of: I64
    truth: I64


def choose(vectors: NDArray[np.floating], progress: Progress) -> Choice:
    """The shortest prefix that finds nearly everything; the whole vector where none does."""
    whole = vectors.shape[1]
    chance = np.random.default_rng(0)
    rows, others = (chance.choice(len(vectors), min(SAMPLE, len(vectors)), replace=False) for _ in range(2))
    queries = unit(unit(vectors[rows]) + np.float32(0.5) * unit(vectors[others]))
    sizes = [size for size in PREFIXES if size < whole]
    best = {size: _Nearest(len(rows), max(CANDIDATES)) for size in sizes}
    best[whole] = _Nearest(len(rows), NEAREST)
    asked = {size: unit(queries[:, :size]) for size in best}
    mine = np.concatenate([rows, others]), np.tile(np.arange(len(rows)), 2)
    for start in range(0, len(vectors), _BLOCK):
        block = unit(vectors[start : start + _BLOCK])
        own = np.flatnonzero((mine[0] >= start) & (mine[0] < start + len(block)))
        for size, nearest in best.items():
            scores = (block if size == whole else unit(block[:, :size])) @ asked[size].T
            scores[mine[0][own] - start, mine[1][own]] = -np.inf
            nearest.offer(start, scores)
        progress(start / len(vectors), f"choosing a prefix: {start:,} of {len(vectors):,}")
    truth = best.pop(whole).rows()
    for size, nearest in best.items():
        proposed = nearest.rows()
        for candidates in CANDIDATES:
            recall = _share(truth, proposed[:, : candidates // 2])
            if recall >= WANTED:
                return Choice(size, candidates, recall, queries, np.unique(mine[0]), truth)
    return Choice(whole, CANDIDATES[0], 1.0, queries, np.unique(mine[0]), truth)


def tune(graph: Graph, choice: Choice) -> float:
    """Set how widely a graph is searched: hardly worse than the widest. It must lack the rows the queries are made of, for they lead the way.

    The share of the ten nearest that it then finds.
    """
    asked = unit(choice.queries[:, : choice.dims])
    recalls = []
    for width in WIDTHS:
        graph.ef = width
        found = [graph.nearest(query, choice.candidates) for query in asked]
        recalls.append(float(np.mean([0.0 if some is None else np.isin(wanted, some).mean() for wanted, some in zip(choice.truth, found)])))
    enough = next(place for place, recall in enumerate(recalls) if recall >= OF_THE_WIDEST * recalls[-1])
    graph.ef = WIDTHS[enough]
    return recalls[enough]


class _Nearest:
    """The nearest rows of several queries, block by block."""

    def __init__(self, queries: int, count: int) -> None:
        self._count = count
        self._rows = np.zeros((0, queries), np.int64)
        self._scores = np.zeros((0, queries), np.float32)

    def offer(self, start: int, scores: F32) -> None:
        """Rows from `start` on, one a line, with their likeness to each query."""
        numbers = np.broadcast_to(np.arange(start, start + len(scores))[:, None], scores.shape)
        both, rows = np.concatenate([self._scores, scores]), np.concatenate([self._rows, numbers])
        if len(both) > self._count:
            best = np.argpartition(both, len(both) - self._count, axis=0)[-self._count :]
            both, rows = np.take_along_axis(both, best, axis=0), np.take_along_axis(rows, best, axis=0)
        self._scores, self._rows = both, rows

    def rows(self) -> I64:
        """One line a query, nearest first."""
        order = np.argsort(-self._scores, axis=0, kind="stable")
        return np.take_along_axis(self._rows, order, axis=0).T


def _share(truth: I64, found: I64) -> float:
    return float(np.mean([np.isin(wanted, some).mean() for wanted, some in zip(truth, found)])) if truth.size else 1.0
