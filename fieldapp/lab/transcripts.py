"""What a model makes of utterances whose wording is known: text by the rules of finals, errors by a named normaliser. Any thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import WrongUsage
from fieldapp.lab.statistics import Interval, bootstrap_ratio
from fieldapp.lab.utterances import F32, Utterance
from fieldapp.lab.wording import Errors, character_errors, word_errors
from fieldapp.speech.finals import FinalRules, transcribe
from fieldapp.speech.recogniser import Recogniser

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Read:
    """One utterance as it was heard, and its errors; `refused`: the guards let no text stand."""

    text: str
    errors: Errors
    words: Errors
    refused: bool


def read_all(
    recogniser: Recogniser, utterances: Sequence[Utterance], sounds: Sequence[F32], language: str, normaliser: str, progress: Progress, *, workers: int = 1
) -> list[Read]:
    """Every utterance; the language is fixed, so that an early exit is not lost to a wrong guess."""

    def one(number: int) -> Read:
        said = utterances[number].transcript
        heard = transcribe(recogniser, sounds[number], FinalRules(language=language, retry=False), recogniser.manifest.live)
        return Read(heard.text, character_errors(said, heard.text, normaliser), word_errors(said, heard.text, normaliser), bool(heard.fault))

    found = []
    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="read") as pool:
        for number, read in enumerate(pool.map(one, range(len(utterances)))):
            progress(number / len(utterances), f"reading with {recogniser.manifest.name}")
            found.append(read)
    return found


def rate(errors: Sequence[Errors]) -> float:
    """Errors of all by the length of all."""
    return sum(one.edits for one in errors) / max(1, sum(one.length for one in errors))


def rate_interval(errors: Sequence[Errors], sentences: Sequence[str], seed: int) -> Interval:
    """The interval of an error rate, sentences drawn."""
    return bootstrap_ratio([one.edits for one in errors], [one.length for one in errors], sentences, seed=seed)


def halves(sentences: Sequence[str], seed: int) -> NDArray[np.bool_]:
    """A half of the sentences for choosing, the other for measuring; all recordings of a sentence are on one side."""
    names = sorted(set(sentences))
    if len(names) < 2:
        raise WrongUsage("One sentence cannot be divided into two halves.", "More transcribed utterances are needed.")
    order = np.random.default_rng(seed).permutation(len(names))
    first = {names[at] for at in order[: len(names) // 2]}
    return np.array([sentence in first for sentence in sentences])
