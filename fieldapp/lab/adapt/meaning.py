"""Adapt the meaning space of a fieldbook: learn a head from its own segments, measure it honestly, say whether to use it. Any thread.

Nothing is written here. What is measured is a head that never saw the speakers and meanings it is tested with; what is
handed back to be used is one by the same recipe that learned from everything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fieldapp.errors import FieldError
from fieldapp.lab.adapt import head as heads_training
from fieldapp.lab.adapt.head import Recipe
from fieldapp.lab.adapt.holding import Split, hold_back
from fieldapp.lab.adapt.material import MEANING_TEXTS, PROMPT, Example, Material, material
from fieldapp.lab.adapt.measure import Comparison, Direction, Test, Verdict, compare, dimension_table, judge
from fieldapp.lab.metrics import energy_dims
from fieldapp.lab.utterances import Utterance
from fieldapp.model import SegmentId, Space
from fieldapp.speech import heads
from fieldapp.speech.embed import F32
from fieldapp.speech.heads import Head
from fieldapp.store import spaces, vectors

RAW = "raw"
FEWEST = 40
"""Segments below which there is nothing to learn from."""
Said = Callable[[float, str], None]
Texts = Callable[[Sequence[str]], F32]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of it: the head, its recipe, what was asked of which space, the verdict.

    `before` is the space it is compared with, `in_use` the one that search by meaning takes now: the same, unless that is an earlier adapted head.
    """

    head: Head
    recipe: Recipe
    material: Material
    split: Split
    before: str
    in_use: str
    spaces: Mapping[str, list[Direction]]
    compared: list[Comparison]
    verdict: Verdict
    dimensions: list[dict[str, Any]]
    energy: dict[float, int]
    tightness: float

    def data(self) -> dict[str, Any]:
        """Everything but the head, for the record of the run."""
        return {
            "material": {"segments": len(self.material.examples), "not_allowed": self.material.not_allowed, "without_text": self.material.without_text},
            "split": {
                "train": len(self.split.train), "test": len(self.split.test),
                "speakers": list(self.split.speakers), "meanings": list(self.split.meanings),
            },
            "recipe": asdict(self.recipe),
            "before": self.before,
            "in_use": self.in_use,
            "spaces": {name: {direction.asked: direction.row() for direction in asked} for name, asked in self.spaces.items()},
            "compared": [asdict(one) for one in self.compared],
            "dimensions": self.dimensions,
            "energy": {f"{share:.0%}": dims for share, dims in self.energy.items()},
            "tightness": self.tightness,
            "verdict": asdict(self.verdict),
        }  # fmt: skip


def adapt_meaning(
    db: sqlite3.Connection,
    raw: Space,
    encode: Texts,
    text_model: str,
    *,
    tiers: Sequence[str] = MEANING_TEXTS,
    seed: int = 0,
    said: Said = lambda *_: None,
) -> Outcome:
    """Learn from every segment that may train and has a raw vector; measure beside the spaces this model has already."""
    given = material(db, tiers)
    of_segment = segment_vectors(db, raw)
    examples = tuple(example for example in given.examples if example.segment in of_segment)
    if len(examples) < FEWEST:
        told = Material(examples, given.not_allowed, given.without_text).sentence()
        raise FieldError(f"There is too little to learn from: {told}; {FEWEST} are needed.", _advice(given, examples))
    given = Material(examples, given.not_allowed, given.without_text)
    said(0.0, "reading texts")
    sound, texts = stacked(of_segment, examples), encode([example.text for example in examples])
    start = _to_begin_with(db, raw, text_model)
    trial = try_out(examples, sound, texts, start=start, seed=seed, said=said)
    test, recipe, measured, aims = trial.test, trial.recipe, trial.vectors, trial.texts
    name, asked = _before(db, raw, test, texts, text_model)
    asked["adapted"] = test.directions(measured, aims)
    compared = compare(asked[name], asked["adapted"])
    said(0.85, "learning from everything")
    final = heads_training.train(sound, texts, [example.meaning for example in examples], recipe, start=start, seed=seed, text_model=text_model)
    return Outcome(
        final, recipe, given, test.split, name, _in_use(db, raw), asked, compared, judge(compared),
        dimension_table(test, measured, aims, recipe.prefixes), energy_dims(measured), test.tightness(measured, aims),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A head that learned from one part of the examples, and what it makes of all of them and of their texts."""

    test: Test
    recipe: Recipe
    vectors: F32
    texts: F32


def try_out(
    examples: Sequence[Example], sound: F32, texts: F32, *, start: Head | None = None, seed: int = 0, recipe: Recipe | None = None, said: Said = lambda *_: None
) -> Trial:
    """Learn without the speakers and meanings that are held back; by a recipe, or by one that is chosen. `start`: a head that may be begun with."""
    test = Test(tuple(examples), hold_back(examples, seed))
    rows = list(test.split.train)
    known = [examples[number].meaning for number in rows]
    recipe = recipe or heads_training.choose(sound[rows], texts[rows], known, start=start, seed=seed, said=said)
    said(0.7, "measuring with speakers and meanings it has not learned from")
    head = heads_training.train(sound[rows], texts[rows], known, recipe, start=start, seed=seed)
    return Trial(test, recipe, head(sound), head.of_texts(texts))


def examples_of(utterances: Sequence[Utterance]) -> dict[int, Example]:
    """Utterances with something written that says what they mean, as examples by their row."""
    found = {}
    for row, one in enumerate(utterances):
        texts = {"translation": one.translation, PROMPT: one.column("asked"), "transcription": one.transcript if one.checked else ""}
        if tier := next((tier for tier in MEANING_TEXTS if texts[tier]), ""):
            meaning = one.meaning or f"text:{texts[tier].casefold()}"
            found[row] = Example(SegmentId(one.id), one.speaker or f"unknown in {one.id}", one.variety, meaning, texts[tier], tier)
    return found


def segment_vectors(db: sqlite3.Connection, space: Space) -> dict[str, F32]:
    """The vector of every segment in a space."""
    pks, matrix = vectors.matrix(db, space)
    of_pk = vectors.segments_of(db, pks.tolist())
    return {of_pk[pk]: row for pk, row in zip(pks.tolist(), matrix.astype(np.float32)) if pk in of_pk}


def stacked(of_segment: Mapping[str, F32], examples: Sequence[Example]) -> F32:
    """The vectors of these examples, one a row."""
    return np.stack([of_segment[example.segment] for example in examples])


def _before(db: sqlite3.Connection, raw: Space, test: Test, texts: F32, text_model: str) -> tuple[str, dict[str, list[Direction]]]:
    """Every space that could be searched before, by the name of its head, and the one that search would have taken.

    An earlier adapted head is left out: it has learned from what is tested with.
    """
    found: dict[str, list[Direction]] = {}
    ranked: list[tuple[bool, bool, int, str]] = []
    for number, space in enumerate(spaces.spaces(db, raw.kind, raw.model)):
        of_segment = segment_vectors(db, space) if space.layer == raw.layer and space.head != heads_training.NAME else {}
        if all(example.segment in of_segment for example in test.examples):
            kept = spaces.head_of(db, space.id)
            head = heads.from_bytes(kept) if kept else None
            trained = head is not None and head.text_model == text_model
            name = space.head or RAW
            found[name] = test.directions(stacked(of_segment, test.examples), head.of_texts(texts) if head and trained else None)
            ranked.append((bool(space.head), space.head != spaces.OWN_HEAD, number, name))  # the order of store.spaces.space_to_search
    return max(ranked)[3], found


def _to_begin_with(db: sqlite3.Connection, raw: Space, text_model: str) -> Head | None:
    """The newest head towards these texts that was not learned from this fieldbook: the one that came with the model."""
    same = [space for space in spaces.spaces(db, raw.kind, raw.model) if space.layer == raw.layer and space.head not in ("", heads_training.NAME)]
    kept = [heads.from_bytes(data) for space in reversed(same) if (data := spaces.head_of(db, space.id))]
    return next((head for head in kept if head.text_model == text_model and head.takes == raw.dims), None)


def _in_use(db: sqlite3.Connection, raw: Space) -> str:
    """The name of the space that search by meaning takes now."""
    now = spaces.space_to_search(db, raw.kind, raw.model)
    return (now.head if now else "") or RAW


def _advice(given: Material, examples: Sequence[Example]) -> str:
    if given.not_allowed:
        return "Note whose recordings may train a model: fieldapp consent DIR give --purpose train."
    if len(given.examples) > len(examples):
        return "Compute vectors first: fieldapp embed DIR."
    return "Confirm translations or transcripts first, or record with a prompt list that has glosses."
