"""How sure a figure is: bootstrap over sentences (not over pairs, which are not independent), permutation tests, seeds. Any thread.

Every function takes a seed and gives the same numbers for the same seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.ranking import Mask, ranks, same

F64 = NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure would lie in 95 of 100 repetitions with other sentences."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.low:.1f}-{100 * self.high:.1f}"


def bootstrap(values: Sequence[float] | F64, groups: Sequence[str], *, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """The interval of a mean. `groups` names the sentence (meaning) of each value; sentences are drawn, with all their values."""
    sums, counts = by_group(values, groups)
    return _percentiles(_resampled(sums, counts, seed, resamples))


def bootstrap_difference(one: Sequence[float] | F64, other: Sequence[float] | F64, groups: Sequence[str], *, seed: int = 0) -> Interval:
    """The interval of the difference of two means over the same items: `other` less `one`."""
    return bootstrap(np.asarray(other, np.float64) - np.asarray(one, np.float64), groups, seed=seed)


def bootstrap_ratio(parts: Sequence[float] | F64, wholes: Sequence[float] | F64, groups: Sequence[str], *, seed: int = 0) -> Interval:
    """The interval of sum(parts) / sum(wholes), as an error rate is one; sentences are drawn."""
    top, _ = by_group(parts, groups)
    bottom, _ = by_group(wholes, groups)
    return _percentiles(_resampled(top, bottom, seed, RESAMPLES))


def resampled(compute: Callable[[NDArray[np.int64]], float], count: int, *, seed: int = 0, resamples: int = RESAMPLES) -> F64:
    """What `compute` gives for so many draws of `count` sentences, for figures that are no mean."""
    chance = np.random.default_rng(seed)
    return np.array([compute(chance.integers(0, count, count)) for _ in range(resamples)])


def interval(draws: F64) -> Interval:
    """The interval that holds 95 of 100 draws."""
    return _percentiles(draws)


def permutation_p(scores: NDArray[np.floating], queries: Sequence[str], candidates: Sequence[str], allowed: Mask | None = None, *, seed: int = 0) -> float:
    """How often exchanging meanings at random gives at least the R@1 that was seen, (1 + hits) / (draws + 1).

    Whole meanings are exchanged, not single queries: repetitions of one word are not independent. Where candidates of different
    meanings share the first place, nobody has it.
    """
    right = same(queries, candidates)
    seen = ranks(scores, right, allowed).hits(1).sum()
    meanings = {meaning: number for number, meaning in enumerate(dict.fromkeys((*queries, *candidates)))}
    asked = np.array([meanings[meaning] for meaning in queries], np.int64)
    first = _first_meaning(scores, np.array([meanings[meaning] for meaning in candidates], np.int64), allowed)
    chance = np.random.default_rng(seed)
    common = np.flatnonzero(np.isin(np.arange(len(meanings)), asked))  # only what is asked about changes places
    beaten = 0
    for _ in range(RESAMPLES):
        exchanged = np.arange(len(meanings))
        exchanged[common] = chance.permutation(common)
        beaten += bool((exchanged[asked] == first).sum() >= seen)
    return (1 + beaten) / (RESAMPLES + 1)


def _first_meaning(scores: NDArray[np.floating], meanings: NDArray[np.int64], allowed: Mask | None) -> NDArray[np.int64]:
    """The meaning of the best candidate of each query; -1 where it is not one."""
    values = np.where(np.isnan(scores) | (False if allowed is None else ~allowed), -np.inf, scores)
    best = (values == values.max(axis=1, keepdims=True)) & np.isfinite(values)
    low = np.where(best, meanings[None, :], len(meanings) + meanings.max() + 1).min(axis=1)
    high = np.where(best, meanings[None, :], -1).max(axis=1)
    return np.where(low == high, high, -1)


def by_group(values: Sequence[float] | F64, groups: Sequence[str]) -> tuple[F64, F64]:
    """Sum and number of the values of each group, groups in order of appearance."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    index = np.array([numbers[group] for group in groups], np.int64)
    sums = np.bincount(index, np.asarray(values, np.float64), len(numbers)).astype(np.float64)
    return sums, np.bincount(index, minlength=len(numbers)).astype(np.float64)


def _resampled(sums: F64, counts: F64, seed: int, resamples: int) -> F64:
    if not len(sums):
        return np.zeros(0)
    chance = np.random.default_rng(seed)
    drawn = chance.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), resamples)
    whole = drawn @ counts
    return np.divide(drawn @ sums, whole, out=np.zeros(resamples), where=whole > 0)


def _percentiles(draws: F64) -> Interval:
    if not len(draws):
        return Interval(float("nan"), float("nan"))
    low, high = np.percentile(draws, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Interval(float(low), float(high))
