"""What archives ask for, as data: how files are named, which descriptions go along, what must be filled in. Adding an archive is one row."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fieldapp.errors import WrongUsage

PROJECT = ("title", "description", "licence", "depositor")
SESSION = ("title", "date", "description", "genre", "place", "language", "speakers", "equipment")


@dataclass(frozen=True, slots=True)
class Profile:
    """One archive's rules. `pattern` is what every sound and annotation file must be called."""

    name: str
    title: str
    pattern: str
    upper: bool
    joint: str
    longest: int
    descriptions: tuple[str, ...]
    project_fields: tuple[str, ...]
    session_fields: tuple[str, ...]
    person_fields: tuple[str, ...]
    imdi_schema: str = "IMDI_3.0.xsd"

    def fits(self, name: str) -> bool:
        """Whether the archive would take a file of this name."""
        return re.fullmatch(self.pattern, name) is not None


PROFILES = (
    Profile("elar", "ELAR (through lameta and IMDI)", r"[A-Za-z0-9_-]+\.[a-z0-9]+", False, "_", 60, ("imdi", "rocrate"),
            PROJECT, SESSION, ("code", "gender", "birth_year", "languages"), "IMDI_3.0_elar.xsd"),
    Profile("paradisec", "PARADISEC", r"[A-Z0-9]+-[A-Z0-9]{1,30}-[A-Z0-9]+\.[a-z0-9]+", True, "-", 30, ("paradisec", "rocrate"),
            PROJECT, SESSION, ("code",)),
    Profile("imdi", "IMDI archives (The Language Archive)", r"[A-Za-z0-9_-]+\.[a-z0-9]+", False, "_", 60, ("imdi",),
            ("title", "description"), SESSION, ("code", "gender", "birth_year", "languages")),
    Profile("cmdi", "CMDI repositories (CLARIN)", r"[A-Za-z0-9_-]+\.[a-z0-9]+", False, "_", 60, ("cmdi",),
            ("title", "description", "licence"), SESSION, ("code",)),
    Profile("opex", "OPEX (Preservica)", r"[A-Za-z0-9_-]+\.[a-z0-9]+", False, "_", 60, ("opex", "rocrate"),
            ("title", "description"), ("title", "date"), ("code",)),
    Profile("rocrate", "RO-Crate repositories", r"[A-Za-z0-9_-]+\.[a-z0-9]+", False, "_", 60, ("rocrate",),
            ("title", "description", "licence"), ("title", "date", "language"), ("code",)),
    Profile("olac", "Any archive (OLAC minimum)", r"[A-Za-z0-9_-]+\.[a-z0-9]+", False, "_", 60, ("olac", "rocrate"),
            ("title",), ("title", "date", "language"), ("code",)),
)  # fmt: skip


def profile(name: str) -> Profile:
    """The profile of that name."""
    found = next((one for one in PROFILES if one.name == name), None)
    if found is None:
        raise WrongUsage(f"There is no archive profile '{name}'.", f"Known profiles: {', '.join(one.name for one in PROFILES)}.")
    return found
