"""Labels for utterances with no or few examples: by the label's own words, by texts that carry it, by 1 to 16 spoken examples. Any thread.

What is asked is never shared with what was learned from: neither a speaker nor a meaning, where the utterances allow that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.classify import balanced, evened, learn
from fieldapp.lab.statistics import Interval, bootstrap_ratio
from fieldapp.speech.embed import unit

SHOTS = (1, 4, 16)
DRAWS = 20
PERMUTATIONS = 1000
Vectors = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Labelled:
    """How well one way gives labels: balanced accuracy with its interval over meanings; `p` where chance was tried out."""

    way: str
    n: int
    classes: int
    accuracy: float
    interval: Interval
    p: float | None = None

    @property
    def chance(self) -> float:
        return 1 / self.classes


@dataclass(frozen=True, slots=True)
class Halves:
    """Rows to learn from and rows to be asked about; `strict` when they share neither speaker nor meaning."""

    learn: tuple[int, ...]
    ask: tuple[int, ...]
    strict: bool


def halves(labels: Sequence[str], speakers: Sequence[str], meanings: Sequence[str]) -> Halves:
    """Every second speaker and, within each label, every second meaning is asked about; the rest of those voices and meanings is left out."""
    order = {speaker: number for number, speaker in enumerate(sorted(set(speakers)))}
    of_label: dict[str, set[str]] = {}
    for label, meaning in zip(labels, meanings):
        of_label.setdefault(label, set()).add(meaning)
    odd = {meaning: number % 2 for names in of_label.values() for number, meaning in enumerate(sorted(names))}
    voices, several = len(order) > 1, all(len(names) > 1 for names in of_label.values())
    asked, left = [], []
    for row, (speaker, meaning) in enumerate(zip(speakers, meanings)):
        sides = [order[speaker] % 2] * voices + [odd[meaning]] * several or [row % 2]
        if all(sides):
            asked.append(row)
        elif not any(sides):
            left.append(row)
    return Halves(tuple(left), tuple(asked), voices and several)


def by_words(vectors: Vectors, names: Vectors, classes: Sequence[str], labels: Sequence[str], meanings: Sequence[str], seed: int) -> Labelled:
    """No example at all: the label whose own words lie nearest. `p`: how often labels dealt out at random fare as well."""
    guessed = [classes[best] for best in (unit(vectors) @ unit(names).T).argmax(axis=1)]
    chance = np.random.default_rng(seed)
    seen = balanced(labels, guessed)
    as_well = sum(balanced([labels[i] for i in chance.permutation(len(labels))], guessed) >= seen for _ in range(PERMUTATIONS))
    return _labelled("label words, no example", labels, guessed, meanings, classes, seed, (1 + as_well) / (1 + PERMUTATIONS))


def across(way: str, known: Vectors, known_labels: Sequence[str], asked: Vectors, labels: Sequence[str], meanings: Sequence[str], seed: int) -> Labelled:
    """A classifier learned from one kind of vectors, asked about another kind (or the same)."""
    reader = learn(unit(known), known_labels)
    return _labelled(way, labels, reader(unit(asked)), meanings, reader.classes, seed)


def few_shot(
    known: Vectors, known_labels: Sequence[str], asked: Vectors, labels: Sequence[str], meanings: Sequence[str], shots: int, seed: int
) -> Labelled | None:
    """So many spoken examples a label, drawn many times; None where a label has fewer."""
    rows = {label: [row for row, other in enumerate(known_labels) if other == label] for label in sorted(set(known_labels))}
    if min(map(len, rows.values())) < shots:
        return None
    chance = np.random.default_rng((seed, shots))
    weights = evened(labels)
    found, hits = [], np.zeros(len(labels))
    for _ in range(DRAWS):
        chosen = [int(row) for some in rows.values() for row in chance.choice(some, shots, replace=False)]
        guessed = learn(unit(known[chosen]), [known_labels[row] for row in chosen])(unit(asked))
        found.append(balanced(labels, guessed))
        hits += weights * np.array([a == b for a, b in zip(labels, guessed)])
    between = bootstrap_ratio(hits / DRAWS, weights, meanings, seed=seed)
    return Labelled(f"{shots} spoken example{'s' if shots > 1 else ''} a label", len(labels), len(rows), float(np.mean(found)), between)


@dataclass(frozen=True, slots=True)
class Spotted:
    """One keyword: how many of the first ten hold it, average precision, and what chance gives for both."""

    word: str
    n: int
    positives: int
    p10: float
    precision: float

    @property
    def chance(self) -> float:
        return self.positives / self.n


def spotted(word: str, scores: Vectors, holds: NDArray[np.bool_]) -> Spotted:
    """How a ranking by score fares for a word; ties count against it."""
    order = np.lexsort((holds, -np.asarray(scores, np.float64)))
    hits = holds[order]
    places = np.flatnonzero(hits)
    precision = float(((np.arange(len(places)) + 1) / (places + 1)).mean())
    return Spotted(word, len(hits), len(places), float(hits[:10].mean()), precision)


def _labelled(
    way: str, labels: Sequence[str], guessed: Sequence[str], meanings: Sequence[str], classes: Sequence[str], seed: int, p: float | None = None
) -> Labelled:
    weights = evened(labels)
    between = bootstrap_ratio(weights * np.array([a == b for a, b in zip(labels, guessed)]), weights, meanings, seed=seed)
    return Labelled(way, len(labels), len(classes), balanced(labels, guessed), between, p)
