"""How well a space of vectors serves on speakers and meanings it has not learned from: text to speech, speech to text, speech to speech.

Pure arithmetic on arrays, any thread. The same answers, in the same order, are given for a space before and one after, so
that two can be compared query by query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.adapt.holding import Split
from fieldapp.lab.adapt.material import Example
from fieldapp.lab.ranking import Ranks, ranks, same
from fieldapp.lab.statistics import Interval, bootstrap, bootstrap_difference
from fieldapp.speech.embed import F32
from fieldapp.speech.heads import prefix

FEWEST = 20
"""Queries below which nothing is decided."""
SHELF = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """One kind of looking: how each query fared, and the meaning it belongs to."""

    asked: str
    found: Ranks
    meanings: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """The figures of one line: n, chance, R@1, R@5, MRR and the interval of R@1 over meanings."""
        figures: dict[str, Any] = dict(self.found.figures((1, 5)))
        return figures | ({"interval": asdict(self.interval())} if len(self.found) else {})

    def interval(self) -> Interval:
        """Where R@1 would lie with other meanings."""
        return bootstrap(self.found.hits(1), self.meanings)


@dataclass(frozen=True, slots=True)
class Test:
    """What is asked of every space: the test segments, what is searched through, and the texts, in terms of all examples."""

    examples: tuple[Example, ...]
    split: Split

    @property
    def searched(self) -> tuple[int, ...]:
        """Everybody's segments of the meanings held back; none of them was learned from."""
        meanings = set(self.split.meanings)
        return tuple(number for number, example in enumerate(self.examples) if example.meaning in meanings)

    def directions(self, vectors: F32, texts: F32 | None) -> list[Direction]:
        """Every way of looking in a space with these vectors; without texts only from speech to speech."""
        searched = self.searched
        test, meanings = self.split.test, [example.meaning for example in self.examples]
        said = [self._across("speech to speech, another speaker", vectors, searched, lambda one, other: one.speaker != other.speaker)]
        if len({self.examples[number].variety for number in searched}) > 1:
            said.append(self._across("speech to speech, another variety", vectors, searched, lambda one, other: one.variety != other.variety))
        if texts is None:
            return said
        written = sorted({meanings[number]: number for number in reversed(test)}.values())
        spoken, asked = [meanings[number] for number in test], [meanings[number] for number in written]
        scores = texts[written] @ vectors[list(test)].T
        to_speech, to_text = ranks(scores, same(asked, spoken)), ranks(scores.T, same(spoken, asked))
        return [Direction("text to speech", to_speech, _of(asked, to_speech)), Direction("speech to text", to_text, _of(spoken, to_text)), *said]

    def tightness(self, vectors: F32, texts: F32) -> float:
        """Mean cosine of speech with its own text less that with other meanings' texts."""
        test = list(self.split.test)
        meanings = [self.examples[number].meaning for number in test]
        scores, right = vectors[test] @ texts[test].T, same(meanings, meanings)
        return float(scores[right].mean() - scores[~right].mean()) if (~right).any() else float("nan")

    def _across(self, asked: str, vectors: F32, searched: Sequence[int], may: Any) -> Direction:
        test = self.split.test
        allowed = np.array([[one != other and may(self.examples[one], self.examples[other]) for other in searched] for one in test], np.bool_)
        meanings = [self.examples[number].meaning for number in test]
        right = same(meanings, [self.examples[number].meaning for number in searched])
        found = ranks(vectors[list(test)] @ vectors[list(searched)].T, right, allowed.reshape(right.shape))
        return Direction(asked, found, _of(meanings, found))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Before and after in one direction; `gain` is the interval of the difference in R@1. Not `had_before`: nothing could look this way."""

    asked: str
    n: int
    before: float
    after: float
    gain: Interval
    had_before: bool

    @property
    def better(self) -> bool:
        return self.gain.low > 0

    @property
    def worse(self) -> bool:
        return self.had_before and self.gain.high < 0


def compare(before: Sequence[Direction], after: Sequence[Direction]) -> list[Comparison]:
    """Each direction after beside the same before; where there was none before, beside chance."""
    earlier = {direction.asked: direction for direction in before}
    found = []
    for now in after:
        if not len(now.found):
            continue
        old = earlier[now.asked].found.hits(1) if now.asked in earlier else now.found.chance
        new = now.found.hits(1)
        gain = bootstrap_difference(old, new, now.meanings)
        found.append(Comparison(now.asked, len(new), float(old.mean()), float(new.mean()), gain, now.asked in earlier))
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to use what was made, and why, in a sentence."""

    adopt: bool
    why: str


def judge(compared: Sequence[Comparison]) -> Verdict:
    """Use it when some way of looking is surely better and none surely worse; surely means that the 95 % interval leaves no doubt."""
    if not compared or max(one.n for one in compared) < FEWEST:
        most = max((one.n for one in compared), default=0)
        return Verdict(False, f"only {most} queries could be tested with held-back speakers and meanings, {FEWEST} are needed to tell")
    if lost := [one.asked for one in compared if one.worse]:
        return Verdict(False, f"it finds less than before: {', '.join(lost)}")
    if won := [one.asked for one in compared if one.better]:
        return Verdict(True, f"it finds more than before ({', '.join(won)}) and nothing surely got worse")
    return Verdict(False, "no way of looking got surely better: the differences could be chance")


def dimension_table(test: Test, vectors: F32, texts: F32, lengths: Sequence[int]) -> list[dict[str, Any]]:
    """What each prefix length costs and finds. Size and time are for 100,000 segments, all compared one by one, on this machine."""
    rows = []
    for length in lengths:
        cut = {direction.asked: direction for direction in test.directions(prefix(vectors, length), prefix(texts, length))}
        figures = {name: float(cut[name].found.hits(1).mean()) if len(cut[name].found) else float("nan") for name in cut}
        rows.append({"dims": length, "R@1": figures, "megabytes": SHELF * length * 2 / 1e6, "query_ms": 1e3 * _query_seconds(length)})
    return rows


def _query_seconds(length: int) -> float:
    shelf = np.resize(np.random.default_rng(0).standard_normal(1009).astype(np.float32), (SHELF, length))
    spent = []
    for _ in range(5):
        begun = perf_counter()
        np.argpartition(shelf @ shelf[0], -20)
        spent.append(perf_counter() - begun)
    return float(np.median(spent))


def _of(meanings: Sequence[str], found: Ranks) -> tuple[str, ...]:
    rows: NDArray[np.int64] = found.rows
    return tuple(meanings[row] for row in rows)
