"""Which scripts the installed fonts can show, asked from fontconfig. Any thread."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping

from fieldapp.doctor.finding import Finding
from fieldapp.writing.scripts import IPA, SCRIPTS, Script

ALWAYS_WANTED = (IPA, "Han")
Covered = Mapping[str, list[range]]
"""Code points by font family; a family may have several names, parted by commas."""


def fonts(chosen: Mapping[str, str]) -> list[Finding]:
    """What can be shown, what to install for the rest, and which fonts of the settings (family by tier or script) are not there."""
    covered = listed()
    return [Finding("fonts", "ok", "not looked at: this system has no fontconfig")] if covered is None else judged(covered, chosen)


def listed() -> Covered | None:
    """The fonts of this machine; None where nothing can tell."""
    if not shutil.which("fc-list"):
        return None
    told = subprocess.run(["fc-list", "--format", "%{family}\t%{charset}\n"], capture_output=True, timeout=30, check=False).stdout
    return parsed(told.decode("utf-8", "replace").splitlines())


def parsed(lines: Iterable[str]) -> Covered:
    """Font families and the code points they cover; of several faces of a family the first counts."""
    found: dict[str, list[range]] = {}
    for line in lines:
        family, _, covered = line.partition("\t")
        ends = [part.partition("-") for part in covered.split()]
        found.setdefault(family, [range(int(low, 16), int(high or low, 16) + 1) for low, _, high in ends])
    return found


def able(covered: Covered, script: Script) -> list[str]:
    """The families that can show a script, those that show it well first."""
    found = [name for name, ranges in covered.items() if all(any(ord(letter) in one for one in ranges) for letter in script.letters)]
    first = {family: number for number, family in reversed(list(enumerate(script.families)))}
    return sorted((name.split(",")[0] for name in found), key=lambda name: (first.get(name, len(first)), name))


def judged(covered: Covered, chosen: Mapping[str, str]) -> list[Finding]:
    """The findings for a set of fonts."""
    findings, unseen = [], []
    for script in SCRIPTS:
        names = able(covered, script)
        if script.name == IPA:  # many fonts have the letters; few put marks where they belong
            names = [name for name in names if name.startswith(script.families)]
        if script.name in ALWAYS_WANTED:
            what, install = f"font for {script.name}", f"Install one (Debian: {script.package})."
            findings.append(Finding(what, "ok", names[0]) if names else Finding(what, "look", "no font shows it well", install))
        elif not names:
            unseen.append(script.name)
    found = f"no font for {', '.join(unseen)}" if unseen else f"all of {len(SCRIPTS) - len(ALWAYS_WANTED)} other scripts"
    advice = "If you work with one of them, install Noto fonts (Debian: fonts-noto-core)." if unseen else ""
    there = {one.strip() for name in covered for one in name.split(",")}
    gone = [
        Finding(f"font for {place}", "look", f"{family} was chosen and is not installed", "Install it, or choose another on the Review page.")
        for place, family in chosen.items()
        if family not in there
    ]
    return [*findings, Finding("fonts for other scripts", "ok", found, advice), *gone]
