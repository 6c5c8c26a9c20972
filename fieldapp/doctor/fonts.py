"""Which scripts the installed fonts can show, asked from fontconfig. Any thread."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

from fieldapp.doctor.finding import Finding

GOOD_FOR_IPA = ("Charis SIL", "Charis", "Doulos SIL", "Gentium", "Andika")
"""Families that stack diacritics and tone letters as linguists write them."""
ALWAYS_WANTED = (("IPA", "ɖʱ̃˥˩͡", "fonts-sil-charis"), ("Han", "田喺嘅", "fonts-noto-cjk"))
"""Script, letters that tell, the Debian package that brings it."""
OTHERS = (
    ("Arabic", "عپ"), ("Armenian", "ա"), ("Bengali", "ক"), ("Burmese", "က"), ("Cyrillic", "жӏ"), ("Devanagari", "क"), ("Ethiopic", "ሀ"), ("Georgian", "ა"),
    ("Greek", "ἀ"), ("Hangul", "한"), ("Hebrew", "א"), ("Kana", "かカ"), ("Khmer", "ក"), ("Lao", "ກ"), ("Tamil", "த"), ("Thai", "ก"),
    ("Tibetan", "ཀ"), ("Yi", "ꀀ"),
)  # fmt: skip


def fonts() -> list[Finding]:
    """What can be shown, and what to install for the rest."""
    if not shutil.which("fc-list"):
        return [Finding("fonts", "ok", "not looked at: this system has no fontconfig")]
    listed = subprocess.run(["fc-list", "--format", "%{family}\t%{charset}\n"], capture_output=True, timeout=30, check=False).stdout
    return judged(parsed(listed.decode("utf-8", "replace").splitlines()))


def parsed(lines: Iterable[str]) -> dict[str, list[range]]:
    """Font families and the code points they cover; of several faces of a family the first counts."""
    found: dict[str, list[range]] = {}
    for line in lines:
        family, _, covered = line.partition("\t")
        ends = [part.partition("-") for part in covered.split()]
        found.setdefault(family, [range(int(low, 16), int(high or low, 16) + 1) for low, _, high in ends])
    return found


def judged(covered: dict[str, list[range]]) -> list[Finding]:
    """The findings for a set of fonts."""
    findings = []
    for script, letters, package in ALWAYS_WANTED:
        able = [family for family, ranges in covered.items() if _shows(ranges, letters)]
        if script == "IPA":
            able = [family for family in able if family.startswith(GOOD_FOR_IPA)]
        what = f"font for {script}"
        install = f"Install one (Debian: {package})."
        findings.append(Finding(what, "ok", able[0].split(",")[0]) if able else Finding(what, "look", "no font shows it well", install))
    unseen = [script for script, letters in OTHERS if not any(_shows(ranges, letters) for ranges in covered.values())]
    found = f"no font for {', '.join(unseen)}" if unseen else f"all of {len(OTHERS)} other scripts"
    advice = "If you work with one of them, install Noto fonts (Debian: fonts-noto-core)." if unseen else ""
    return [*findings, Finding("fonts for other scripts", "ok", found, advice)]


def _shows(ranges: list[range], letters: str) -> bool:
    return all(any(ord(letter) in one for one in ranges) for letter in letters)
