"""Retrieval from a matrix of scores: ranks, R@k, MRR, nDCG. Ties count against the system, so a collapsed model scores nothing. Any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KS = (1, 5, 10)
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Where the right answer came for each query that has one. `rows` are those queries, `pool` how many could be chosen, `right` how many were right."""

    rows: NDArray[np.int64]
    ranks: NDArray[np.int64]
    pool: NDArray[np.int64]
    right: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def hits(self, k: int) -> NDArray[np.float64]:
        """1 for each query whose right answer is among the first k, else 0."""
        return (self.ranks <= k).astype(np.float64)

    @property
    def chance(self) -> NDArray[np.float64]:
        """For each query, how likely a draw at random would put a right answer first: 1/N with one right answer among N."""
        return self.right / self.pool

    def figures(self, ks: Sequence[int] = KS) -> dict[str, float]:
        """R@k, MRR, mean rank, how many queries, and R@1 by chance."""
        if not len(self):
            return {"n": 0}
        found = {f"R@{k}": float(self.hits(k).mean()) for k in ks}
        return {"n": len(self), "chance": float(self.chance.mean()), **found, "MRR": float((1 / self.ranks).mean()), "mean_rank": float(self.ranks.mean())}


def ranks(scores: NDArray[np.floating], right: Mask, allowed: Mask | None = None) -> Ranks:
    """Rank = 1 + the wrong candidates that score as high as the best right one, or higher. Candidates that are not allowed do not take part.

    A score that is no number loses against everything, on the right side, and beats everything on the wrong one.
    """
    values = np.asarray(scores, np.float64)
    may = np.ones(values.shape, np.bool_) if allowed is None else allowed
    gold, wrong = right & may, ~right & may
    best = np.where(gold, np.nan_to_num(values, nan=-np.inf), -np.inf).max(axis=1)
    rows = np.flatnonzero(gold.any(axis=1))
    better = (wrong & ~(values < best[:, None])).sum(axis=1)
    return Ranks(rows, 1 + better[rows], may.sum(axis=1)[rows], gold.sum(axis=1)[rows])


def same(queries: Sequence[str], candidates: Sequence[str]) -> Mask:
    """Which candidates carry the query's own label (its meaning, its speaker)."""
    labels = {label: number for number, label in enumerate(dict.fromkeys((*queries, *candidates)))}
    one, other = (np.array([labels[label] for label in side], np.int64) for side in (queries, candidates))
    alike: Mask = one[:, None] == other[None, :]
    return alike


def ndcg(scores: NDArray[np.floating], right: Mask, k: int) -> float:
    """nDCG@k with binary relevance; the ideal list has min(k, number of right answers) of them first. A right answer comes last among equals."""
    gains = []
    discount = 1 / np.log2(np.arange(2, k + 2))
    for row, relevant in zip(np.asarray(scores, np.float64), right):
        if relevant.any():
            order = np.lexsort((relevant, -row))[:k]
            gains.append(float((relevant[order] * discount[: len(order)]).sum() / discount[: min(k, int(relevant.sum()))].sum()))
    return float(np.mean(gains)) if gains else float("nan")
