"""Annotation files come in: read, matched with their sound, added to what is there, kept as they were. Runs on the thread of whoever imports.

Each file is one transaction: its segments, its texts and the copy of the original in `audio/` (`STEM.original.eaf`) are there
together or not at all. The same file again adds nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from fieldapp.corpus import importers
from fieldapp.corpus.document import Document, Utterance
from fieldapp.errors import FieldError, ImportProblem
from fieldapp.intake import sound_links
from fieldapp.intake.annotation_plan import Place, Plan, plan
from fieldapp.intake.staging import copy_verified
from fieldapp.model import Annotation, PersonId, Recording, RecordingId, SegmentId
from fieldapp.store import people, segments, sessions
from fieldapp.store.rows import ANNOTATION
from fieldapp.store.store import Store
from fieldapp.store.texts import add_texts
from fieldapp.store.transaction import Transaction

Progress = Callable[[float, str], None]
KEPT = "annotations"
"""The key in a recording's metadata under which the originals are listed."""


@dataclass(slots=True)
class FileReport:
    """What became of one annotation file."""

    file: str
    format: str = ""
    utterances: int = 0
    labels: int = 0
    speakers: tuple[str, ...] = ()
    tiers: Mapping[str, str] = field(default_factory=dict)
    recordings: list[str] = field(default_factory=list)
    segments_added: int = 0
    texts_added: int = 0
    already: int = 0
    kept_as: str = ""
    warnings: list[str] = field(default_factory=list)
    problem: str = ""

    def data(self) -> dict[str, Any]:
        """For --json."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(slots=True)
class Found:
    """A file that was read, and the sound on the disk for each of its sounds (None: to be looked for in the fieldbook)."""

    file: Path
    document: Document
    report: FileReport
    on_disk: dict[str, Path | None] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    elsewhere: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)


def files(named: Iterable[Path], aside: Iterable[str], sounds: Iterable[Path]) -> list[Path]:
    """The annotation files a person named (or that lie in a folder they named), and those found beside sounds of the same name."""
    found: dict[Path, None] = {}
    for path in named:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if not hidden and (file == path or (file.is_file() and importers.importer_for(file))):
                found.setdefault(file.absolute())
    by_folder: dict[Path, list[Path]] = {}
    for sound in sounds:
        by_folder.setdefault(sound.absolute().parent, []).append(sound)
    for file in map(Path, aside):
        neighbours = by_folder.get(file.absolute().parent, ())
        if any(sound_links.belongs(file, sound) for sound in neighbours) and importers.importer_for(file):
            found.setdefault(file.absolute())
    return list(found)


def read(paths: Sequence[Path], mapping: Mapping[str, str], progress: Progress, *, allow_outside: bool) -> tuple[list[Found], list[FileReport]]:
    """Read them all and look for their sounds on the disk; files that cannot be read are reports with a problem."""
    found, broken = [], []
    for number, path in enumerate(paths):
        progress(number / len(paths), f"reading {path.name}")
        try:
            document = importers.read(path, mapping)
        except FieldError as trouble:
            broken.append(FileReport(str(path), problem=str(trouble)))
            continue
        report = FileReport(str(path), document.format, len(document.utterances), document.labels, document.speakers, dict(document.tiers))
        report.warnings += document.warnings
        one = Found(path, document, report, mapping=mapping)
        for sound in document.sounds:
            place, one.elsewhere = sound_links.on_disk(path, document.media_of(sound), allow_outside=allow_outside)
            one.on_disk[sound], one.sums[sound] = place, sound_links.checksum(place) if place else ""
        found.append(one)
    return found, broken


def new_sounds(db: sqlite3.Connection, found: Sequence[Found]) -> list[Path]:
    """The sounds of these files that lie on the disk and not in the fieldbook yet."""
    known = {value for recording in sound_links.recordings(db) for value in recording.sha256}
    return [path for one in found for sound, path in one.on_disk.items() if path and one.sums[sound] not in known]


def attach(store: Store, found: Sequence[Found], progress: Progress, *, dry: bool) -> None:
    """Add every file to the recordings it belongs to; with `dry` only say what would be added."""
    known = sound_links.recordings(store.reader())
    by_sum = {value: recording.id for recording in reversed(known) for value in recording.sha256 if value}
    for number, one in enumerate(found):
        progress(number / len(found), f"adding {one.file.name}")
        try:
            homes = _homes(one, known, by_sum, dry=dry)
            if not dry and homes:
                _write(store, one, homes)
            elif homes:
                _rehearse(store.reader(), one, homes)
        except FieldError as trouble:
            one.report.problem = str(trouble)


def _homes(one: Found, known: Sequence[sound_links.Known], by_sum: Mapping[str, RecordingId], *, dry: bool) -> dict[str, RecordingId]:
    """The recording for each sound of the document; what has none is told."""
    homes: dict[str, RecordingId] = {}
    for sound, path in one.on_disk.items():
        home = by_sum.get(one.sums[sound]) if path else None
        if path and home is None and dry:
            one.report.recordings.append(f"{path.name} (would be imported)")
            one.report.segments_added += sum(u.media == sound for u in one.document.utterances)
            continue
        home = home or sound_links.in_fieldbook(one.file, one.document.media_of(sound), known)
        if home is None:
            name = f"'{sound}'" if sound else f"(its links: {', '.join(m.relative or m.url for m in one.document.media)[:200] or 'none'})"
            raise ImportProblem(
                f"The sound {name} is neither beside {one.file.name} nor in the fieldbook.",
                one.elsewhere or "Put the sound beside it, or import the sound first.",
            )
        homes[sound] = home
    return homes


def _write(store: Store, one: Found, homes: Mapping[str, RecordingId]) -> None:
    temporary = store.folder / "audio" / f".{os.getpid()}-original.part"
    sha256 = copy_verified(one.file, temporary)
    landed: list[Path] = []

    def work(tx: Transaction) -> None:
        codes = {code: people.ensure_person(tx, code).id for code in one.document.speakers if code.strip()}
        for sound, home in homes.items():
            recording = sessions.recording(tx.db, home)
            _write_one(tx, one, recording, _utterances(one, sound), codes, _origin(one, sound))
        _keep(tx, store.folder, list(homes.values()), one, temporary, sha256, landed)

    try:
        store.do(work)
    except BaseException:
        for path in landed:
            path.unlink(missing_ok=True)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _write_one(tx: Transaction, one: Found, recording: Recording, utterances: Sequence[Utterance], codes: Mapping[str, PersonId], origin_ms: int) -> None:
    made = plan(_place(tx.db, recording), utterances, codes, origin_ms, one.file.name)
    for segment in made.changed:
        segments.update_segment(tx, segment)
    segments.add_segments(tx, made.segments)
    add_texts(tx, made.texts)
    for speaker in sorted({segment.speaker for segment in (*made.segments, *made.changed) if segment.speaker}):
        sessions.take_part(tx, recording.session, speaker)
    _tell(one.report, recording, made)


def _rehearse(db: sqlite3.Connection, one: Found, homes: Mapping[str, RecordingId]) -> None:
    known = {person.code: person.id for person in people.persons(db)}
    codes = {code: known.get(code, PersonId(code)) for code in one.document.speakers}
    for sound, home in homes.items():
        recording = sessions.recording(db, home)
        _tell(one.report, recording, plan(_place(db, recording), _utterances(one, sound), codes, _origin(one, sound), one.file.name))


def _utterances(one: Found, sound: str) -> list[Utterance]:
    return [utterance for utterance in one.document.utterances if utterance.media == sound]


def _origin(one: Found, sound: str) -> int:
    return next((media.origin_ms for media in one.document.media_of(sound)), 0)


def _place(db: sqlite3.Connection, recording: Recording) -> Place:
    """The master's clock and what is on it; a later part of a master begins in its middle."""
    master = recording.master or recording.id
    parts = sessions.parts(db, master)
    texts: dict[SegmentId, list[Annotation]] = {}
    for text in ANNOTATION.each(db, "segment IN (SELECT id FROM segment WHERE recording = ?)", master):
        texts.setdefault(text.segment, []).append(text)
    frames = max(part.first_frame + part.frames for part in parts)
    return Place(RecordingId(master), recording.rate, frames, recording.first_frame, segments.segments(db, master), texts)


def _keep(tx: Transaction, folder: Path, homes: Sequence[RecordingId], one: Found, temporary: Path, sha256: str, landed: list[Path]) -> None:
    """Move the copy of the original beside the first master and note it with each, unless this very file is kept already."""
    recordings = [sessions.recording(tx.db, home) for home in homes]
    there = (about["path"] for recording in recordings for about in recording.metadata.get(KEPT, ()) if about.get("sha256") == sha256)
    path = next(there, "") or _land(folder, PurePosixPath(recordings[0].path).stem, one.file.suffix, temporary, landed)
    about = {"path": path, "sha256": sha256, "name": one.file.name, "format": one.document.format, **({"map": dict(one.mapping)} if one.mapping else {})}
    for recording in recordings:
        kept = list(recording.metadata.get(KEPT, ()))
        if about not in kept:
            sessions.update_recording(tx, replace(recording, metadata={**recording.metadata, KEPT: [*kept, about]}))
    one.report.kept_as = path


def _land(folder: Path, stem: str, suffix: str, temporary: Path, landed: list[Path]) -> str:
    number = 1
    while (place := folder / "audio" / f"{stem}.original{'' if number == 1 else f'_{number}'}{suffix}").exists():
        number += 1
    temporary.rename(place)
    landed.append(place)
    return f"audio/{place.name}"


def _tell(report: FileReport, recording: Recording, made: Plan) -> None:
    report.recordings.append(recording.path)
    report.segments_added += made.added
    report.texts_added += len(made.texts)
    report.already += made.already
    for count, sentence in (
        (made.differ, "texts differ from confirmed ones in the fieldbook, which stay; correct them there if the file is right"),
        (made.beyond, "annotations lie beyond the end of the sound and were left out"),
        (made.cut, "annotations run over the end of the sound and were cut there"),
        (made.joined, "pieces without times of their own were joined, with spaces, into the text of their utterance"),
    ):
        if count:
            report.warnings.append(f"{count} {sentence}.")
