"""What an experiment is about: utterances with what is known of them, chosen from a manifest, a fieldbook or a folder. Any thread.

How their sound is read is handed in, because this package knows no sound files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import WrongUsage

F32 = NDArray[np.float32]

NAMED = ("id", "speaker", "variety", "language", "meaning", "transcript", "translation", "ipa", "split")
"""Columns that are fields; every other column is looked for in the metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One recording of one thing said. `where` is where a person finds its sound; `checked`: a person stands for its transcript."""

    id: str
    where: str
    speaker: str = ""
    variety: str = ""
    language: str = ""
    meaning: str = ""
    transcript: str = ""
    translation: str = ""
    ipa: str = ""
    split: str = ""
    checked: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """What stands in a column, empty where nothing does."""
        name = {"meaning_id": "meaning", "translation_en": "translation"}.get(name, name)
        return str(getattr(self, name)) if name in NAMED else str(self.metadata.get(name, ""))


@dataclass(frozen=True, slots=True)
class Selection:
    """The utterances of one experiment. `sound` reads one as 16 kHz mono; `aside` are sentences about what was left out."""

    source: str
    utterances: tuple[Utterance, ...]
    sound: Callable[[Utterance], F32]
    aside: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.utterances)

    def only(self, keep: Callable[[Utterance], bool], because: str) -> Selection:
        """Those that pass; how many did not, and why, is noted."""
        kept = tuple(utterance for utterance in self.utterances if keep(utterance))
        gone = len(self.utterances) - len(kept)
        noted = (*self.aside, f"{gone} utterance{'s' if gone != 1 else ''} left out: {because}.") if gone else self.aside
        return Selection(self.source, kept, self.sound, noted)

    @property
    def digest(self) -> str:
        """Names this very list of utterances, in this order, with what is known of them."""
        lines = ("\t".join(utterance.column(name) for name in NAMED) for utterance in self.utterances)
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def filtered(selection: Selection, conditions: Sequence[str]) -> Selection:
    """The utterances that meet every COLUMN=VALUE (or COLUMN=VALUE,VALUE)."""
    for condition in conditions:
        name, equals, values = condition.partition("=")
        if not equals or not name.strip():
            raise WrongUsage(f"'{condition}' is no condition.", "Write COLUMN=VALUE, or COLUMN=VALUE,VALUE.")
        wanted = {value.strip() for value in values.split(",")}
        there = {utterance.column(name.strip()) for utterance in selection.utterances}
        if unknown := wanted - there:
            listed = ", ".join(sorted(filter(None, there))[:20]) or "nothing"
            raise WrongUsage(f"No utterance has {name.strip()} = {min(unknown)}.", f"There is: {listed}.")
        selection = Selection(selection.source, tuple(u for u in selection.utterances if u.column(name.strip()) in wanted), selection.sound, selection.aside)
    return selection


def rows_by(utterances: Sequence[Utterance], column: str) -> dict[str, list[int]]:
    """The rows of each value of a column, values sorted; rows without a value are in no group."""
    found: dict[str, list[int]] = {}
    for row, utterance in enumerate(utterances):
        if value := utterance.column(column):
            found.setdefault(value, []).append(row)
    return dict(sorted(found.items()))


def meanings_of(utterances: Sequence[Utterance], rows: Iterable[int]) -> list[str]:
    """The meaning of each row."""
    return [utterances[row].meaning for row in rows]
