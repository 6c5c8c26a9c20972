"""Text as it is compared: pure functions that fold what a reader would call the same, and map matches back to the text.

Always folded: NFC against NFD, case, kinds of blank, invisible characters. On request (`FOLDS`): marks, tones, look-alikes.
`loose` folds more than any of these together and letter by letter, so that it can stand in an index for all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

FOLDS = ("marks", "tones", "lookalikes")
FOLD_VERSION = 1  # raise it with every change of what is folded: indexes built before are then rebuilt
NOTHING: frozenset[str] = frozenset()
EVERYTHING = frozenset(FOLDS)

_GONE = "\0"  # stands where a letter was dropped until the end, so that the marks around it do not move to its neighbour
_BAD = "\ufffd"
_NUL_MARK = "\u2400"  # what the fieldbook stores for a NUL
_TONE_MARKS = frozenset("\u0300\u0301\u0302\u0304\u030b\u030c\u030f\u1dc4\u1dc5\u1dc6\u1dc7\u1dc8\u1dc9\u0e48\u0e49\u0e4a\u0e4b\u0ec8\u0ec9\u0eca\u0ecb")
_TONE_LETTERS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹") | {chr(code) for code in (*range(0x02E5, 0x02EC), *range(0xA700, 0xA720))}
_DIGIT = re.compile("[0-9]")
_TONE_DIGITS = re.compile("(?<=[^\\W\\d_]|[\u0300-\u036f])(?<![\u3400-\u9fff])[0-9]{1,3}(?![0-9])")
# vowel signs, viramas, nuktas and voicing marks have a combining class but are letters to their readers
_LETTERLIKE_CLASSES = frozenset({7, 8, 9, 84, 91, *range(103, 133)})
_STROKES = {"ł": "l", "đ": "d", "ŧ": "t", "ǥ": "g"}  # marks that Unicode does not take apart; ø and ħ are sounds of their own
_LOOKALIKES: dict[str, str] = {
    **dict.fromkeys("’‘ʼ‛ʹ′`´ʻʽꞌˈ＇", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **{"ɡ": "g", "ː": ":", "ˑ": ":", "꞉": ":", "ʔ": "?", "ɂ": "?", "ǃ": "!", "ǀ": "|", "ǁ": "||", "∫": "ʃ", "ǝ": "ə", "ɩ": "ɪ", "ı": "i", "∼": "~"},
    **{"ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ʣ": "dz", "ʨ": "tɕ", "ʥ": "dʑ", "ꭧ": "tʂ", "ꭦ": "dʐ"},
    **{"α": "ɑ", "ε": "ɛ", "φ": "ɸ", "γ": "ɣ", "ι": "ɪ", "ꞵ": "β", "ꭓ": "χ", "ꞷ": "ω"},
    **dict(zip("аеорсухіјәӡ", "aeopcyxijəʒ", strict=True)),  # Cyrillic letters with a Latin face
    **{"\u0361": "", "\u035c": "", "\u0640": ""},  # tie bars, tatweel
    **{"ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ۀ": "ه", "ة": "ه", "\u0653": "", "\u0654": "", "\u0655": ""},
}


class _Table(dict[int, str]):
    """What one letter of NFD text becomes; filled as letters are met."""

    def __init__(self, folds: frozenset[str], *, loose: bool = False) -> None:
        super().__init__()
        self._folds, self._loose = folds, loose

    def __missing__(self, code: int) -> str:
        letters = _unwide(chr(code)) if "lookalikes" in self._folds else chr(code)
        folded = "".join(self._one(letter) for part in letters for letter in unicodedata.normalize("NFD", part.casefold()))
        self[code] = folded
        return folded

    def _one(self, letter: str) -> str:
        category, ccc = unicodedata.category(letter), unicodedata.combining(letter)
        if category == "Cs":
            return _BAD
        if category == "Cf" or letter == "\u034f" or "\ufe00" <= letter <= "\ufe0f":
            return "" if category[0] == "M" else _GONE
        if category in ("Zs", "Zl", "Zp") or letter in "\t\n\v\f\r\x85":
            return " "
        if self._dropped(letter, ccc):
            return "" if category[0] == "M" else _GONE
        if "marks" in self._folds and letter in _STROKES:
            return _STROKES[letter]
        if "lookalikes" in self._folds and letter in _LOOKALIKES:
            return _LOOKALIKES[letter] or ("" if category[0] == "M" else _GONE)
        return letter

    def _dropped(self, letter: str, ccc: int) -> bool:
        if self._loose and (ccc or letter in "0123456789"):
            return True
        if "tones" in self._folds and (letter in _TONE_LETTERS or letter in _TONE_MARKS):
            return True
        return "marks" in self._folds and ccc != 0 and ccc not in _LETTERLIKE_CLASSES


_tables: dict[frozenset[str], _Table] = {}
_loose_table = _Table(EVERYTHING, loose=True)


def fold(text: str, folds: frozenset[str] = NOTHING) -> str:
    """The form in which two texts are compared."""
    composed = unicodedata.normalize("NFC", text.replace("\0", _NUL_MARK))
    if "tones" in folds and _DIGIT.search(composed):
        composed = _TONE_DIGITS.sub(lambda digits: _GONE * len(digits[0]), composed)
    return _fold_letters(composed, folds).replace(_GONE, "")


def loose(text: str) -> str:
    """The form an index keeps for every choice of folds: where `fold(a, x)` lies in `fold(b, x)`, `loose(a)` lies in `loose(b)`."""
    return unicodedata.normalize("NFD", text.replace("\0", _NUL_MARK)).translate(_loose_table).replace(_GONE, "")


def folds_for(text: str, folds: frozenset[str]) -> frozenset[str]:
    """The folds to use for a sought text: one of nothing but tones, digits or marks is meant literally."""
    return folds if loose(text) else NOTHING


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text that still knows which code points of the original each of its letters came from."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def matches(self, sought: str) -> Iterator[tuple[int, int]]:
        """Where `sought` (folded) lies, as ranges of the original; a letter is never parted from its marks."""
        at = self.text.find(sought) if sought else -1
        while at >= 0:
            yield self.spans[at][0], self.spans[at + len(sought) - 1][1]
            at = self.text.find(sought, at + len(sought))


def fold_with_spans(text: str, folds: frozenset[str] = NOTHING) -> Folded:
    """`fold`, and for every letter of it the range of the original it stands for."""
    spans = list(_clusters(text))
    composed = [unicodedata.normalize("NFC", text[start:stop].replace("\0", _NUL_MARK)) for start, stop in spans]
    if "tones" in folds:
        whole = _TONE_DIGITS.sub(lambda digits: _GONE * len(digits[0]), "".join(composed))
        ends = 0
        for place, piece in enumerate(composed):
            composed[place] = whole[ends : ends + len(piece)]
            ends += len(piece)
    letters, origins = [], []
    for span, piece in zip(spans, composed, strict=True):
        folded = _fold_piece(piece, folds)
        letters.append(folded)
        origins.extend([span] * len(folded))
    return Folded("".join(letters), tuple(origins))


def merge_ranges(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Ranges in order, overlapping and touching ones made one."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return tuple(merged)


def _fold_letters(composed: str, folds: frozenset[str]) -> str:
    table = _tables.get(folds) or _tables.setdefault(folds, _Table(folds & EVERYTHING))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", composed).translate(table))


@lru_cache(maxsize=20_000)
def _fold_piece(piece: str, folds: frozenset[str]) -> str:
    return _fold_letters(piece, folds).replace(_GONE, "")


def _unwide(letter: str) -> str:
    """Full and half width forms in their usual width."""
    kind, _, codes = unicodedata.decomposition(letter).partition(" ")
    return "".join(chr(int(code, 16)) for code in codes.split()) if kind in ("<wide>", "<narrow>") else letter


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Ranges that can be normalised on their own: a letter and everything that may join it."""
    start = 0
    for place in range(1, len(text)):
        if not joins(text[place]):
            yield start, place
            start = place
    if text:
        yield start, len(text)


def joins(letter: str) -> bool:
    """Whether a character belongs to the letter before it: marks, and the few letters that Unicode composes."""
    return (
        unicodedata.category(letter)[0] == "M"
        or "\u1160" <= letter <= "\u11ff"  # vowels and finals of Korean syllables
        or letter in "\uff9e\uff9f"  # half width voicing marks
        or "\U00016d63" <= letter <= "\U00016d6a"  # Kirat Rai vowels
    )
