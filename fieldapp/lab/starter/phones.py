"""How the world's texts sound, as espeak-ng says them: a small alphabet of sounds and tones that teaches the encoder to hear.

Letters of four scripts are thousands, and a network needs long to find them in sound; sounds are two hundred.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fieldapp.errors import FieldError
from fieldapp.lab.starter.voices import ESPEAK_LANGUAGE

FILE = "phones.json"
SPOKEN = ESPEAK_LANGUAGE | {"spa": "es"}
"""espeak-ng's voice for each language; what it does not speak has no phones."""
TONE_THREE = ("yue", "hak")
"""Languages in which espeak-ng's IPA takes the number of the third tone for a vowel."""
_STRESS = str.maketrans("", "", "ˈˌ|")
_TONE = re.compile(r"(\D*)(\d*)(.*)", re.DOTALL)


class Phones:
    """The sounds of each text as numbers from 0; `count` is the size of the alphabet, and the number of the blank."""

    def __init__(self, symbols: Sequence[str], of: Mapping[str, Sequence[int]]) -> None:
        self.symbols, self._of = tuple(symbols), of
        self.count = len(self.symbols)

    @classmethod
    def load(cls, place: Path) -> Phones:
        """From a file that `learn` wrote."""
        kept = json.loads(place.read_text(encoding="utf-8"))
        return cls(kept["symbols"], kept["of"])

    def __call__(self, language: str, text: str) -> tuple[int, ...]:
        """The sounds of a text; empty where they are not known."""
        return tuple(self._of.get(_key(language, text), ()))


def learn(texts: Iterable[tuple[str, str]], place: Path) -> None:
    """Ask espeak-ng how these texts (language, text) sound and keep the answers."""
    wanted: dict[str, list[str]] = {}
    for language, text in sorted(set(texts)):
        if language in SPOKEN:
            wanted.setdefault(language, []).append(text)
    said = {_key(language, text): sounds for language, these in wanted.items() for text, sounds in zip(these, spell(language, these))}
    symbols = sorted({sound for sounds in said.values() for sound in sounds})
    number = {symbol: i for i, symbol in enumerate(symbols)}
    kept = {"symbols": symbols, "of": {key: [number[sound] for sound in sounds] for key, sounds in said.items()}}
    aside = place.with_suffix(".new")
    aside.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    aside.replace(place)


def spell(language: str, texts: Sequence[str]) -> list[list[str]]:
    """The sounds of each text. One line in is one line out; a tone is a sound of its own, named after its language."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise FieldError("espeak-ng is not installed.", "Install it: apt install espeak-ng")
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(f"{text}.\n\n" for text in texts))
        file.flush()
        command = [program, "-v", SPOKEN[language], "-q", "--ipa", "--sep=_", "-f", file.name]
        lines = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout.splitlines()
    said = [line for line in lines if line.strip()]
    if len(said) != len(texts):
        raise FieldError(
            f"espeak-ng said {len(said)} lines for {len(texts)} texts in '{language}'.", "A text that has no sound shifts the others: leave it out."
        )
    return [_sounds(language, line) for line in said]


def _sounds(language: str, line: str) -> list[str]:
    sounds: list[str] = []
    for piece in re.split(r"[_\s]+", line.translate(_STRESS)):
        matched = _TONE.fullmatch(piece.replace("ɜ", "3") if language in TONE_THREE else piece)
        before, tone, after = matched.groups() if matched else (piece, "", "")
        sounds += [sound for sound in (before, f"{language}{tone}" if tone else "", after) if sound]
    return sounds


def _key(language: str, text: str) -> str:
    return f"{language}\t{text}"
