"""How sure a figure is: bootstrap over sentences (not over pairs, which are not independent), permutation tests, seeds. Any thread.

Every function takes a seed and gives the same numbers for the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.ranking import Mask, same

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


def bootstrap(values: Sequence[float] | F64, groups: Sequence[str], *, seed: int = 0) -> Interval:
    """The interval of a mean. `groups` names the sentence (meaning) of each value; sentences are drawn, with all their values."""
    sums, counts = by_group(values, groups)
    return interval(_resampled(sums, counts, seed))


def bootstrap_difference(one: Sequence[float] | F64, other: Sequence[float] | F64, groups: Sequence[str], *, seed: int = 0) -> Interval:
    """The interval of the difference of two means over the same items: `other` less `one`."""
    return bootstrap(np.asarray(other, np.float64) - np.asarray(one, np.float64), groups, seed=seed)


def bootstrap_ratio(parts: Sequence[float] | F64, wholes: Sequence[float] | F64, groups: Sequence[str], *, seed: int = 0) -> Interval:
    """The interval of sum(parts) / sum(wholes), as an error rate is one; sentences are drawn."""
    top, _ = by_group(parts, groups)
    bottom, _ = by_group(wholes, groups)
    return interval(_resampled(top, bottom, seed))


def interval(draws: F64) -> Interval:
    """The interval that holds 95 of 100 draws."""
    if not len(draws):
        return Interval(float("nan"), float("nan"))
    low, high = np.percentile(draws, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Interval(float(low), float(high))


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """What an exchange test needs of one matrix: the meaning each query asks for and the one it found first (-1: no single one), as numbers of `meanings`."""

    asked: NDArray[np.int64]
    first: NDArray[np.int64]
    meanings: tuple[str, ...]


def exchange(scores: NDArray[np.floating], queries: Sequence[str], candidates: Sequence[str], allowed: Mask | None = None) -> Exchange:
    """Boil a matrix of scores down; queries that no candidate could answer are left out."""
    meanings = tuple(sorted(set(queries) & set(candidates)))
    numbers = {meaning: number for number, meaning in enumerate(meanings)}
    there = np.array([numbers.get(meaning, len(meanings) + at) for at, meaning in enumerate(candidates)], np.int64)
    first = _first_meaning(scores, there, allowed)
    first[first >= len(meanings)] = -1
    asked = np.array([numbers.get(meaning, -1) for meaning in queries], np.int64)
    right = same(queries, candidates)
    can = (right if allowed is None else right & allowed).any(axis=1)
    return Exchange(asked[can], first[can], meanings)


def permutation_p(parts: Sequence[Exchange], *, seed: int = 0) -> float:
    """How often exchanging meanings at random gives at least the R@1 that was seen (mean over the parts), (1 + hits) / (draws + 1).

    Whole meanings change places, in all parts alike: repetitions of one word, and one sentence in many pairs, are not independent.
    """
    parts = [part for part in parts if len(part.asked)]
    if not parts:
        return 1.0
    every = sorted({meaning for part in parts for meaning in part.meanings})
    places = {meaning: at for at, meaning in enumerate(every)}
    order = _orders(len(every), seed)
    seen, drawn = 0.0, np.zeros(RESAMPLES)
    for part in parts:
        exchanged = order[:, [places[meaning] for meaning in part.meanings]].argsort(axis=1)
        seen += float((part.asked == part.first).mean())
        drawn += (exchanged[:, part.asked] == part.first).mean(axis=1)
    return float(1 + (drawn >= seen - 1e-9).sum()) / (RESAMPLES + 1)


@lru_cache(maxsize=8)
def _orders(count: int, seed: int) -> F64:
    return np.random.default_rng(seed).random((RESAMPLES, count))


@lru_cache(maxsize=8)
def drawn_sentences(count: int, seed: int) -> F64:
    """How often each of so many sentences occurs in each resample."""
    drawn: F64 = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)
    return drawn


def _first_meaning(scores: NDArray[np.floating], meanings: NDArray[np.int64], allowed: Mask | None) -> NDArray[np.int64]:
    """The meaning of the best candidate of each query; -1 where it is not one."""
    values = np.where(np.isnan(scores) | (False if allowed is None else ~allowed), -np.inf, scores)
    best = (values == values.max(axis=1, keepdims=True)) & np.isfinite(values)
    low = np.where(best, meanings[None, :], meanings.max() + 1).min(axis=1)
    high = np.where(best, meanings[None, :], -1).max(axis=1)
    return np.where(low == high, high, -1)


def by_group(values: Sequence[float] | F64, groups: Sequence[str]) -> tuple[F64, F64]:
    """Sum and number of the values of each group, groups in order of appearance."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    index = np.array([numbers[group] for group in groups], np.int64)
    sums = np.bincount(index, np.asarray(values, np.float64), len(numbers)).astype(np.float64)
    return sums, np.bincount(index, minlength=len(numbers)).astype(np.float64)


def _resampled(sums: F64, counts: F64, seed: int) -> F64:
    if not len(sums):
        return np.zeros(0)
    drawn = drawn_sentences(len(sums), seed)
    whole = drawn @ counts
    return np.divide(drawn @ sums, whole, out=np.zeros(RESAMPLES), where=whole > 0)
