"""Names for files inside a fieldbook: ASCII, stable for life, never twice, also where capital and small letters are one. Any thread."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 40
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


def fold(name: str) -> str:
    """A name in A-Z a-z 0-9 _ only; `sound` where nothing of it is left."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")[:LONGEST].rstrip("_")
    return f"{stem}_1" if _RESERVED.match(stem) else stem or "sound"


class Stems:
    """Gives out stems, none of them twice."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {stem.lower() for stem in taken}
        self._next: dict[str, int] = {}

    def take(self, name: str) -> str:
        """A free stem for a file of this name, numbered from 2 where it is taken."""
        stem = fold(name)
        number = self._next.get(stem.lower(), 1)
        while (free := stem if number == 1 else f"{stem}_{number}").lower() in self._taken:
            number += 1
        self._next[stem.lower()] = number + 1
        self._taken.add(free.lower())
        return free
