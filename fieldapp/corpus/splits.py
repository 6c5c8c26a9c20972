"""Training, validation and test sets that share neither a speaker nor a meaning. Deterministic; no chance in it. Any thread.

A model that has heard the speaker, or the word, in training is not being tested. Where a speaker of one set says
something that belongs to another, the utterance is left out, and said to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fieldapp.corpus.bundle import Loss
from fieldapp.corpus.lines import Line

SETS = ("train", "validation", "test")
_SHARE = 10
"""One part in ten for validation, one for the test."""


def split(lines: Sequence[Line], losses: list[Loss]) -> dict[str, list[Line]]:
    """The lines of each set, in their order."""
    of_speaker = _speakers(sorted({_speaker(line) for line in lines}, key=_hash))
    heard: dict[str, set[str]] = {}
    for line in lines:
        heard.setdefault(_meaning(line), set()).add(of_speaker[_speaker(line)])
    of_meaning = {meaning: _choose(place, heard[meaning]) for place, meaning in enumerate(sorted(heard, key=lambda m: (len(heard[m]) == 1, _hash(m))))}
    sets: dict[str, list[Line]] = {name: [] for name in SETS}
    for line in lines:
        name, other = of_speaker[_speaker(line)], of_meaning[_meaning(line)]
        if name == other:
            sets[name].append(line)
        else:
            losses.append(Loss(line.segment.id, f"left out: its speaker is in the {name} set, its meaning in the {other} set"))
    return sets


def _speakers(codes: list[str]) -> dict[str, str]:
    """At least one speaker for the test from two on, one for validation from three on; the rest trains."""
    count = len(codes)
    tests = max(1, round(count / _SHARE)) if count > 1 else 0
    validations = max(1, round(count / _SHARE)) if count > 2 else 0
    return {code: "test" if place < tests else "validation" if place < tests + validations else "train" for place, code in enumerate(codes)}


def _choose(place: int, sets: set[str]) -> str:
    """Meanings that only one set's speakers say stay there; of those that several say, a fifth each is tested and validated with."""
    if len(sets) == 1:
        return next(iter(sets))
    wanted = {0: "test", 1: "validation"}.get(place % 5, "train")
    return wanted if wanted in sets else next(name for name in SETS if name in sets)


def _speaker(line: Line) -> str:
    return line.speaker or f"unknown in {line.sound.recording.id}"


def _meaning(line: Line) -> str:
    """The meaning id, else the words: the same sentence must not stand in two sets either."""
    return f"id {line.segment.meaning_id}" if line.segment.meaning_id else f"text {line.text('transcription').casefold() or line.segment.id}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
