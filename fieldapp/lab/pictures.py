"""Find a word in recordings by pictures alone: what do those share whose pictures show a thing, that the others lack? No training. Any thread.

For each frame of a recording whose picture shows the thing: the sum of its best cosines with other such recordings, less the same
with equally many recordings whose pictures do not show it. Smoothed, the best stretch is where the word is said, and how far it
stands out says how sure that is. After Pirlogeanu, Oneata, Cucu and Kamper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.speech.embed import unit

F32 = NDArray[np.float32]

MOST = 50
"""Recordings compared with, on each side."""
SMOOTH_S = 0.08
LOCAL = 0.7
"""The stretch reaches as far as the score stays above this share of its height."""
SHORTEST_S = 0.2
AFTER_S = 0.1
"""What is added behind, because a word is over only when its last sound is: as the paper has it."""
WAYS = ("contrast", "with only", "random")
"""With and without the thing; only what recordings with it share; chance."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of an utterance, in seconds, in which the word may be said, and how far it stands out."""

    row: int
    start: float
    stop: float
    score: float


def frame_scores(row: int, frames: Sequence[F32], positives: Sequence[int], negatives: Sequence[int]) -> F32:
    """The score of each frame of one utterance: what it shares with the positives, less what it shares with the negatives, as means."""
    own = unit(frames[row])
    score = np.zeros(len(own), np.float32)
    for sign, others in ((1.0, positives), (-1.0, negatives)):
        rest = [other for other in others if other != row]
        for other in rest:
            score += np.float32(sign / len(rest)) * (own @ unit(frames[other]).T).max(axis=1)
    return score


def find(frames: Sequence[F32], times: Sequence[F32], shows: Sequence[bool], seed: int, way: str = "contrast") -> list[Candidate]:
    """A candidate in every utterance whose picture shows the thing, surest first."""
    showing = [row for row, yes in enumerate(shows) if yes]
    lacking = [row for row, yes in enumerate(shows) if not yes]
    found = []
    for row in showing:
        chance = np.random.default_rng((seed, row))
        others = [other for other in showing if other != row]
        positives = _some(others, min(MOST, len(others)), chance)
        negatives = _some(lacking, min(MOST, len(lacking)), chance) if way == "contrast" else []
        drawn = chance.standard_normal(len(frames[row])).astype(np.float32)
        score = drawn if way == "random" else frame_scores(row, frames, positives, negatives)
        found.append(_stretch(row, _smoothed(score, times[row]), times[row]))
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.row))


def labels_of(picture: str, labels: str) -> set[str]:
    """What a picture shows, in words: its labels (parted by ; or ,), and the words of its file's name."""
    name = picture.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    words = [*labels.replace(",", ";").split(";"), *name.replace("-", "_").split("_")]
    return {" ".join(word.casefold().split()) for word in words if word.strip()}


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Intersection over union of two stretches of time."""
    both = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    either = max(one[1], other[1]) - min(one[0], other[0])
    return both / either if either > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Strung:
    """Utterances made of several single words by one voice, so that every word's place is known: the sound, and word, start and stop (seconds)."""

    audio: F32
    speaker: str
    words: tuple[tuple[str, float, float], ...]

    @property
    def shown(self) -> set[str]:
        return {word for word, _, _ in self.words}


def string_together(words: Sequence[str], speakers: Sequence[str], sounds: Sequence[F32], count: int, rate: int, seed: int) -> list[Strung]:
    """All single words, `count` to an utterance, speaker by speaker in an order of chance; no word twice in one utterance where that can be had."""
    found: list[Strung] = []
    for speaker in sorted(set(speakers)):
        chance = np.random.default_rng((seed, len(found)))
        waiting = [int(row) for row in chance.permutation([row for row, other in enumerate(speakers) if other == speaker])]
        while len(waiting) >= count:
            chosen: list[int] = []
            for row in list(waiting):
                if len(chosen) < count and words[row] not in {words[other] for other in chosen}:
                    chosen.append(row)
            chosen += [row for row in waiting if row not in chosen][: count - len(chosen)]
            waiting = [row for row in waiting if row not in chosen]
            edges = np.cumsum([0, *(len(sounds[row]) for row in chosen)]) / rate
            spans = tuple((words[row], float(start), float(stop)) for row, start, stop in zip(chosen, edges, edges[1:]))
            found.append(Strung(np.concatenate([sounds[row] for row in chosen]), speaker, spans))
    return found


def _some(rows: Sequence[int], count: int, chance: np.random.Generator) -> list[int]:
    return [int(row) for row in chance.choice(np.array(rows, np.int64), count, replace=False)] if count else []


def _smoothed(score: F32, times: F32) -> F32:
    """A Gaussian over neighbours in time, so that one lucky frame is no word."""
    weights = np.exp(-0.5 * ((times[:, None] - times[None, :]) / SMOOTH_S) ** 2)
    made: F32 = (weights @ score / weights.sum(axis=1)).astype(np.float32)
    return made


def _stretch(row: int, score: F32, times: F32) -> Candidate:
    """From the best frame as far as the score stays high; how far it stands out of the rest is its score."""
    best = int(score.argmax())
    low = float(np.median(score))
    limit = low + LOCAL * (float(score[best]) - low)
    first = last = best
    while first > 0 and score[first - 1] >= limit:
        first -= 1
    while last + 1 < len(score) and score[last + 1] >= limit:
        last += 1
    step = float(np.median(np.diff(times))) if len(times) > 1 else SHORTEST_S
    start, stop = float(times[first]), float(times[last]) + step
    air = max(0.0, SHORTEST_S - (stop - start)) / 2
    return Candidate(row, max(0.0, start - air), stop + air + AFTER_S, float(score[best]))
