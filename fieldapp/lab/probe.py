"""What is in a vector: how well meaning, words, speaker, place and duration can be read off it, each beside chance and a control task. Any thread.

A probe learns on some utterances and is asked about others that share neither what is probed by accident nor its carrier: meaning is
read from speakers the probe has not heard, speaker and place from meanings it has not heard, words from other sentences. The
control task is the same probe on labels dealt out at random: what it reads is memory, not knowledge.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.classify import balanced, evened, learn
from fieldapp.lab.statistics import Interval, bootstrap, bootstrap_ratio
from fieldapp.lab.utterances import Utterance
from fieldapp.lab.wording import unicode_letters

FOLDS = 4
LENGTHS = ("short", "middle", "long")
MOST_WORDS = 20
FEWEST = 8
"""Utterances with, and without, a word that is worth probing; and utterances below which nothing is probed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is read (one label an utterance, empty where it has none) and what no two folds may share."""

    name: str
    labels: tuple[str, ...]
    carriers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one probe read: shares of 1. `above` is accuracy between chance (0) and everything (1)."""

    task: str
    n: int
    classes: int
    chance: float
    accuracy: float
    interval: Interval
    control: float

    @property
    def above(self) -> float:
        return (self.accuracy - self.chance) / max(1e-9, 1 - self.chance)

    @property
    def selectivity(self) -> float:
        """What is left after what the probe could do by memory."""
        return self.accuracy - self.control


def tasks(utterances: Sequence[Utterance], seconds: Sequence[float], place: str) -> list[Task]:
    """Everything these utterances allow to be probed."""
    meanings = tuple(utterance.meaning or utterance.id for utterance in utterances)
    speakers = tuple(utterance.speaker for utterance in utterances)
    places = tuple(utterance.column(place) for utterance in utterances)
    found = [Task("meaning", tuple(utterance.meaning for utterance in utterances), speakers), Task("speaker", speakers, meanings)]
    one_place = {speaker: len({p for s, p in zip(speakers, places) if s == speaker}) == 1 for speaker in set(speakers)}
    voices = Counter(place for _, place in {*zip(speakers, places)} if place)
    found.append(Task("place", places, speakers if all(one_place.values()) and voices and min(voices.values()) > 1 else meanings))
    if len(seconds) > FEWEST:
        edges = np.quantile(seconds, (1 / 3, 2 / 3))
        found.append(Task("duration", tuple(LENGTHS[int(np.searchsorted(edges, length))] for length in seconds), meanings))
    return [*found, *_words(utterances, meanings)]


def read(vectors: NDArray[np.floating], task: Task, seed: int) -> Reading | None:
    """Probe vectors for one task; None where too little can be asked."""
    asked = _asked(task)
    if len(asked) < FEWEST or len({task.labels[row] for row in asked}) < 2:
        return None
    rows, wanted, said = _answers(vectors, task, asked, lambda labels: labels)
    if not rows:
        return None
    chance = np.random.default_rng((seed, int.from_bytes(hashlib.sha256(task.name.encode()).digest()[:4], "big")))
    control = balanced(*_answers(vectors, task, asked, lambda labels: [labels[i] for i in chance.permutation(len(labels))])[1:])
    weights = evened(wanted)
    hits = np.array([a == b for a, b in zip(wanted, said)]) * weights
    carriers = [task.carriers[row] for row in rows]
    classes = len({task.labels[row] for row in asked})
    return Reading(task.name, len(wanted), classes, 1 / classes, balanced(wanted, said), bootstrap_ratio(hits, weights, carriers, seed=seed), control)


def joined_words(readings: Sequence[Reading]) -> Reading | None:
    """The probes of single words as one line: their means, the interval over words."""
    some = [reading for reading in readings if reading.task.startswith("word ")]
    if not some:
        return None
    accuracies = [reading.accuracy for reading in some]
    between = bootstrap(accuracies, [reading.task for reading in some])
    return Reading(
        f"words ({len(some)})",
        round(float(np.mean([r.n for r in some]))),
        2,
        0.5,
        float(np.mean(accuracies)),
        between,
        float(np.mean([r.control for r in some])),
    )


def warning(readings: Sequence[Reading]) -> str:
    """A sentence where who or where is easier to read off than what was meant."""
    by_name = {reading.task: reading for reading in readings}
    meaning = by_name.get("meaning")
    louder = [name for name in ("speaker", "place") if meaning and name in by_name and by_name[name].above > meaning.above]
    return (
        f"{' and '.join(louder)} can be read off more easily than meaning: neighbours may be alike in voice or room rather than in what was said"
        if louder
        else ""
    )


def _asked(task: Task) -> list[int]:
    """Rows whose label several carriers have: one that only one carrier has can never be learned from others."""
    having: dict[str, set[str]] = {}
    for label, carrier in zip(task.labels, task.carriers):
        having.setdefault(label, set()).add(carrier)
    return [row for row, label in enumerate(task.labels) if label and len(having[label]) > 1]


def _answers(
    vectors: NDArray[np.floating], task: Task, asked: Sequence[int], dealt: Callable[[list[str]], list[str]]
) -> tuple[list[int], list[str], list[str]]:
    """Rows, truth and answers, fold by fold; `dealt` may mix the labels before anything is learned."""
    labels = dict(zip(asked, dealt([task.labels[row] for row in asked])))
    carriers = sorted({task.carriers[row] for row in asked}, key=lambda name: hashlib.sha256(name.encode()).digest())
    of = {carrier: number % min(FOLDS, len(carriers)) for number, carrier in enumerate(carriers)}
    rows: list[int] = []
    guessed: list[str] = []
    for fold in sorted(set(of.values())):
        inside = [row for row in asked if of[task.carriers[row]] != fold]
        known = {labels[row] for row in inside}
        outside = [row for row in asked if of[task.carriers[row]] == fold and labels[row] in known]
        if outside and len(known) > 1:
            reader = learn(vectors[inside], [labels[row] for row in inside])
            guessed += reader(vectors[outside])
            rows += outside
    return rows, [labels[row] for row in rows], guessed


def _words(utterances: Sequence[Utterance], meanings: tuple[str, ...]) -> list[Task]:
    """The commonest words that some sentences have and some lack."""
    texts = [set(unicode_letters(utterance.translation or utterance.transcript).split()) for utterance in utterances]
    count = Counter(word for words in texts for word in words)
    written = sum(bool(words) for words in texts)
    common = sorted((word for word, n in count.items() if n >= FEWEST and written - n >= FEWEST), key=lambda word: (abs(2 * count[word] - written), word))
    answers = [
        Task(f"word {word}", tuple(("with" if word in words else "without") if words else "" for words in texts), meanings) for word in common[:MOST_WORDS]
    ]
    return [task for task in answers if len({meaning for meaning, label in zip(meanings, task.labels) if label == "with"}) >= FOLDS]
