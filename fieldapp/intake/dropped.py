"""Whatever somebody names or drops: sound, folders, tables, annotation files, ZIP archives. First looked at, then brought in the same way. Any thread."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fieldapp.corpus import importers
from fieldapp.intake import archives, importing, manifest
from fieldapp.intake.annotations import FileReport, attach, files, new_sounds, read
from fieldapp.intake.importing import Report
from fieldapp.intake.manifest import Wanted
from fieldapp.store.store import Store

TABLES = (".csv", ".tsv")
Progress = Callable[[float, str], None]


@dataclass(slots=True)
class Dropped:
    """What became of it, or would: the sound, and each annotation file."""

    sound: Report = field(default_factory=Report)
    annotations: list[FileReport] = field(default_factory=list)


def unpacked(path: Path, place: Path, progress: Progress) -> Path:
    """What is brought in for a path: of a ZIP file the folder in it, unpacked below `place`; everything else is itself."""
    if path.suffix.lower() != archives.SUFFIX or not path.is_file():
        return path
    folder = Path(tempfile.mkdtemp(dir=place)) / path.stem
    folder.mkdir()
    archives.unpack(path, folder, progress)
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def bring(store: Store, sources: Sequence[Path], progress: Progress, *, speaker: str = "", variety: str = "", session: str = "", dry: bool = False) -> Dropped:
    """Bring it in, or with `dry` only say what would come: sound with what tables say of it, and the annotations that belong to it."""
    wanted = wanted_of(sources, speaker, variety)
    named = [one for one in sources if one.is_file() and one.suffix.lower() not in TABLES and importers.importer_for(one)]
    labelled = files(named, wanted.set_aside, [row.path for row in wanted.rows])
    found, told = read(labelled, {}, progress, allow_outside=False)
    linked = new_sounds(store.reader(), found)
    wanted = without(wanted, labelled).joined(manifest.find_files(linked, speaker, variety))
    if dry:
        sound = importing.rehearse(store, wanted, progress)
    else:
        sound = importing.Import(store).run(wanted, list(sources), session, progress) if wanted.rows or not labelled else Report()
    attach(store, found, progress, dry=dry)
    return Dropped(sound, [*told, *(one.report for one in found)])


def wanted_of(sources: Iterable[Path], speaker: str, variety: str) -> Wanted:
    """The rows that files, folders and tables stand for."""
    sources = list(sources)
    wanted = manifest.find_files([one for one in sources if one.suffix.lower() not in TABLES], speaker, variety)
    for table in (one for one in sources if one.suffix.lower() in TABLES):
        wanted = manifest.read_manifest(table, speaker=speaker, variety=variety).joined(wanted)
    return wanted


def without(wanted: Wanted, labelled: Iterable[Path]) -> Wanted:
    """What was set aside, without the files that turned out to be annotations."""
    known = set(labelled)
    return replace(wanted, set_aside=tuple(one for one in wanted.set_aside if Path(one).absolute() not in known))
