"""Sound files that are missing from a fieldbook are looked for elsewhere and brought back: only the very bytes that were there. Any thread."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.errors import DiskFull, FieldError, NotThere
from fieldapp.model import Recording
from fieldapp.store.check_files import sha256
from fieldapp.store.sessions import recordings

Progress = Callable[[float, str], None]
SPARE = 200 << 20


@dataclass(slots=True)
class Relinked:
    """Paths in the fieldbook that are whole again (and the file each came from), those still missing, and files that only looked right."""

    found: dict[str, Path] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def missing_media(db: sqlite3.Connection, folder: Path) -> list[Recording]:
    """Recordings whose file is not there; nothing is read but the folder."""
    return [one for one in recordings(db) if not (folder / one.path).is_file()]


def bring_back(db: sqlite3.Connection, folder: Path, places: Iterable[Path], progress: Progress) -> Relinked:
    """Look for every missing file in these folders and files, whatever it is called there, and copy it to where it belongs."""
    result = Relinked()
    lacking = missing_media(db, folder)
    by_size: dict[int, list[Path]] = {}
    for file in _files(places):
        by_size.setdefault(file.stat().st_size, []).append(file)
    for number, recording in enumerate(lacking):
        progress(number / len(lacking), recording.path)
        source = _same(recording, by_size.get(recording.bytes, []), result)
        if source is None:
            result.missing.append(recording.path)
        else:
            _copy(source, folder / recording.path)
            result.found[recording.path] = source
    return result


def _same(recording: Recording, candidates: list[Path], result: Relinked) -> Path | None:
    """The file with the very bytes; one whose checksum was never noted cannot be told from any other and stays away."""
    for file in candidates:
        if recording.sha256 and sha256(file) == recording.sha256:
            return file
        if file.name == Path(recording.path).name:
            result.others.append(str(file))
    return None


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        elif not place.is_dir():
            raise NotThere(f"There is no file or folder {place}.", "Name where the sound files may be.")
        for at, inside, names in os.walk(place):
            inside[:] = sorted(name for name in inside if not name.startswith("."))
            yield from (file for name in sorted(names) if (file := Path(at) / name).is_file())


def _copy(source: Path, target: Path) -> None:
    """There as a whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size, free = source.stat().st_size, shutil.disk_usage(target.parent).free
    if size + SPARE > free:
        raise DiskFull(f"{source.name} needs {size / 1e9:.1f} GB; {free / 1e9:.1f} GB are free.", "Make room and look again.")
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as trouble:
        part.unlink(missing_ok=True)
        raise FieldError(
            f"{source.name} could not be copied to {target.parent}: {trouble.strerror}.", "Check the disk and the folder's permissions."
        ) from trouble
