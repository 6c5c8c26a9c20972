"""IPA as phones, and how far two pronunciations are apart: by plain edits, or graded by how the phones are made. Pure; any thread.

Tones, stress and pauses are left out: what is compared are the sounds in a row. The grades are rough on purpose (place, manner,
voice; height, backness, rounding): enough to put [pa] nearer to [ba] than to [si].
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Phones = tuple[str, ...]

_TIES = "\u0361\u035c"
_LATER = frozenset("ːˑʰʱʲʷˠˤⁿˡ˞ʼ\u02de")
_LIGATURES = {"ʦ": "t\u0361s", "ʣ": "d\u0361z", "ʧ": "t\u0361ʃ", "ʤ": "d\u0361ʒ", "ʨ": "t\u0361ɕ", "ʥ": "d\u0361ʑ"}
_SAME = _LIGATURES | {"g": "ɡ", ":": "ː", "'": "ʼ", "ȵ": "ɲ", "ɚ": "ə˞", "ɝ": "ɜ˞", "ᴀ": "a", "ᴇ": "e", "ɷ": "ʊ", "ɩ": "ɪ"}
_PLACES = {
    "bilabial": "pbmʙɸβ",
    "labiodental": "ɱfvⱱʋ",
    "dental": "θð",
    "alveolar": "tdnrɾszɬɮɹlɫ",
    "postalveolar": "ʃʒ",
    "retroflex": "ʈɖɳɽʂʐɻɭ",
    "palatal": "cɟɲɕʑçʝjɥʎ",
    "velar": "kɡŋxɣɰwʍʟ",
    "uvular": "qɢɴʀχʁ",
    "pharyngeal": "ħʕʡ",
    "glottal": "ʔhɦ",
}
_MANNERS = ("pbtdʈɖcɟkɡqɢʔʡ", "", "ɸβfvθðszʃʒʂʐɕʑçʝxɣχʁħʕhɦɬɮʍ", "mɱnɳɲŋɴ", "lɫɭʎʟrɾɽʀʙⱱ", "ʋɹɻjɥɰw")
"""Plosives, (affricates), fricatives, nasals, liquids, glides: neighbours are alike."""
_VOICELESS = frozenset("ptʈckqʔʡɸfθsʃʂɕçxχħhɬʍ")
_VOWELS = {"iyɨʉɯuɿʅ": 0, "ɪʏʊ": 1, "eøɘɵɤo": 2, "ə": 3, "ɛœɜɞʌɔ": 4, "æɐ": 5, "aɶɑɒ": 6}
_BACK = {"iyɪʏeøɛœæaɶɿ": 0, "ɨʉɘɵəɜɞɐʅ": 1, "ɯuʊɤoʌɔɑɒ": 2}
_ROUND = frozenset("yʉuʏʊøɵoœɞɔɶɒ")
_GLIDES = {"j": "i", "w": "u", "ɥ": "y", "ɰ": "ɯ"}


def phones(ipa: str) -> Phones:
    """The phones of a transcription; marks stay with their letter, tied letters are one phone."""
    found: list[str] = []
    tied = False
    for letter in unicodedata.normalize("NFD", "".join(_SAME.get(letter, letter) for letter in ipa)):
        if letter in _TIES:
            tied = bool(found)
        elif unicodedata.combining(letter) or letter in _LATER:
            tied = False
            if found:
                found[-1] += letter
        elif unicodedata.category(letter) in ("Ll", "Lo", "Lt", "Lu") and not letter.isnumeric():
            if tied:
                found[-1] += letter
            else:
                found.append(letter)
            tied = False
    return tuple(unicodedata.normalize("NFC", phone) for phone in found)


def words(ipa: str) -> list[Phones]:
    """The phones of each word; blanks part words."""
    return [spoken for word in ipa.split() if (spoken := phones(word))]


def plain(spoken: Phones) -> Phones:
    """Phones without their marks: what published thresholds on edit distance count."""
    return tuple("".join(_bare(letter) for letter in phone) or phone for phone in spoken)


def _bare(letter: str) -> str:
    """A letter without its marks; the cedilla of ç is no mark."""
    if letter == "ç" or letter in _LATER:
        return letter if letter == "ç" else ""
    return "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part))


@lru_cache(maxsize=65536)
def difference(one: str, other: str) -> float:
    """How different two phones are: 0 for the same, 1 for a vowel and a plosive."""
    if one == other:
        return 0.0
    a, b = plain((one,))[0], plain((other,))[0]
    marks = 0.2 if one != a or other != b else 0.0
    if a == b:
        return 0.2
    first, second = _consonant(a), _consonant(b)
    if first and second:
        return min(1.0, marks + 0.1 + 0.04 * abs(first[0] - second[0]) + 0.12 * abs(first[1] - second[1]) + 0.15 * (first[2] != second[2]))
    one_vowel, other_vowel = _vowel(_GLIDES.get(a, a)), _vowel(_GLIDES.get(b, b))
    if one_vowel and other_vowel:
        glide = 0.2 * ((a in _GLIDES) != (b in _GLIDES))
        apart = 0.08 * abs(one_vowel[0] - other_vowel[0]) + 0.15 * abs(one_vowel[1] - other_vowel[1]) + 0.1 * (one_vowel[2] != other_vowel[2])
        return min(1.0, marks + glide + 0.05 + apart)
    return 1.0


def distances(queries: Sequence[Phones], candidates: Sequence[Phones], *, graded: bool = True) -> F64:
    """The distance of every query to every candidate; where one says nothing it is 1."""
    if not graded:
        queries, candidates = [plain(one) for one in queries], [plain(one) for one in candidates]
    inventory = sorted({phone for spoken in (*queries, *candidates) for phone in spoken})
    number = {phone: at for at, phone in enumerate(inventory)}
    costs = np.array([[difference(one, other) if graded else float(one != other) for other in inventory] for one in inventory]).reshape(
        len(inventory), len(inventory)
    )
    lengths = np.array([len(spoken) for spoken in candidates])
    codes = np.zeros((len(candidates), max(1, int(lengths.max(initial=1)))), np.int64)
    for row, spoken in enumerate(candidates):
        codes[row, : len(spoken)] = [number[phone] for phone in spoken]
    found = np.ones((len(queries), len(candidates)))
    for at, spoken in enumerate(queries):
        if spoken:
            edits = _edits(costs[[number[phone] for phone in spoken]], codes)
            reached = edits[np.arange(len(candidates)), lengths]
            found[at] = np.where(lengths > 0, reached / np.maximum(lengths, len(spoken)), 1.0)
    return found


def _edits(costs: F64, codes: NDArray[np.int64]) -> F64:
    """The last row of the table of edits of one query against all candidates, [candidates, length + 1]."""
    steps = np.arange(codes.shape[1] + 1, dtype=np.float64)
    row = np.broadcast_to(steps, (len(codes), len(steps)))
    for number, cost in enumerate(costs, 1):
        cheapest = np.minimum(row[:, 1:] + 1, row[:, :-1] + cost[codes])
        begun = np.concatenate([np.full((len(codes), 1), float(number)), cheapest], axis=1)
        row = np.minimum.accumulate(begun - steps, axis=1) + steps
    return row


@lru_cache(maxsize=4096)
def _consonant(phone: str) -> tuple[int, int, bool] | None:
    """Place, manner, voice; two letters tied together are an affricate at the place of the second."""
    last = phone[-1:]
    place = next((number for number, letters in enumerate(_PLACES.values()) if last and last in letters), None)
    manner = 1 if len(phone) > 1 else next((number for number, letters in enumerate(_MANNERS) if last and last in letters), None)
    return None if place is None or manner is None else (place, manner, last not in _VOICELESS)


@lru_cache(maxsize=4096)
def _vowel(phone: str) -> tuple[int, int, bool] | None:
    height = next((height for letters, height in _VOWELS.items() if phone and phone in letters), None)
    back = next((back for letters, back in _BACK.items() if phone and phone in letters), None)
    return None if height is None or back is None else (height, back, phone in _ROUND)
