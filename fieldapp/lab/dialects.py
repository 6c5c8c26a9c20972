"""Distances between varieties from many sentences: a map and a tree with bootstrap support, and how well two distances agree. Pure; any thread.

`likeness` tables are [sentences, units, units] with NaN where a unit lacks a sentence. A distance is 1 - the mean over the sentences two
units share. Support of a branch: in how many of 100 draws of sentences it comes out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
DRAWS = 200


@dataclass(frozen=True, slots=True)
class Fork:
    """Where two branches meet: the units under each, in order of drawing, the height, and the support of what is under it (NaN: not asked)."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    height: float
    support: float = float("nan")


def mean_distance(likeness: F64, sentences: NDArray[np.int64] | None = None) -> F64:
    """The distance of every two units, over all sentences or those that were drawn; NaN where they share none."""
    some = likeness if sentences is None else likeness[sentences]
    there = np.isfinite(some)
    count = there.sum(axis=0)
    total = np.where(there, some, 0.0).sum(axis=0)
    distance: F64 = 1.0 - np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    np.fill_diagonal(distance, 0.0)
    return distance


def tree(distance: F64) -> list[Fork]:
    """UPGMA: again and again the two nearest branches meet at half their mean distance; the last fork holds all units."""
    branches: list[tuple[int, ...]] = [(unit,) for unit in range(len(distance))]
    table = distance.astype(np.float64).copy()
    table[np.isnan(table)] = np.nanmax(table, initial=1.0)
    np.fill_diagonal(table, np.inf)
    forks = []
    while len(branches) > 1:
        a, b = sorted(divmod(int(table.argmin()), len(table)))
        forks.append(Fork(branches[a], branches[b], float(table[a, b]) / 2))
        wide = (len(branches[a]), len(branches[b]))
        joined = (table[a] * wide[0] + table[b] * wide[1]) / sum(wide)
        table[a], table[:, a] = joined, joined
        table[a, a] = np.inf
        table = np.delete(np.delete(table, b, axis=0), b, axis=1)
        branches[a] = (*branches[a], *branches[b])
        del branches[b]
    return forks


def supported_tree(likeness: F64, *, seed: int = 0, draws: int = DRAWS) -> list[Fork]:
    """The tree of all sentences, each fork with the share of draws of sentences in whose trees the same units stand together."""
    chance = np.random.default_rng(seed)
    seen: dict[frozenset[int], int] = {}
    for _ in range(draws):
        for fork in tree(mean_distance(likeness, chance.integers(0, len(likeness), len(likeness)))):
            together = frozenset((*fork.left, *fork.right))
            seen[together] = seen.get(together, 0) + 1
    whole = tree(mean_distance(likeness))
    return [Fork(fork.left, fork.right, fork.height, seen.get(frozenset((*fork.left, *fork.right)), 0) / draws) for fork in whole]


def newick(forks: Sequence[Fork], names: Sequence[str]) -> str:
    """The tree for other programs; support stands behind each inner branch in percent."""
    text: dict[tuple[int, ...], str] = {(unit,): _quoted(name) for unit, name in enumerate(names)}
    height: dict[tuple[int, ...], float] = {(unit,): 0.0 for unit in range(len(names))}
    for fork in forks:
        parts = [f"{text[side]}:{max(0.0, fork.height - height[side]):.5f}" for side in (fork.left, fork.right)]
        both = (*fork.left, *fork.right)
        text[both] = f"({','.join(parts)}){'' if fork.support != fork.support else f'{100 * fork.support:.0f}'}"
        height[both] = fork.height
    return text[max(text, key=len)] + ";\n"


def plane(distance: F64, dims: int = 2) -> tuple[F64, float]:
    """Places whose distances come nearest to the given ones (classical scaling), and the share of variance they show."""
    filled = np.where(np.isnan(distance), np.nanmax(distance, initial=1.0), distance)
    centre = np.eye(len(filled)) - 1.0 / len(filled)
    strengths, directions = np.linalg.eigh(-0.5 * centre @ (filled**2) @ centre)
    order = np.argsort(strengths)[::-1][:dims]
    kept = np.maximum(strengths[order], 0.0)
    directions = directions[:, order]
    directions = directions * np.where(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])] < 0, -1.0, 1.0)  # a sign is arbitrary
    positive = float(strengths.clip(0).sum())
    places = np.zeros((len(filled), dims))
    places[:, : len(order)] = directions * np.sqrt(kept)
    return places, float(kept.sum()) / positive if positive > 0 else 1.0


def agreement(one: F64, other: F64, *, seed: int = 0, draws: int = 1000) -> tuple[float, float]:
    """Mantel's test: the correlation of two distances over pairs of units, and how often exchanging units gives at least that (one-sided p)."""
    at = np.triu_indices(len(one), 1)
    known = np.isfinite(one[at]) & np.isfinite(other[at])
    if known.sum() < 3:
        return float("nan"), 1.0
    seen = _correlation(one[at][known], other[at][known])
    chance = np.random.default_rng(seed)
    beaten = 0
    for _ in range(draws):
        order = chance.permutation(len(one))
        mixed = one[np.ix_(order, order)][at]
        both = np.isfinite(mixed) & np.isfinite(other[at])
        beaten += _correlation(mixed[both], other[at][both]) >= seen - 1e-12
    return seen, (1 + beaten) / (draws + 1)


def _correlation(one: F64, other: F64) -> float:
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
