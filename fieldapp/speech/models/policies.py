"""Which layout of audio and which number format suit a model: measured on transcribed audio, chosen by one rule. Waits long.

Nobody can know beforehand how a given Whisper behaves on short windows. Every way is asked for the same texts; among those
whose errors cannot be told from the best one's, the fastest wins; speeds within a tenth count as the same.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldapp.speech.finals import PADDED, FinalRules, Utterance, look
from fieldapp.speech.guards import Fault
from fieldapp.speech.manifest import Context, Manifest
from fieldapp.speech.packing import Piece, pack, transcribe_window
from fieldapp.speech.recogniser import F32, RATE, Recogniser

SINGLE = (*(Context("flexible", tail) for tail in (0.0, 0.64, 1.28, 2.56)), PADDED)
PACKED = Context("packed", 0.0)
FEWEST_CHARACTERS = 300  # of reference text; below this chance decides
RESAMPLES = 1000
AS_FAST = 1.1  # times as long; less is chance on a machine that does other things, too
CLEARLY = 0.02  # character errors; less counts, too, beyond two standard errors of the difference
_RAN_AWAY = Fault.CAPPED | Fault.LOOP | Fault.COMPRESSIBLE

Progress = Callable[[float, str], None]
Timer = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Example:
    """A transcribed segment, no longer than a window."""

    audio: F32
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """How one way did: errors and length of the reference for each example, texts that ran away, seconds of work."""

    context: Context
    compute_type: str
    errors: np.ndarray
    lengths: np.ndarray
    ran_away: int
    seconds: float
    audio_seconds: float

    @property
    def cer(self) -> float:
        """Character errors a character of the reference."""
        return float(self.errors.sum() / self.lengths.sum())

    def row(self) -> dict[str, float | str | int]:
        """The figures as they are printed and kept."""
        return {
            "policy": self.context.policy,
            "tail": self.context.tail,
            "compute_type": self.compute_type,
            "cer": round(self.cer, 4),
            "ran_away": self.ran_away,
            "times_real_time": round(self.audio_seconds / max(self.seconds, 1e-9), 2),
        }


def ways(about: Manifest) -> tuple[Context, ...]:
    """How a single segment may be laid; a layout that the model itself asks for takes part."""
    if (about.live.policy, about.live.tail) in {(way.policy, way.tail) for way in SINGLE}:
        return SINGLE
    return (*sorted((*SINGLE[:-1], about.live), key=lambda way: way.tail), PADDED)


def compare(
    load: Callable[[str], Recogniser], compute_types: Sequence[str], examples: Sequence[Example], progress: Progress, timer: Timer = time.perf_counter
) -> list[Score]:
    """Every way in every number format over the same examples. Models are loaded one after the other.

    A `timer` of processor time is fair even where other work interrupts this one; on a graphics card only the clock tells.
    """
    scores: list[Score] = []
    for number, compute_type in enumerate(compute_types):
        recogniser = load(compute_type)
        look(recogniser, examples[0].audio, _rules(examples[0]), PADDED)  # warm up: the first run reserves memory
        scores += _singly(recogniser, compute_type, examples, timer, lambda share, n=number: progress((n + share) / len(compute_types), compute_types[n]))  # type: ignore[misc]
        begun = timer()
        heard = _packed(recogniser, examples)
        scores.append(_score(PACKED, compute_type, examples, heard, timer() - begun))
    return scores


def fair(scores: Iterable[Score], seed: int = 0) -> list[Score]:
    """The ways not clearly worse than the one with the fewest errors, which comes first: neither in errors nor in texts that ran away."""
    ranked = sorted(scores, key=lambda score: (score.cer, score.ran_away))
    first = ranked[0]
    return [score for score in ranked if score is first or (score.ran_away <= first.ran_away and _not_clearly_worse(score, first, seed))]


def best(scores: Iterable[Score]) -> Score:
    """The fastest of the fair ways; of those about as fast the one with the fewest errors."""
    equals = fair(scores)
    fastest = min(score.seconds for score in equals)
    return next(score for score in equals if score.seconds <= fastest * AS_FAST)


def chosen(about: Manifest, scores: Sequence[Score], device: str) -> Manifest:
    """The manifest with the winners and the figures that chose them; whether a second look makes sense was not measured and stays."""
    rows = [score.row() for score in scores]
    live, bulk = best(score for score in scores if score.context.policy != "packed"), best(scores)
    found = {"rows": rows, "compute_type": live.compute_type, "characters": int(scores[0].lengths.sum()), "examples": len(scores[0].lengths)}
    return replace(
        about,
        live=replace(live.context, second_look=about.live.second_look),
        bulk=replace(bulk.context, second_look=about.bulk.second_look),
        measured={**about.measured, f"policies_{device}": found},
    )


def character_errors(reference: str, heard: str) -> tuple[int, int]:
    """Edits that turn one text into the other, and the length of the reference; case, marks of punctuation and spaces do not count."""
    wanted, got = _plain(reference), _plain(heard)
    row = np.arange(len(got) + 1)
    codes = np.array([ord(letter) for letter in got], np.int64)
    for number, letter in enumerate(wanted, 1):
        cheapest = np.minimum(row[1:] + 1, row[:-1] + (codes != ord(letter)))
        row = np.concatenate([[number], cheapest])
        row = np.minimum.accumulate(row - np.arange(len(row))) + np.arange(len(row))  # insertions
    return int(row[-1]), len(wanted)


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFC", text).casefold() if unicodedata.category(letter)[0] in "LMN")


def _rules(example: Example) -> FinalRules:
    return FinalRules(language=example.language, retry=False)


def _singly(recogniser: Recogniser, compute_type: str, examples: Sequence[Example], timer: Timer, told: Callable[[float], None]) -> list[Score]:
    """All ways take turns on each example, so that other load on the machine hits them alike."""
    tried = ways(recogniser.manifest)
    heard: list[list[Utterance]] = [[] for _ in tried]
    spent = [0.0 for _ in tried]
    for number, example in enumerate(examples):
        told(number / len(examples))
        for at, way in enumerate(tried):
            begun = timer()
            heard[at].append(look(recogniser, example.audio, _rules(example), way))
            spent[at] += timer() - begun
    return [_score(way, compute_type, examples, texts, seconds) for way, texts, seconds in zip(tried, heard, spent)]


def _score(way: Context, compute_type: str, examples: Sequence[Example], heard: Sequence[Utterance], spent: float) -> Score:
    counted = np.array([character_errors(example.text, utterance.text) for example, utterance in zip(examples, heard)])
    ran_away = sum(bool(utterance.fault & _RAN_AWAY) for utterance in heard)
    return Score(way, compute_type, counted[:, 0], counted[:, 1], ran_away, spent, sum(len(example.audio) for example in examples) / RATE)


def _packed(recogniser: Recogniser, examples: Sequence[Example]) -> list[Utterance]:
    """Several segments a window, as bulk work does it; windows hold one language."""
    found: dict[str, Utterance] = {}
    for language in dict.fromkeys(example.language for example in examples):
        pieces = (Piece(str(number), example.audio) for number, example in enumerate(examples) if example.language == language)
        for group in pack(pieces):
            found.update(zip((piece.key for piece in group), transcribe_window(recogniser, group, FinalRules(language=language, retry=False))))
    return [found[str(number)] for number in range(len(examples))]


def _not_clearly_worse(score: Score, first: Score, seed: int) -> bool:
    drawn = np.random.default_rng(seed).integers(0, len(score.errors), (RESAMPLES, len(score.errors)))
    lengths = first.lengths[drawn].sum(axis=1)
    differences = (score.errors[drawn].sum(axis=1) - first.errors[drawn].sum(axis=1)) / np.maximum(lengths, 1)
    return score.cer - first.cer <= min(2 * float(differences.std()), CLEARLY)
