"""Made dialects: regular sound changes over espeak-ng's phonemes, so that sound can be moved away from a variety while every meaning stays.

A made dialect is a base variety and the first so many of its changes; `distance` says how far that takes a text. Nobody
speaks these: they are instruments for measuring, and everything made of them says so. Any thread.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import FieldError
from fieldapp.lab.starter.voices import ESPEAK_LANGUAGE, Voice, speak
from fieldapp.lab.wording import edits

_PARTS = re.compile(r"([',]*)(.*?)(\d*)")
_GLIDES = ("w", "j")
Word = tuple[str, ...]
"""The sounds of one word: initials, vowels with their tone behind them, finals."""


@dataclass(frozen=True, slots=True)
class Change:
    """One regular change. `sounds` are replaced wherever they begin a syllable or are its vowel, `finals` where they end one, `tones` on every vowel.

    An empty replacement loses the sound.
    """

    name: str
    sounds: Mapping[str, str] = field(default_factory=dict)
    finals: Mapping[str, str] = field(default_factory=dict)
    tones: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, word: Word) -> Word:
        """The word after the change."""
        changed = []
        for place, sound in enumerate(word):
            stress, body, tone = _split(sound)
            body = (self.finals if _ends_a_syllable(word, place) else self.sounds).get(body, body)
            changed.append(f"{stress}{body}{self.tones.get(tone, tone)}" if body else "")
        return tuple(filter(None, changed))


CHANGES: Mapping[str, tuple[Change, ...]] = {
    "cmn": (
        Change("retroflexes become plain", sounds={"ts.": "ts", "ts.h": "tsh", "s.": "s", "i.": "i["}),
        Change("n- becomes l-", sounds={"n": "l"}),
        Change("-ng becomes -n", finals={"N": "n"}),
        Change("the third tone joins the second", tones={"214": "35", "21": "35"}),
        Change("f- becomes h-", sounds={"f": "X"}),
        Change("the fourth tone joins the first", tones={"51": "55"}),
        Change("finals are lost", finals={"n": "", "N": ""}),
        Change("aspirates lose their breath", sounds={"ph": "p", "th": "t", "kh": "k", "tsh": "ts", "tS;h": "tS;"}),
    ),
    "yue": (
        Change("n- becomes l-", sounds={"n": "l"}),
        Change("ng- is lost", sounds={"N": ""}),
        Change("the fifth tone joins the second", tones={"5": "2"}),
        Change("-k becomes -t", finals={"k": "t"}),
        Change("the sixth tone joins the third", tones={"6": "3"}),
        Change("-m becomes -n", finals={"m": "n"}),
        Change("stops at the end are lost", finals={"p": "", "t": "", "k": ""}),
        Change("aspirates lose their breath", sounds={"p": "b", "t": "d", "k": "g", "c": "z"}),
    ),
    "hak": (
        Change("n- becomes l-", sounds={"n": "l"}),
        Change("v- becomes f-", sounds={"v": "f"}),
        Change("-m becomes -n", finals={"m": "n"}),
        Change("the fourth tone joins the third", tones={"4": "3"}),
        Change("-p and -t become -k", finals={"p": "k", "t": "k"}),
        Change("-ng becomes -n", finals={"N": "n"}),
        Change("stops at the end are lost", finals={"p": "", "t": "", "k": ""}),
        Change("aspirates lose their breath", sounds={"ph": "p", "th": "t", "kh": "k", "tsh": "ts", "tS;h": "tS;"}),
    ),
}


@dataclass(frozen=True, slots=True)
class MadeDialect:
    """A base variety after its first `strength` changes; strength 0 is the base itself."""

    base: str
    strength: int

    def __post_init__(self) -> None:
        if self.base not in CHANGES or not 0 <= self.strength <= len(CHANGES[self.base]):
            raise ValueError(f"there is no dialect of strength {self.strength} made from '{self.base}'")

    @property
    def name(self) -> str:
        """For records; it says that nobody speaks it."""
        return f"made-{self.base}-{self.strength}"

    @property
    def changes(self) -> tuple[Change, ...]:
        """What happened to the base, in order."""
        return CHANGES[self.base][: self.strength]

    def __call__(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Words of the base as this dialect says them."""
        said = tuple(words)
        for change in self.changes:
            said = tuple(changed for word in said if (changed := change(word)))
        return said

    def phonemes(self, text: str) -> str:
        """The text, written as the base is written, as phonemes of this dialect that espeak-ng reads."""
        return written(self(phonemes(text, self.base)))

    def speak(self, text: str, voice: Voice) -> NDArray[np.int16]:
        """The text, written as the base is written, said in this dialect; 16 kHz."""
        return speak(f"[[{self.phonemes(text)}]]", self.base, voice)

    def distance(self, texts: Sequence[str]) -> float:
        """How far the dialect is from its base in these texts: phonemes and tones that differ, of all."""
        differing = total = 0
        for text in texts:
            before = phonemes(text, self.base)
            one, other = _flat(before), _flat(self(before))
            differing += edits(one, other)
            total += len(one)
        return differing / max(1, total)


def phonemes(text: str, language: str) -> tuple[Word, ...]:
    """How espeak-ng says a text of a variety, word by word."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise FieldError("espeak-ng is not installed.", "Install it: apt install espeak-ng")
    command = [program, "-v", ESPEAK_LANGUAGE[language], "-q", "-x", "--sep=_", "--", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.strip():
        raise FieldError(f"espeak-ng has no phonemes for {text!r}: {done.stderr.strip()}")
    return tuple(word for said in done.stdout.split() if (word := tuple(sound for sound in said.split("_") if sound.strip("|:'"))))


def written(words: Sequence[Word]) -> str:
    """Words as espeak-ng takes them between double brackets."""
    return " ".join("".join(word) for word in words)


def _ends_a_syllable(word: Word, place: int) -> bool:
    """Whether a sound is a final: vowels carry the tone, and what stands before one (or before a glide and one) begins its syllable."""
    following = [sound for sound in word[place + 1 : place + 3] if sound not in _GLIDES]
    return not any(_split(sound)[2] for sound in (word[place], *following[:1]))


def _split(sound: str) -> tuple[str, str, str]:
    """Stress, sound and tone."""
    found = _PARTS.fullmatch(sound)
    assert found is not None  # every part may be empty
    return found[1], found[2], found[3]


def _flat(words: Sequence[Word]) -> list[str]:
    """Sounds and tones apart, stress left out, so that a merged tone counts once."""
    return [part for word in words for sound in word for part in _split(sound)[1:] if part]
