"""How far what was heard is from what was said: character and word errors, after a normaliser that is named with the figure. Any thread."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_ALTERNATIVE = re.compile(r"/[^。.]*([。.]|$)")
_HAN = re.compile(r"[^\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True)
class Errors:
    """Edits that turn the reference into what was heard, and how long the reference is."""

    edits: int
    length: int

    @property
    def rate(self) -> float:
        """Edits a unit of the reference; may exceed 1."""
        return self.edits / max(1, self.length)

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.edits + other.edits, self.length + other.length)


def unicode_letters(text: str) -> str:
    """Letters, marks and digits of any script, case folded, composed; blanks part words."""
    kept = (letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in unicodedata.normalize("NFC", text).casefold())
    return " ".join("".join(kept).split())


def han_only(text: str) -> str:
    """Han characters only; an alternative reading written between / and the full stop is dropped."""
    return _HAN.sub("", _ALTERNATIVE.sub("", unicodedata.normalize("NFC", text)))


NORMALISERS: Mapping[str, Callable[[str], str]] = {"unicode": unicode_letters, "han": han_only}
"""Name and function; a new one is one line."""


def character_errors(said: str, heard: str, normaliser: str = "unicode") -> Errors:
    """Errors in characters, blanks not counted."""
    wanted, got = (NORMALISERS[normaliser](text).replace(" ", "") for text in (said, heard))
    return Errors(edits(wanted, got), len(wanted))


def word_errors(said: str, heard: str, normaliser: str = "unicode") -> Errors:
    """Errors in words, for scripts that part them with blanks."""
    wanted, got = (NORMALISERS[normaliser](text).split() for text in (said, heard))
    return Errors(edits(wanted, got), len(wanted))


def edits(reference: Sequence[Hashable], heard: Sequence[Hashable]) -> int:
    """The fewest insertions, deletions and replacements."""
    codes = {unit: number for number, unit in enumerate(dict.fromkeys((*reference, *heard)))}
    got = np.array([codes[unit] for unit in heard], np.int64)
    steps = np.arange(len(got) + 1)
    row = steps
    for number, unit in enumerate(reference, 1):
        cheapest = np.minimum(row[1:] + 1, row[:-1] + (got != codes[unit]))
        row = np.minimum.accumulate(np.concatenate([[number], cheapest]) - steps) + steps  # the last step are insertions
    return int(row[-1])
