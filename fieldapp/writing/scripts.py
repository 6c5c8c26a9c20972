"""Scripts and the fonts that show them: what is preferred, what a person chose, in which order a text asks for them. Pure; any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

IPA = "IPA"
INTERFACE = "Noto Sans"
SPEECH_TIERS = ("transcription", "ipa")
"""Tiers that hold speech as it sounds: their Latin letters are phonetic ones."""


@dataclass(frozen=True, slots=True)
class Script:
    """Letters that tell whether a font has it, families that show it well, the best first, and the Debian package of the best."""

    name: str
    letters: str
    families: tuple[str, ...]
    package: str = "fonts-noto-core"


SCRIPTS = (
    Script(IPA, "ɖʱ̃˥˩͡", ("Charis SIL", "Charis", "Doulos SIL", "Gentium", "Gentium Plus", "Andika"), "fonts-sil-charis"),
    Script("Cyrillic", "жӏ", (INTERFACE,)),
    Script("Greek", "ἀ", (INTERFACE,)),
    Script("Han", "田喺嘅", ("Noto Sans CJK SC", "Noto Sans CJK TC", "Noto Sans CJK HK"), "fonts-noto-cjk"),
    Script("Hangul", "한", ("Noto Sans CJK KR",), "fonts-noto-cjk"),
    Script("Kana", "かカ", ("Noto Sans CJK JP",), "fonts-noto-cjk"),
    Script("Arabic", "عپ", ("Noto Naskh Arabic", "Scheherazade New")),
    Script("Armenian", "ա", ("Noto Sans Armenian",)),
    Script("Bengali", "ক", ("Noto Sans Bengali",)),
    Script("Burmese", "က", ("Noto Sans Myanmar",)),
    Script("Devanagari", "क", ("Noto Sans Devanagari",)),
    Script("Ethiopic", "ሀ", ("Noto Sans Ethiopic",)),
    Script("Georgian", "ა", ("Noto Sans Georgian",)),
    Script("Hebrew", "א", ("Noto Sans Hebrew",)),
    Script("Khmer", "ក", ("Noto Sans Khmer",)),
    Script("Lao", "ກ", ("Noto Sans Lao",)),
    Script("Tamil", "த", ("Noto Sans Tamil",)),
    Script("Thai", "ก", ("Noto Sans Thai",)),
    Script("Tibetan", "ཀ", ("Noto Serif Tibetan",)),
    Script("Yi", "ꀀ", ("Noto Sans Yi",)),
)
NAMED = (IPA, "Han", "Arabic")
"""Scripts for which the system's own choice is often a poor one."""


def families(tier: str, chosen: Mapping[str, str]) -> list[str]:
    """The families a text asks for its letters, in this order: what was chosen for its tier ("" is no tier), what was chosen for scripts, what is best.

    Scripts nobody chose a font for and that are not in `NAMED` are left to the system. `chosen` has a family by tier or by script.
    Where speech is written, phonetic letters come before those of the interface.
    """
    phonetic = [chosen.get(IPA, ""), SCRIPTS[0].families[0]]
    first = [*phonetic, INTERFACE] if tier in SPEECH_TIERS else [INTERFACE, *phonetic]
    wanted = [chosen[script.name] for script in SCRIPTS[1:] if script.name in chosen]
    named = [script.families[0] for script in SCRIPTS if script.name in NAMED]
    return [family for family in dict.fromkeys((chosen.get(tier, ""), *first, *wanted, *named)) if family]
