"""Glottolog's list of languages and dialects, read from the table somebody fetched: `languages.csv` of its CLDF data, or an older one. Any thread.

The catalogue is not shipped: it is large, grows twice a year and is one download away. What is loaded checks and finds Glottocodes offline.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fieldapp.errors import ImportProblem

CODE = re.compile(r"[a-z0-9]{4}[0-9]{4}")
MOST_BYTES = 200 << 20
SHOWN = 12
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("glottocode", "id"),
    "name": ("name",),
    "iso": ("iso639p3code", "isocodes"),
    "level": ("level",),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
}
"""What the columns are called in the tables Glottolog gives out, without regard to case."""
_HINT = "Fetch languages.csv from Glottolog's CLDF data (glottolog.org, Download)."


@dataclass(frozen=True, slots=True)
class Languoid:
    """A family, language or dialect of the catalogue."""

    code: str
    name: str
    iso639_3: str = ""
    level: str = ""
    latitude: float | None = None
    longitude: float | None = None


class Glottolog:
    """The catalogue: by code, and by how names begin."""

    def __init__(self, languoids: Mapping[str, Languoid]) -> None:
        self._by_code = languoids
        self._names = sorted((_folded(one.name), one.code) for one in languoids.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def get(self, code: str) -> Languoid | None:
        """The languoid with this code."""
        return self._by_code.get(code)

    def matching(self, typed: str, most: int = SHOWN) -> list[Languoid]:
        """Those whose code or name begins with what was typed, then those with a later word that does; short names first."""
        sought = _folded(typed)
        if len(sought) < 2:
            return []
        first = [code for name, code in self._names if name.startswith(sought) or code.startswith(sought)]
        later = [code for name, code in self._names if f" {sought}" in name] if len(first) < most else []
        found = sorted(first, key=lambda code: len(self._by_code[code].name)) + sorted(later, key=lambda code: len(self._by_code[code].name))
        return [self._by_code[code] for code in dict.fromkeys(found)][:most]


def read(path: Path) -> Glottolog:
    """The catalogue in a table; a file that is none is a sentence."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ImportProblem(f"{path.name} is too big to be Glottolog's table.", _HINT)
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = {one.code: one for one in _languoids(csv.DictReader(file), path)}
    except (OSError, UnicodeDecodeError, csv.Error) as trouble:
        raise ImportProblem(f"{path.name} cannot be read as a table: {trouble}.", _HINT) from trouble
    if not found:
        raise ImportProblem(f"{path.name} holds no Glottocodes.", _HINT)
    return Glottolog(found)


def _languoids(rows: csv.DictReader[str], path: Path) -> Iterator[Languoid]:
    known = {name.strip().casefold(): name for name in rows.fieldnames or () if name}
    columns = {ours: next((known[name] for name in names if name in known), "") for ours, names in _COLUMNS.items()}
    if not columns["code"] or not columns["name"]:
        raise ImportProblem(f"{path.name} has no columns Glottocode and Name.", _HINT)

    def of(row: dict[str, str], column: str) -> str:
        return (row.get(columns[column]) or "").strip()

    for row in rows:
        code = of(row, "code")
        if CODE.fullmatch(code):
            iso = of(row, "iso")
            latitude, longitude = _degrees(of(row, "latitude"), 90), _degrees(of(row, "longitude"), 180)
            placed = latitude is not None and longitude is not None
            three = iso if re.fullmatch(r"[a-z]{3}", iso) else ""
            yield Languoid(code, of(row, "name"), three, of(row, "level"), latitude if placed else None, longitude if placed else None)


def _degrees(text: str, most: int) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and abs(found) <= most else None


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.strip().casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
