"""ABX: can two categories be told apart by distance? The error of a cell is how often X is nearer to B than to A, X being of A's kind. Any thread.

A token has what is tested (`on`), a context that A, B and X share (`by`), and a speaker. Within speakers all three share the
speaker; across speakers A and B share one and X has another. Errors are averaged over contexts (and speakers of X), then over speakers
of A and B, then over ordered pairs, as fastabx 0.9 does it by default.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
MODES = ("within", "across")
MOST_TOKENS = 10
MOST_X_ACROSS = 5


@dataclass(frozen=True, slots=True)
class Token:
    """One sound to be told apart."""

    on: str
    by: str = ""
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of the tokens of one comparison."""

    on: tuple[str, str]
    by: str
    speakers: tuple[str, ...]
    a: tuple[int, ...]
    b: tuple[int, ...]
    x: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """The error over all, of each pair (both ways together), how many cells and comparisons it rests on; of each pair as each speaker (of A and B) says it."""

    error: float
    pairs: Mapping[tuple[str, str], float] = field(default_factory=dict)
    cells: int = 0
    comparisons: int = 0
    by_speaker: Mapping[tuple[str, str, str], float] = field(default_factory=dict)


def cells(tokens: Sequence[Token], mode: str = "within", *, seed: int = 0, most: int = MOST_TOKENS, most_x: int = MOST_X_ACROSS) -> Iterator[Cell]:
    """Every comparison the tokens allow. Of more than `most` tokens of a kind in a cell some are drawn."""
    chance = np.random.default_rng(seed)
    kinds: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, token in enumerate(tokens):
        kinds[token.by, token.speaker][token.on].append(row)
    for (by, speaker), here in sorted(kinds.items()):
        for one in sorted(here):
            for other in sorted(here):
                if one == other:
                    continue
                a, b = _some(here[one], most, chance), _some(here[other], most, chance)
                if mode == "within":
                    if len(a) > 1:
                        yield Cell((one, other), by, (speaker,), a, b, a)
                else:
                    for (context, third), there in sorted(kinds.items()):
                        if context == by and third != speaker and one in there:
                            yield Cell((one, other), by, (speaker, third), a, b, _some(there[one], most_x, chance))


def cell_errors(to_a: NDArray[np.floating], to_b: NDArray[np.floating], same: bool) -> tuple[float, int]:
    """Errors and comparisons of one cell. Rows are x: 1 where x is farther from a than from b, 1/2 where it is as far. `same`: X are the very tokens of A."""
    wrong = (to_a[:, :, None] > to_b[:, None, :]) + 0.5 * (to_a[:, :, None] == to_b[:, None, :])
    counts = np.ones(wrong.shape, np.bool_)
    if same:
        counts &= ~np.eye(len(to_a), dtype=np.bool_)[:, :, None]
    return float(wrong[counts].sum()), int(counts.sum())


def score(distances: NDArray[np.floating], wanted: Iterable[Cell]) -> Scored:
    """The error over cells, from the distances of all tokens to all."""
    by_pair: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    number = comparisons = 0
    for cell in wanted:
        same = cell.x == cell.a
        wrong, count = cell_errors(distances[np.ix_(cell.x, cell.a)], distances[np.ix_(cell.x, cell.b)], same)
        if count:
            by_pair[cell.on][cell.speakers[0]].append(wrong / count)
            number, comparisons = number + 1, comparisons + count
    directed = {pair: float(np.mean([np.mean(errors) for errors in speakers.values()])) for pair, speakers in by_pair.items()}
    both: dict[tuple[str, str], list[float]] = defaultdict(list)
    said: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for (one, other), error in directed.items():
        pair = (min(one, other), max(one, other))
        both[pair].append(error)
        for speaker, errors in by_pair[one, other].items():
            said[*pair, speaker].append(float(np.mean(errors)))
    pairs = {pair: float(np.mean(errors)) for pair, errors in sorted(both.items())}
    by_speaker = {key: float(np.mean(errors)) for key, errors in sorted(said.items())}
    return Scored(float(np.mean(list(directed.values()))) if directed else float("nan"), pairs, number, comparisons, by_speaker)


def languages_apart(distances: NDArray[np.floating], languages: Sequence[str], speakers: Sequence[str], *, seed: int = 0) -> Scored:
    """Language ABX: are utterances of one language nearer to each other than to another's, whoever speaks? X is another speaker than A."""
    chance = np.random.default_rng(seed)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    comparisons = 0
    rows = {language: [i for i, one in enumerate(languages) if one == language] for language in sorted(set(languages))}
    for one, mine in rows.items():
        for other, theirs in rows.items():
            if one == other:
                continue
            for x in _some(mine, 10 * MOST_TOKENS, chance):
                a = [i for i in mine if i != x and speakers[i] != speakers[x]]
                b = [i for i in theirs if speakers[i] != speakers[x]]
                wrong, count = cell_errors(distances[[x]][:, a], distances[[x]][:, b], False)
                if count:
                    found[min(one, other), max(one, other)].append(wrong / count)
                    comparisons += count
    pairs = {pair: float(np.mean(errors)) for pair, errors in sorted(found.items())}
    return Scored(float(np.mean(list(pairs.values()))) if pairs else float("nan"), pairs, sum(map(len, found.values())), comparisons)


def _some(rows: Sequence[int], most: int, chance: np.random.Generator) -> tuple[int, ...]:
    if len(rows) <= most:
        return tuple(rows)
    return tuple(int(rows[i]) for i in np.sort(chance.choice(len(rows), most, replace=False)))
