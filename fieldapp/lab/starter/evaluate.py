"""The examination of a starter model: what it writes, translates and finds, by unseen voices, per variety, layer and arm. Any thread.

Every function gives plain rows, so that the report, its JSON and the model card say the same. Intervals come from drawing sentences.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.hearing import Heard
from fieldapp.lab.ranking import ranks, same
from fieldapp.lab.similarity import Compare, similarity
from fieldapp.lab.starter.testsets import MADE, NAMES, Examples
from fieldapp.lab.starter.tokens import CODES
from fieldapp.lab.statistics import bootstrap
from fieldapp.lab.text_scores import bleu, chrf
from fieldapp.lab.transcripts import rate, rate_interval, read_all
from fieldapp.lab.utterances import Utterance
from fieldapp.lab.wording import unicode_letters
from fieldapp.speech.finals import FinalRules, transcribe
from fieldapp.speech.recogniser import RATE, Recogniser

Progress = Callable[[float, str], None]
ENGLISH = NAMES["eng"]
SINITIC = tuple(name for code, name in NAMES.items() if code != "eng")
AMONG_SINITIC, WITH_ENGLISH, ALL = "all Sinitic pairs", "all with English", "all pairs"
Sums = Mapping[str, Callable[[set[str]], bool]]
VARIETIES: Sums = {
    AMONG_SINITIC: lambda pair: pair <= set(SINITIC),
    WITH_ENGLISH: lambda pair: ENGLISH in pair and bool(pair & set(SINITIC)),
}
"""Pairs that are also taken together."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """How right the text is. `language`: how often the model tells the language by itself; for the error rate it is told."""

    model: str
    test: str
    variety: str
    n: int
    cer: float
    low: float
    high: float
    whole: float
    language: float | None


@dataclass(frozen=True, slots=True)
class Translated:
    """How right the English of speech in another variety is."""

    model: str
    test: str
    variety: str
    n: int
    bleu: float
    chrf: float
    exact: float


@dataclass(frozen=True, slots=True)
class Retrieved:
    """How often the right one came first, over all pairs of speakers of two sides, both directions. Layer 0 is plain acoustics."""

    model: str
    layer: int
    test: str
    one: str
    other: str
    way: str
    speaker_pairs: int
    n: int
    chance: float
    r1: float
    low: float
    high: float
    r5: float


@dataclass(frozen=True, slots=True)
class Way:
    """One way to compare, and whether it takes acoustics in place of the model."""

    name: str
    compare: Compare
    floor: bool = False


WAYS = (
    Way("head", similarity("head").compare),
    Way("pooled", similarity("pooled").compare),
    Way("seqsim", similarity("seqsim").compare),
    Way("sound", similarity("sound").compare),
    Way("mfcc-mean", similarity("pooled").compare, floor=True),
    Way("mfcc-dtw", similarity("mfcc-dtw").compare, floor=True),
    Way("mfcc-seqsim", similarity("mfcc-seqsim").compare, floor=True),
)
BY_LAYER = ("pooled", "seqsim")


def recognised(
    model: Recogniser, name: str, test: Examples, test_name: str, progress: Progress, *, workers: int, seed: int = 0, detect: bool = True
) -> list[Recognised]:
    """Text of every utterance, its language told; one row a variety."""
    rows = []
    for variety in test.varieties():
        some = test.only(lambda u, variety=variety: u.variety == variety)  # type: ignore[misc]
        code = CODES[some.utterances[0].language]
        read = read_all(model, some.utterances, some.sounds, code, "unicode", progress, workers=workers)
        errors, sentences = [one.errors for one in read], [u.meaning for u in some.utterances]
        sure = rate_interval(errors, sentences, seed)
        told = float(np.mean([_language(model, sound) == code for sound in some.sounds])) if detect else None
        whole = float(np.mean([one.edits == 0 for one in errors]))
        rows.append(Recognised(name, test_name, variety, len(some), rate(errors), sure.low, sure.high, whole, told))
    return rows


def _language(model: Recogniser, sound: NDArray[np.float32]) -> str:
    return model.detect_language(model.encode([sound], model.manifest.live))[0][0]


def translated(model: Recogniser, name: str, test: Examples, test_name: str, progress: Progress, *, workers: int) -> list[Translated]:
    """The English of every utterance that is not English; one row a variety. None where the model does not translate."""
    rows = []
    for variety in [one for one in test.varieties() if one not in (ENGLISH, MADE) and "translate" in model.manifest.tasks]:
        some = test.only(lambda u, variety=variety: u.variety == variety)  # type: ignore[misc]
        rules = FinalRules(language=CODES[some.utterances[0].language], task="translate", retry=False)
        with ThreadPoolExecutor(workers, thread_name_prefix="translate") as pool:
            said = list(pool.map(lambda sound, rules=rules: transcribe(model, sound, rules, model.manifest.live).text, some.sounds))
        progress(-1, f"{name} translated {variety}")
        wanted = [u.translation for u in some.utterances]
        exact = float(np.mean([unicode_letters(one) == unicode_letters(other) for one, other in zip(wanted, said)]))
        rows.append(Translated(name, test_name, variety, len(some), bleu(wanted, said), chrf(wanted, said), exact))
    return rows


def retrieved(
    ears: Mapping[bool, Heard], test: Examples, test_name: str, progress: Progress, *, ways: Sequence[str] = (), sums: Sums = VARIETIES, seed: int = 0
) -> list[Retrieved]:
    """Every two varieties (or places of a manifest) by every way; speakers are asked about other speakers only.

    `ears[True]` are acoustics.
    """
    rows = []
    for way in WAYS:
        if way.floor not in ears or (ways and way.name not in ways) or (way.name == "head" and ears[False].headed is None):
            continue
        progress(-1, f"{test_name}: {way.name}")
        heard, compared = ears[way.floor], dict[tuple[str, str], list[_Asked]]()
        for one, other, asked in _asked(test, heard, way.compare):
            compared.setdefault((one, other), []).append(asked)
        everything = dict(compared)
        for name, belongs in sums.items():
            everything[name, ""] = [asked for pair, some in compared.items() if belongs(set(pair)) for asked in some]
        rows += [_row(heard, test_name, pair, way.name, some, seed) for pair, some in everything.items() if some]
    return rows


@dataclass(frozen=True, slots=True)
class _Asked:
    """Both directions between two speakers."""

    first: NDArray[np.float64]
    among_five: NDArray[np.float64]
    chance: NDArray[np.float64]
    sentences: tuple[str, ...]


def _asked(test: Examples, heard: Heard, compare: Compare) -> Iterator[tuple[str, str, _Asked]]:
    """Every two speakers of different varieties, what both said."""
    units: dict[tuple[str, str], list[int]] = {}
    for row, utterance in enumerate(test.utterances):
        units.setdefault((utterance.variety, utterance.speaker), []).append(row)
    for (one, mine), (other, theirs) in itertools.combinations(units.items(), 2):  # a unit is variety and speaker
        if one[0] == other[0] or one[1] == other[1]:
            continue
        shared = {test.utterances[row].meaning for row in mine} & {test.utterances[row].meaning for row in theirs}
        asked, there = ([row for row in rows if test.utterances[row].meaning in shared] for rows in (mine, theirs))
        if len(shared) > 1:
            yield one[0], other[0], _both_ways(test.utterances, asked, there, compare(heard, asked, there))


def _both_ways(utterances: Sequence[Utterance], asked: Sequence[int], there: Sequence[int], scores: NDArray[np.float32]) -> _Asked:
    meanings = [utterances[row].meaning for row in asked], [utterances[row].meaning for row in there]
    found = [(ranks(scores, same(*meanings)), meanings[0]), (ranks(scores.T, same(*meanings[::-1])), meanings[1])]
    return _Asked(
        np.concatenate([one.hits(1) for one, _ in found]),
        np.concatenate([one.hits(5) for one, _ in found]),
        np.concatenate([one.chance for one, _ in found]),
        tuple(names[row] for one, names in found for row in one.rows),
    )


def _row(heard: Heard, test: str, pair: tuple[str, str], way: str, some: Sequence[_Asked], seed: int) -> Retrieved:
    first = np.concatenate([asked.first for asked in some])
    sure = bootstrap(first, [sentence for asked in some for sentence in asked.sentences], seed=seed)
    return Retrieved(
        model=heard.name,
        layer=heard.layer,
        test=test,
        one=pair[0],
        other=pair[1],
        way=way,
        speaker_pairs=len(some),
        n=len(first),
        chance=float(np.concatenate([asked.chance for asked in some]).mean()),
        r1=float(first.mean()),
        low=sure.low,
        high=sure.high,
        r5=float(np.concatenate([asked.among_five for asked in some]).mean()),
    )


@dataclass(frozen=True, slots=True)
class Speed:
    """What one utterance costs on one core, and how much faster than speech that is."""

    model: str
    what: str
    utterances: int
    speech_s: float
    ms_each: float
    times_speech: float


def speed(model: Recogniser, name: str, test: Examples, most: int = 40) -> list[Speed]:
    """Listening alone, and listening with writing (language told by the model, no second look), one utterance after the other, in processor time."""
    some = test.sounds[:: max(1, len(test) // most)][:most]
    seconds = sum(len(sound) for sound in some) / RATE
    works: dict[str, Callable[[NDArray[np.float32]], object]] = {
        "listen (vectors)": lambda sound: model.frames(model.encode([sound], model.manifest.live)),
        "listen and write": lambda sound: transcribe(model, sound, FinalRules(retry=False), model.manifest.live),
    }
    rows = []
    for what, work in works.items():
        work(some[0])
        begun = time.process_time()
        for sound in some:
            work(sound)
        spent = time.process_time() - begun
        rows.append(Speed(name, what, len(some), seconds, 1000 * spent / len(some), seconds / max(spent, 1e-9)))
    return rows
