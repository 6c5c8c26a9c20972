"""A SayMore or lameta project comes in: people, sessions, sound. Where corpus, store and the import of sound meet. Runs on the calling thread.

Nothing that is in the fieldbook already is overwritten: what is empty is filled, what is new is added. Every description is
kept as it stands, so that the project can be given back with all that Fieldapp does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from fieldapp.corpus.exporters.saymore import FOLDER_NAME, PRESERVED
from fieldapp.corpus.lines import plain_name
from fieldapp.corpus.saymore.project import Project, Sitting, Speaker, matched
from fieldapp.intake.importing import Import, Report, rehearse
from fieldapp.intake.manifest import SOUND_SUFFIXES, Problem, Row, Wanted
from fieldapp.intake.papers import keep, with_papers
from fieldapp.intake.stems import fold
from fieldapp.model import Person, PersonId, Recording, Segment, Session, SessionId, new_id
from fieldapp.store import papers, people, sessions
from fieldapp.store.about import set_setting
from fieldapp.store.rows import SEGMENT
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

_PERSON = {"name": "name", "gender": "gender", "education": "education", "primaryOccupation": "occupation", "description": "description"}
_SESSION = {"title": "title", "date": "date", "description": "description", "genre": "genre", "location": "place"}
ANNOTATIONS = ".annotations.eaf"
"""What SayMore appends to the name of a sound."""
CONSENT_FILES = "consent_files"
_NEAR_MS = 20
"""SayMore rounds the names of its files."""


@dataclass(slots=True)
class Brought:
    """What became of a project."""

    title: str
    people: int = 0
    sessions: int = 0
    sound: list[Report] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)


def bring_project(store: Store, project: Project, progress: Callable[[float, str], None]) -> Brought:
    """Write it into the fieldbook, session by session; a second time adds only what is new."""
    brought = Brought(project.title, problems=[Problem(where, sentence) for where, sentence in project.problems])
    for speaker in project.speakers:
        kept = _papers(store, speaker.code, [(speaker.folder / name, name) for name in speaker.files], _metadata(store, speaker), brought)
        store.do(partial(_person, speaker=speaker, kept=kept))
        brought.people += 1
    for number, sitting in enumerate(project.sessions):
        progress(number / len(project.sessions), f"session {sitting.name}")
        name = fold(sitting.name)
        store.do(partial(_session, project=project, sitting=sitting))
        brought.sessions += 1
        rows = _rows(project, sitting)
        if rows:
            brought.sound.append(Import(store).run(Wanted(tuple(rows)), [project.folder / "Sessions" / sitting.name], name, progress))
        no_sound = {problem.where for problem in brought.sound[-1].problems} if rows else set()
        wanted = _without_sound(sitting, [row for row in rows if row.where not in no_sound])
        _keep_with_session(store, name, wanted, brought)
    _keep_project(store, project, brought)
    return brought


def _papers(store: Store, whose: str, wanted: Sequence[tuple[Path, str]], metadata: Mapping[str, Any], brought: Brought) -> list[dict[str, Any]]:
    brought.papers += [str(path) for path, _ in wanted]
    return keep(store.folder, fold(whose), wanted, metadata, brought.problems)


def _metadata(store: Store, speaker: Speaker) -> Mapping[str, Any]:
    found = people.find_person(store.reader(), speaker.code)
    return found.metadata if found else {}


def _keep_with_session(store: Store, name: str, wanted: Sequence[tuple[Path, str]], brought: Brought) -> None:
    before = sessions.find_session(store.reader(), name)
    if before is not None and wanted:
        kept = _papers(store, name, wanted, before.metadata, brought)
        after = replace(before, metadata=with_papers(before.metadata, kept))
        store.do(lambda tx: sessions.update_session(tx, after))


def _keep_project(store: Store, project: Project, brought: Brought) -> None:
    """The project's own description and papers; of several projects that came into one fieldbook the first is given back."""
    before = papers.project(store.reader())
    if before and before.get("raw") != project.raw:
        brought.problems.append(Problem(str(project.folder), "The fieldbook came from another project; this one's description and papers were left out."))
        return
    wanted = [(path, path.relative_to(project.folder).as_posix()) for path in project.files]
    kept = _papers(store, "project", wanted, before, brought)
    store.do(lambda tx: set_setting(tx, papers.PROJECT, json.dumps(with_papers({"raw": project.raw, "name": project.name}, kept), ensure_ascii=False)))


def rehearse_project(store: Store, project: Project, progress: Callable[[float, str], None]) -> Brought:
    """What `bring_project` would add; nothing is written. People and sessions that are known would only be filled where they are empty."""
    db = store.reader()
    brought = Brought(project.title, problems=[Problem(where, sentence) for where, sentence in project.problems])
    brought.people = sum(people.find_person(db, speaker.code) is None for speaker in project.speakers)
    brought.papers += [str(speaker.folder / name) for speaker in project.speakers for name in speaker.files]
    brought.sessions = sum(sessions.find_session(db, fold(sitting.name)) is None for sitting in project.sessions)
    for sitting in project.sessions:
        rows = _rows(project, sitting)
        if rows:
            brought.sound.append(rehearse(store, Wanted(tuple(rows)), progress))
        no_sound = {problem.where for problem in brought.sound[-1].problems} if rows else set()
        brought.papers += [str(path) for path, _ in _without_sound(sitting, [row for row in rows if row.where not in no_sound])]
    brought.papers += map(str, project.files)
    return brought


def _without_sound(sitting: Sitting, rows: Sequence[Row]) -> list[tuple[Path, str]]:
    """The papers of a session: all but its sounds and the annotations of these, each with its path in the session's folder."""
    taken = {row.path for row in rows}
    taken |= {path.with_name(f"{path.name}{ANNOTATIONS}") for path in taken}
    return [(file, file.relative_to(sitting.folder).as_posix()) for file in sitting.files if file not in taken]


def _rows(project: Project, sitting: Sitting) -> list[Row]:
    """Its sounds; who speaks is known where only one took part."""
    speaker = _code(project, sitting.participants[0]) if len(sitting.participants) == 1 else ""
    rows = [Row(file, str(file), speaker) for file in sitting.files if file.suffix.lower() in SOUND_SUFFIXES]
    for piece in sitting.oral:
        about = {"oral_annotation": piece.kind, "of": piece.of, "start_ms": str(piece.start_ms), "stop_ms": str(piece.stop_ms)}
        rows.append(Row(piece.path, str(piece.path), metadata=about))
    return rows


def _code(project: Project, named: str) -> str:
    known = matched(project, named)
    return known.code if known else plain_name(named)


def _person(tx: Transaction, speaker: Speaker, kept: list[dict[str, Any]]) -> None:
    """Add somebody, or fill what is empty of somebody who is known."""
    told: dict[str, Any] = {ours: speaker.fields.get(theirs, "") for theirs, ours in _PERSON.items()} | {"name": speaker.name}
    year = speaker.fields.get("birthYear", "")
    found = people.find_person(tx.db, speaker.code)
    before = found or Person(id=PersonId(new_id()), code=speaker.code)
    consents = [name for name in speaker.files if "_consent" in name.casefold()]
    metadata = with_papers(
        {PRESERVED: speaker.raw, FOLDER_NAME: speaker.folder.name, **({CONSENT_FILES: consents} if consents else {}), **before.metadata}, kept
    )
    filled = replace(
        before,
        birth_year=before.birth_year or (int(year) if re.fullmatch(r"[12]\d{3}", year) else None),
        languages=before.languages or speaker.languages,
        contact=before.contact or speaker.fields.get("howToContact", ""),
        nickname=before.nickname or speaker.fields.get("nickName", ""),
        metadata=metadata,
        **_filled(before, told),
    )
    people.update_person(tx, filled) if found else people.add_person(tx, filled)


def _session(tx: Transaction, project: Project, sitting: Sitting) -> None:
    """Add a session with those who took part, or fill what is empty of one that is known."""
    told: dict[str, Any] = {ours: sitting.fields.get(theirs, "") for theirs, ours in _SESSION.items()}
    name = fold(sitting.name)
    found = sessions.find_session(tx.db, name)
    before = found or Session(id=SessionId(new_id()), name=name)
    variety = before.variety
    if variety is None and (dialect := sitting.fields.get("Dialect", "")):
        language = re.split(r"[;:, ]", sitting.fields.get("languages", ""))[0]
        variety = people.ensure_variety(tx, dialect, language=language).id
    filled = replace(before, variety=variety, metadata={PRESERVED: sitting.raw, FOLDER_NAME: sitting.folder.name, **before.metadata}, **_filled(before, told))
    sessions.update_session(tx, filled) if found else sessions.add_session(tx, filled)
    for named in sitting.participants:
        code = _code(project, named)
        person = people.find_person(tx.db, code)
        if person is None:
            person = Person(id=PersonId(new_id()), code=code, name=named)
            people.add_person(tx, person)
        sessions.take_part(tx, filled.id, person.id)


def link_spoken(store: Store) -> int:
    """Join oral annotations that came as files with the segments they are about, once those are there; returns how many were joined."""
    return store.do(_link_spoken)


def _link_spoken(tx: Transaction) -> int:
    joined = 0
    for answer in list(SEGMENT.each(tx.db, "json_extract(metadata, '$.oral_annotation') IS NOT NULL")):
        told = answer.metadata
        home = sessions.recording(tx.db, answer.recording)
        wanted = (int(told["start_ms"]), int(told["stop_ms"]))
        about = next((one for one in _segments_of(tx, home, str(told["of"])) if one.id != answer.id and _near(one, home.rate, wanted)), None)
        if about is None:
            continue
        metadata = {key: value for key, value in told.items() if key not in ("oral_annotation", "start_ms", "stop_ms")}
        SEGMENT.update(tx, replace(answer, metadata={**metadata, "oral": told["oral_annotation"], "of": about.id}))
        sessions.update_recording(tx, replace(home, role=str(told["oral_annotation"])))
        joined += 1
    return joined


def _segments_of(tx: Transaction, home: Recording, name: str) -> Iterator[Segment]:
    """The segments of the recording of that file name in the same session."""
    for recording in sessions.recordings(tx.db, home.session):
        about = recording.metadata.get("import")
        if isinstance(about, dict) and str(about.get("name", "")).casefold() == name.casefold():
            yield from SEGMENT.each(tx.db, "recording = ? ORDER BY start, pk", recording.id)


def _near(segment: Segment, rate: int, wanted: tuple[int, int]) -> bool:
    return all(abs(own - other) <= _NEAR_MS for own, other in zip(segment.span.milliseconds(rate), wanted))


def annotation_files(project: Project) -> Sequence[Path]:
    """The annotation files that lie beside the sounds."""
    return [file for sitting in project.sessions for file in sitting.files if file.name.endswith(ANNOTATIONS)]


def _filled(before: object, told: dict[str, Any]) -> dict[str, Any]:
    """What is there stays; what is empty is told."""
    return {name: getattr(before, name) or text for name, text in told.items()}
