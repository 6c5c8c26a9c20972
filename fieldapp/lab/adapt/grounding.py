"""Do pictures help a model of two languages? Listeners of one and of two languages, each with pictures and without, for the same steps. Needs torch.

All begin alike (masked prediction on recordings without pictures), then go on with recordings made before pictures: one arm with sound
alone, one with half of its loss asking for the right picture among those of the batch. Nothing here knows the meaning head.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.abx import Token, cells, score
from fieldapp.lab.adapt import listener as listening
from fieldapp.lab.adapt.tuning import the_torch
from fieldapp.lab.dtw import dtw_matrix
from fieldapp.lab.metrics import Pool
from fieldapp.lab.ranking import ranks, same
from fieldapp.lab.statistics import Interval, drawn_sentences, interval
from fieldapp.speech.embed import F32, unit

SOUND, PICTURES = "sound alone", "with pictures"
ARMS = (SOUND, PICTURES)
ONE, TWO = "one language", "two languages"
TEMPERATURE = 0.1
BOTH = 64
F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long: steps before the arms part, steps of each arm; one run a seed; words that are told apart."""

    first: int = 300
    then: int = 200
    seeds: tuple[int, ...] = (0, 1, 2)
    words: int = 40


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """Recordings, row by row: frames, language, speaker, meaning, and which picture stood before it (-1: none). `pixels` has a row a picture."""

    frames: Sequence[F32]
    languages: Sequence[str]
    speakers: Sequence[str]
    meanings: Sequence[str]
    pictures: Sequence[int]
    pixels: F32


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """Who is held back, and the rows of a language: learned from without a picture, with one, told apart, asked for their picture."""

    held_back: Mapping[str, str]
    plain: Mapping[str, list[int]]
    shown: Mapping[str, list[int]]
    asked: Mapping[str, list[int]]
    named: Mapping[str, list[int]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one listener: the error of each word, and how often the right picture was found (None: no picture was learned)."""

    language: str
    of: str
    arm: str
    seed: int
    errors: Mapping[str, float]
    found: float | None


def roles(given: Recordings, words: int, seed: int) -> Roles:
    """One speaker of a language is held back, and words without a picture: these are told apart, never learned from."""
    every = sorted(set(given.languages))
    held = {language: sorted({s for s, other in zip(given.speakers, given.languages) if other == language})[-1] for language in every}
    chance = np.random.default_rng(seed)
    longest = max(len(frames) for frames, picture in zip(given.frames, given.pictures) if picture >= 0)
    sentences = {m for m, frames in zip(given.meanings, given.frames) if len(frames) > longest}
    single = sorted({m for m, picture in zip(given.meanings, given.pictures) if picture < 0} - sentences)
    test = {single[number] for number in chance.permutation(len(single))[:words]}
    found: dict[str, dict[str, list[int]]] = {name: {language: [] for language in every} for name in ("plain", "shown", "asked", "named")}
    for row, language in enumerate(given.languages):
        if given.meanings[row] in test:
            found["asked"][language].append(row)
        elif given.speakers[row] != held[language]:
            found["plain" if given.pictures[row] < 0 else "shown"][language].append(row)
        elif given.pictures[row] >= 0:
            found["named"][language].append(row)
    return Roles(held, found["plain"], found["shown"], found["asked"], found["named"])


def compare(given: Recordings, plan: Plan, seed: int, said: Callable[[float, str], None]) -> list[Heard]:
    """Train every listener and ask it about each language it knows."""
    parts = roles(given, plan.words, seed)
    every = sorted(parts.plain)
    wanted = [(language,) for language in every] + list(itertools.combinations(every, 2))
    heard: list[Heard] = []
    with listening.one_thread():
        for number, (languages, run) in enumerate(itertools.product(wanted, plan.seeds)):
            said(number / (len(wanted) * len(plan.seeds)), f"listening to {' and '.join(languages)}, seed {run}")
            heard += _trained(given, parts, languages, plan, run)
    return heard


def _trained(given: Recordings, parts: Roles, languages: Sequence[str], plan: Plan, seed: int) -> list[Heard]:
    torch = the_torch()
    plain = [row for language in languages for row in parts.plain[language]]
    shown = [row for language in languages for row in parts.shown[language]]
    learned = [given.frames[row] for row in (*plain, *shown)]
    ready = listening.scaled(given.frames, learned)
    centres = listening.units_of([ready[row] for row in (*plain, *shown)], seed)
    first = listening.new_listener(ready[0].shape[1], seed)
    listening.learn(first, listening.clips([ready[row] for row in (*plain, *shown)], centres), plan.first, seed)
    named = listening.clips([ready[row] for row in shown], centres)
    pictures = np.array([given.pictures[row] for row in shown])
    found = []
    for arm in ARMS:
        own = copy.deepcopy(first)
        torch.manual_seed(seed)
        eye, ear = torch.nn.Linear(given.pixels.shape[1], BOTH), torch.nn.Linear(listening.WIDTH, BOTH)
        sight = (*eye.parameters(), *ear.parameters()) if arm == PICTURES else ()
        listening.learn(own, named, plan.then, seed + 1, _contrast(given.pixels, pictures, eye, ear) if sight else None, sight)
        for language in languages:
            asked = parts.asked[language]
            states = listening.heard_by(own, [ready[row] for row in asked])
            errors = _told_apart(states, [given.meanings[r] for r in asked], [given.speakers[r] for r in asked], parts.held_back[language], seed)
            seen = _found(own, eye, ear, ready, given, parts.named[language]) if sight else None
            found.append(Heard(language, ONE if len(languages) == 1 else " and ".join(languages), arm, seed, errors, seen))
    return found


def _contrast(pixels: F32, pictures: NDArray[np.int64], eye: Any, ear: Any) -> Callable[[Any, Any, Any], Any]:
    """The right picture among those of the batch, and the right recording for each; the same picture said by somebody else is left out."""
    torch = the_torch()
    seen = torch.from_numpy(pixels)

    def loss(states: Any, inside: Any, rows: Sequence[int]) -> Any:
        which = torch.from_numpy(pictures[list(rows)])
        logits = _ears(states, inside, ear) @ torch.nn.functional.normalize(eye(seen[which]), dim=1).T / TEMPERATURE
        itself = torch.eye(len(rows), dtype=torch.bool)
        logits = logits.masked_fill((which[:, None] == which[None, :]) & ~itself, -1e4)
        target = torch.arange(len(rows))
        return 0.5 * (torch.nn.functional.cross_entropy(logits, target) + torch.nn.functional.cross_entropy(logits.T, target))

    return loss


def _ears(states: Any, inside: Any, ear: Any) -> Any:
    torch = the_torch()
    weights = inside[..., None].float()
    return torch.nn.functional.normalize(ear((states * weights).sum(dim=1) / weights.sum(dim=1)), dim=1)


def _found(own: Any, eye: Any, ear: Any, ready: Sequence[F32], given: Recordings, rows: Sequence[int]) -> float:
    """How often a speaker who was held back finds the picture that was shown first among all."""
    torch = the_torch()
    with torch.no_grad():
        frames, inside = listening.padded([ready[row] for row in rows])
        states, _ = own(frames, inside, torch.zeros_like(inside))
        spoken = _ears(states, inside, ear).numpy()
        seen = unit(eye(torch.from_numpy(given.pixels)).numpy())
    right = same([str(given.pictures[row]) for row in rows], [str(number) for number in range(len(seen))])
    return float(ranks(spoken @ seen.T, right).hits(1).mean())


def _told_apart(states: Sequence[F32], words: Sequence[str], speakers: Sequence[str], held_back: str, seed: int) -> dict[str, float]:
    """ABX across speakers, one of whom was held back: the mean error of the pairs each word is in."""
    tokens = [Token(word, "", speaker) for word, speaker in zip(words, speakers)]
    pool = Pool.of(states)
    some = [cell for cell in cells(tokens, "across", seed=seed) if held_back in cell.speakers]
    by_word: dict[str, list[float]] = {}
    for pair, error in score(dtw_matrix(pool, pool), some).pairs.items():
        for word in pair:
            by_word.setdefault(word, []).append(error)
    return {word: float(np.mean(errors)) for word, errors in sorted(by_word.items())}


@dataclass(frozen=True, slots=True)
class Gap:
    """How much worse two languages are than one, by arm, and how much pictures help each; with intervals over words."""

    errors: Mapping[tuple[str, str], float]
    gap: Mapping[str, tuple[float, Interval]]
    gain: Mapping[str, tuple[float, Interval]]
    narrower: tuple[float, Interval]
    more: tuple[float, Interval]


def gaps(heard: Sequence[Heard], seed: int) -> Gap:
    """The figure of the paper: relative gap of two languages beside one, relative gain by pictures. Means over languages, pairs and seeds."""
    words = sorted(set.intersection(*(set(one.errors) for one in heard)))
    kinds = list(itertools.product((ONE, TWO), ARMS))
    table = {
        (of, arm): np.mean([[one.errors[word] for word in words] for one in heard if one.arm == arm and (one.of == ONE) == (of == ONE)], axis=0)
        for of, arm in kinds
    }
    drawn = drawn_sentences(len(words), seed) / len(words)
    whole, draws = {kind: float(row.mean()) for kind, row in table.items()}, {kind: drawn @ row for kind, row in table.items()}

    def gap(errors: Mapping[tuple[str, str], Any], arm: str) -> Any:
        return (errors[TWO, arm] - errors[ONE, arm]) / errors[ONE, arm]

    def gain(errors: Mapping[tuple[str, str], Any], of: str) -> Any:
        return (errors[of, SOUND] - errors[of, PICTURES]) / errors[of, SOUND]

    return Gap(
        whole,
        {arm: (gap(whole, arm), interval(gap(draws, arm))) for arm in ARMS},
        {of: (gain(whole, of), interval(gain(draws, of))) for of in (ONE, TWO)},
        (gap(whole, SOUND) - gap(whole, PICTURES), interval(gap(draws, SOUND) - gap(draws, PICTURES))),
        (gain(whole, TWO) - gain(whole, ONE), interval(gain(draws, TWO) - gain(draws, ONE))),
    )
