"""Speech-to-speech retrieval between varieties: for every ordered pair of units, does a recording find the same meaning on the other side? Any thread.

A unit is one place, variety or speaker; a group is several units (a cell of the heat map is the mean over all pairs of units). One
matrix serves both directions. Intervals come from drawing sentences, the same ones for all pairs of a cell.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.hearing import Heard
from fieldapp.lab.metrics import csls
from fieldapp.lab.ranking import Mask, Ranks, ndcg, ranks, same
from fieldapp.lab.similarity import Compare
from fieldapp.lab.statistics import Exchange, Interval, bootstrap, drawn_sentences, exchange, interval, permutation_p
from fieldapp.lab.utterances import Utterance, meanings_of

NDCG_K = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """Two units and their recordings of the meanings both have. `source` is `target` where one unit is asked about itself (other speakers)."""

    source: str
    target: str
    queries: tuple[int, ...]
    candidates: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One direction of one pair: the scores, where the right answers came, how sure it is."""

    pair: Pair
    scores: NDArray[np.floating]
    ranks: Ranks
    sentences: tuple[str, ...]
    interval: Interval
    exchange: Exchange
    p: float
    ndcg: float

    @property
    def figures(self) -> dict[str, float]:
        """n, chance, R@k, MRR, mean rank, nDCG@5."""
        return self.ranks.figures() | {f"nDCG@{NDCG_K}": self.ndcg}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A query that found something else first: rows of the selection, and the scores."""

    query: int
    first: int
    right: int
    score: float
    right_score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean of a figure over pairs, with its interval over sentences."""

    value: float
    interval: Interval
    pairs: int
    n: int
    chance: float
    p: float = 1.0


def pairs_between(utterances: Sequence[Utterance], units: Mapping[str, Sequence[int]], *, within: bool = False, against: str = "") -> Iterator[Pair]:
    """Every two units that share at least two meanings, each two once; with `within`, every unit with itself, too; with `against`, only this one's pairs."""
    for one, other in itertools.combinations_with_replacement(units, 2):
        if (one == other and not within) or (against and against not in (one, other)):
            continue
        both = set(meanings_of(utterances, units[one])) & set(meanings_of(utterances, units[other])) - {""}
        if len(both) > 1:
            queries, candidates = (tuple(row for row in units[unit] if utterances[row].meaning in both) for unit in (one, other))
            yield Pair(one, other, queries, candidates)


def restricted(utterances: Sequence[Utterance], pair: Pair, meanings: Set[str]) -> Pair | None:
    """The pair with some of its meanings only, or None where fewer than two are left."""
    queries, candidates = (tuple(row for row in rows if utterances[row].meaning in meanings) for rows in (pair.queries, pair.candidates))
    left = set(meanings_of(utterances, queries)) & set(meanings_of(utterances, candidates))
    return Pair(pair.source, pair.target, queries, candidates) if len(left) > 1 else None


def allowed_between(utterances: Sequence[Utterance], pair: Pair, *, speaker_disjoint: bool) -> Mask | None:
    """Which candidates may answer: never the recording itself and, when asked for, never one by the same speaker."""
    itself = np.array(pair.queries)[:, None] == np.array(pair.candidates)[None, :]
    if speaker_disjoint:
        itself |= same([utterances[row].speaker for row in pair.queries], [utterances[row].speaker for row in pair.candidates])
    return ~itself if itself.any() else None


def retrieve(
    utterances: Sequence[Utterance], heard: Heard, pair: Pair, compare: Compare, *, speaker_disjoint: bool = False, hubs: bool = False, seed: int = 0
) -> list[Found]:
    """Both directions of a pair (or the one there is, of a unit with itself). `hubs`: take hubness out first (CSLS)."""
    scores = np.asarray(compare(heard, pair.queries, pair.candidates), np.float64)
    scores = csls(scores) if hubs else scores
    may = allowed_between(utterances, pair, speaker_disjoint=speaker_disjoint)
    there = _one_way(utterances, pair, scores, may, seed)
    if pair.source == pair.target:
        return [there]
    back = Pair(pair.target, pair.source, pair.candidates, pair.queries)
    return [there, _one_way(utterances, back, scores.T, None if may is None else may.T, seed)]


def _one_way(utterances: Sequence[Utterance], pair: Pair, scores: NDArray[np.floating], may: Mask | None, seed: int) -> Found:
    asked, there = meanings_of(utterances, pair.queries), meanings_of(utterances, pair.candidates)
    right = same(asked, there)
    found = ranks(scores, right, may)
    sentences = tuple(asked[row] for row in found.rows)
    sure = bootstrap(found.hits(1), sentences, seed=seed)
    exchanged = exchange(scores, asked, there, may)
    gain = ndcg(scores, right, NDCG_K) if may is None else ndcg(np.where(may, scores, -np.inf), right & may, NDCG_K)
    return Found(pair, scores, found, sentences, sure, exchanged, permutation_p([exchanged], seed=seed), gain)


def mean_over(found: Sequence[Found], k: int = 1, *, seed: int = 0) -> Figure:
    """Mean R@k over pairs. Sentences are drawn for all pairs together: fifty sentences in a hundred pairs are still fifty sentences."""
    found = [one for one in found if len(one.ranks)]
    if not found:
        return Figure(float("nan"), Interval(float("nan"), float("nan")), 0, 0, float("nan"))
    sums, counts = _by_sentence([one.ranks.hits(k) for one in found], [one.sentences for one in found])
    value = float(np.mean([one.ranks.hits(k).mean() for one in found]))
    n, chance = sum(len(one.ranks) for one in found), float(np.mean([one.ranks.chance.mean() for one in found]))
    p = permutation_p([one.exchange for one in found], seed=seed) if k == 1 else 1.0
    return Figure(value, _spread(sums, counts, seed), len(found), n, chance, p)


def _by_sentence(values: Sequence[NDArray[np.float64]], sentences: Sequence[Sequence[str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and number of values, [pairs, sentences]."""
    numbers = {sentence: at for at, sentence in enumerate(dict.fromkeys(itertools.chain.from_iterable(sentences)))}
    sums, counts = np.zeros((len(values), len(numbers))), np.zeros((len(values), len(numbers)))
    for row, (some, names) in enumerate(zip(values, sentences)):
        at = np.array([numbers[name] for name in names], np.int64)
        sums[row] = np.bincount(at, some, len(numbers))
        counts[row] = np.bincount(at, minlength=len(numbers))
    return sums, counts


def _spread(sums: NDArray[np.float64], counts: NDArray[np.float64], seed: int) -> Interval:
    drawn = drawn_sentences(sums.shape[1], seed)
    wholes = drawn @ counts.T
    means = np.divide(drawn @ sums.T, wholes, out=np.full(wholes.shape, np.nan), where=wholes > 0)
    return interval(np.nanmean(means, axis=1))


def difference(one: Sequence[Found], other: Sequence[Found], *, seed: int = 0) -> tuple[float, Interval]:
    """How much higher the mean R@1 of `other` is than that of `one`, over the same pairs and queries."""
    kept = [(a, b) for a, b in zip(one, other) if len(a.ranks) and len(b.ranks)]
    gained = [b.ranks.hits(1) - a.ranks.hits(1) for a, b in kept]
    sums, counts = _by_sentence(gained, [a.sentences for a, _ in kept])
    return float(np.mean([gain.mean() for gain in gained])), _spread(sums, counts, seed)


def wrong_answers(utterances: Sequence[Utterance], found: Found, *, speaker_disjoint: bool = False) -> list[Wrong]:
    """Every query that did not find a right answer first, the farthest off first."""
    pair, missed = found.pair, []
    may = allowed_between(utterances, pair, speaker_disjoint=speaker_disjoint)
    right = same(meanings_of(utterances, pair.queries), meanings_of(utterances, pair.candidates))
    for row, rank in zip(found.ranks.rows.tolist(), found.ranks.ranks.tolist()):
        if rank > 1:
            scores = found.scores[row] if may is None else np.where(may[row], found.scores[row], -np.inf)
            first, gold = int(np.where(right[row], -np.inf, scores).argmax()), int(np.where(right[row], scores, -np.inf).argmax())
            missed.append(Wrong(pair.queries[row], pair.candidates[first], pair.candidates[gold], float(scores[first]), float(scores[gold]), rank))
    return sorted(missed, key=lambda one: (-one.rank, one.query))


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the heat map."""

    source: str
    target: str
    figure: Figure


def heat_map(found: Sequence[Found], group_of: Mapping[str, str], *, seed: int = 0) -> list[Cell]:
    """Mean R@1 of every ordered pair of groups."""
    cells: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        cells.setdefault((group_of[one.pair.source], group_of[one.pair.target]), []).append(one)
    return [Cell(source, target, mean_over(some, seed=seed)) for (source, target), some in sorted(cells.items())]
