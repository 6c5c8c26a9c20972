"""Adapt a recogniser to a fieldbook: learn from confirmed transcripts, then let old and new read what neither has learned from. Any thread.

Speakers and meanings of the test are held back from learning. The new model is read with exactly as it will be used: merged,
in the number format of the old one, by the same engine with the same rules.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.errors import FieldError
from fieldapp.lab.adapt.holding import Split, hold_back
from fieldapp.lab.adapt.material import Example, Material, material
from fieldapp.lab.adapt.measure import FEWEST, Verdict
from fieldapp.lab.adapt.tuning import Lesson, Plan, Tuned, fine_tune
from fieldapp.lab.adapt.weights import shape_of, write_weights
from fieldapp.lab.statistics import Interval, bootstrap_ratio
from fieldapp.lab.wording import Errors, character_errors
from fieldapp.speech import heads
from fieldapp.speech.embed import F32, embedded
from fieldapp.speech.finals import LONGEST, FinalRules, states_of, transcribe
from fieldapp.speech.models.intake import WELCOME
from fieldapp.speech.models.shelf import MODEL
from fieldapp.speech.recogniser import RATE, Recogniser

TIERS = ("transcription",)
FEWEST_LESSONS = 20
DRIFT_SEGMENTS = 40
SAME_MEANING = 0.9
"""Cosine of old and new meaning vectors below which the meaning head no longer fits the encoder and is left out."""
SECONDS_AN_EDIT = 1.5
"""What correcting one character is reckoned to cost a person; an assumption, said with every estimate."""
Said = Callable[[float, str], None]
Sound = Callable[[str], F32]
"""The sound of a segment at 16 kHz."""


@dataclass(frozen=True, slots=True)
class Read:
    """A held-back segment, what was said and what each model read."""

    segment: str
    meaning: str
    seconds: float
    said: str
    before: str
    after: str
    normaliser: str

    def errors(self) -> tuple[Errors, Errors]:
        """Character errors before and after."""
        return character_errors(self.said, self.before, self.normaliser), character_errors(self.said, self.after, self.normaliser)


@dataclass(frozen=True, slots=True)
class Gate:
    """Character error rates before and after on held-back segments, the interval of what was gained, and what that means."""

    segments: int
    seconds: float
    before: float
    after: float
    before_interval: Interval
    after_interval: Interval
    change: Interval
    minutes_an_hour: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """What came of it. `folder` holds the new model, ready to be installed.

    `drift` is how alike old and new meaning vectors are (cosine); None where the model has no meaning head.
    """

    folder: Path
    language: str
    material: Material
    split: Split
    tuned: Tuned
    lessons: int
    minutes: float
    reads: tuple[Read, ...]
    gate: Gate
    drift: float | None

    def data(self) -> dict[str, Any]:
        """Everything but the weights and the texts, for the record of the run."""
        return {
            "language": self.language,
            "material": {"segments": len(self.material.examples), "not_allowed": self.material.not_allowed, "without_text": self.material.without_text},
            "split": {"train": self.lessons, "test": self.gate.segments, "speakers": list(self.split.speakers), "meanings": list(self.split.meanings)},
            "minutes": self.minutes,
            "losses": list(self.tuned.listened),
            "best_epoch": self.tuned.best,
            "finished": self.tuned.finished,
            "gate": asdict(self.gate),
            "meaning_kept": self.drift,
            "worst": [asdict(read) for read in sorted(self.reads, key=lambda read: -read.errors()[1].rate)[:10]],
        }


def adapt_recogniser(
    db: sqlite3.Connection, folder: Path, load: Callable[[Path], Recogniser], sound: Sound, work: Path, plan: Plan, *,
    language: str = "", normaliser: str = "unicode", until: float, said: Said = lambda *_: None,
) -> Adapted:  # fmt: skip
    """Learn, make the new model in `work`, and measure. Stopped by `until` or in mid-work it goes on next time."""
    given = material(db, TIERS)
    split = hold_back(given.examples, plan.seed)
    if len(split.train) < FEWEST_LESSONS or len(split.test) < 1:
        raise FieldError(f"There is too little to learn from and to test with: {given.sentence()}.", _advice(given))
    shape_of(folder)  # refuses what cannot be adapted before any sound is read
    said(0.0, "reading sounds")
    pieces = {number: audio for number in (*split.train, *split.test) if 0 < len(audio := sound(given.examples[number].segment)) <= LONGEST}
    old = load(folder)
    language = language or _heard_most([pieces[number] for number in split.train if number in pieces][:20], old)
    rules = FinalRules(language=language)
    tests = [(given.examples[number], pieces[number]) for number in split.test if number in pieces]
    before = _read(old, tests, rules, said, "what is held back, with the model as it is")
    meant = _meant(old, tests)
    del old
    lessons = [Lesson(pieces[n], given.examples[n].text, given.examples[n].meaning) for n in split.train if n in pieces]
    tuned = fine_tune(folder, lessons, language, work, plan, until=until, said=said)
    made = _assemble(folder, work / "model", tuned)
    new = load(made)
    after = _read(new, tests, rules, said, "what is held back, with the new model")
    means = _meant(new, tests)
    drift = None if meant is None or means is None else float((meant * means).sum(axis=1).mean())
    if drift is not None and drift < SAME_MEANING:
        (made / heads.FILE).unlink()
    reads = tuple(
        Read(example.segment, example.meaning, len(audio) / RATE, example.text, old_text, new_text, normaliser)
        for (example, audio), old_text, new_text in zip(tests, before, after)
    )
    minutes = sum(len(lesson.audio) for lesson in lessons) / RATE / 60
    return Adapted(made, language, given, split, tuned, len(lessons), minutes, reads, gate(reads), drift)


def gate(reads: Sequence[Read]) -> Gate:
    """Adopt only what surely makes fewer mistakes on speakers and meanings it has not learned from."""
    both = [read.errors() for read in reads]
    meanings = [read.meaning for read in reads]
    old, new, lengths = (np.array([getattr(pair[at], name) for pair in both], np.float64) for at, name in ((0, "edits"), (1, "edits"), (0, "length")))
    whole, seconds = max(1.0, float(lengths.sum())), sum(read.seconds for read in reads)
    change = bootstrap_ratio(new - old, lengths, meanings)
    before, after = float(old.sum()) / whole, float(new.sum()) / whole
    saved = float((old - new).sum()) * SECONDS_AN_EDIT / 60 / max(seconds, 1e-9) * 3600
    if len(reads) < FEWEST:
        verdict = Verdict(False, f"only {len(reads)} held-back segments could be read, {FEWEST} are needed to tell")
    elif change.high < 0:
        verdict = Verdict(True, "it surely makes fewer mistakes on speakers and meanings it has not learned from")
    elif after < before:
        verdict = Verdict(False, "fewer mistakes were counted, but so few that it could be chance")
    else:
        verdict = Verdict(False, "it makes no fewer mistakes than the model in use")
    intervals = bootstrap_ratio(old, lengths, meanings), bootstrap_ratio(new, lengths, meanings)
    return Gate(len(reads), seconds, before, after, *intervals, change, saved, verdict)


def _read(ear: Recogniser, tests: Sequence[tuple[Example, F32]], rules: FinalRules, said: Said, what: str) -> list[str]:
    texts = []
    for number, (_, audio) in enumerate(tests):
        said(number / len(tests), f"reading {what}")
        texts.append(transcribe(ear, audio, rules, ear.manifest.live).text)
    return texts


def _meant(ear: Recogniser, tests: Sequence[tuple[Example, F32]]) -> F32 | None:
    """What the model's own head makes of some segments."""
    if ear.meaning is None:
        return None
    return ear.meaning(np.stack([embedded(states_of(ear, audio)).meaning for _, audio in tests[:DRIFT_SEGMENTS]]))


def _heard_most(sounds: Sequence[F32], ear: Recogniser) -> str:
    """The language the model takes most of these for."""
    heard = [ear.detect_language(ear.encode([audio], ear.manifest.live))[0][0] for audio in sounds]
    return max(sorted(set(heard)), key=heard.count)


def _assemble(folder: Path, target: Path, tuned: Tuned) -> Path:
    """The old model's files with the new numbers."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in folder.iterdir():
        if path.is_file() and path.name in WELCOME | {heads.FILE} and path.name != MODEL:
            shutil.copyfile(path, target / path.name)
    write_weights(folder, target / MODEL, shape_of(folder)[0], tuned.weights)
    return target


def _advice(given: Material) -> str:
    if given.not_allowed:
        return "Note whose recordings may train a model: fieldapp consent DIR give --purpose train."
    return f"Correct and confirm more transcripts: {FEWEST_LESSONS} to learn from are the least, ten minutes a good beginning."
