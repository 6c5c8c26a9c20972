"""Sounds that are neither beside their annotation file nor in the fieldbook: looked for in the places a person names, then asked for. Reads only."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from fieldapp.errors import FieldError, ImportProblem
from fieldapp.intake import sound_links
from fieldapp.intake.annotations import Found
from fieldapp.intake.manifest import SOUND_SUFFIXES

Ask = Callable[[str, Path], Path | None]
"""Asked where a sound is: its name (empty where the file names none) and the annotation file; None for 'leave it out'."""


def look(db: sqlite3.Connection, found: Sequence[Found], places: Iterable[Path], ask: Ask | None) -> None:
    """Give every sound that is missing its file, where the places hold it or the person knows."""
    missing = list(_missing(db, found))
    if not missing:
        return
    there = list(_sounds(places))
    for one, sound in missing:
        names = sound_links.names_of(one.document.media_of(sound))
        path = sound_links.named(there, names, one.file)
        if path is None and ask is not None:
            path = ask(", ".join(names), one.file)
            if path is not None and not path.is_file():
                raise ImportProblem(f"There is no file {path}.", "Nothing was imported; say it again, or put the sound beside the annotations.")
        if path is not None:
            one.on_disk[sound], one.sums[sound] = path, sound_links.checksum(path)


def _missing(db: sqlite3.Connection, found: Sequence[Found]) -> Iterator[tuple[Found, str]]:
    known = sound_links.recordings(db)
    for one in found:
        for sound, path in one.on_disk.items():
            try:
                if path is None and sound_links.in_fieldbook(one.file, one.document.media_of(sound), known) is None:
                    yield one, sound
            except FieldError:  # several would fit: that is said when the file is added
                continue


def _sounds(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        elif not place.is_dir():
            raise ImportProblem(f"There is no file or folder {place}.", "--media names where sounds are.")
        for at, folders, names in os.walk(place):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (Path(at) / name for name in sorted(names) if Path(name).suffix.lower() in SOUND_SUFFIXES and not name.startswith("."))
