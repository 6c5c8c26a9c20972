"""Reads a SayMore or lameta project folder as plain values. A file that cannot be read is a sentence; the others stay. Any thread; writes nothing."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.corpus.lines import plain_name
from fieldapp.corpus.saymore.record import Record
from fieldapp.corpus.written import milliseconds
from fieldapp.errors import FieldError, ImportProblem

_LARGEST = 4 << 20
_PIECE = re.compile(r"(?P<start>\d{1,7}(?:[.,]\d{1,9})?)_to_(?P<stop>\d{1,7}(?:[.,]\d{1,9})?)_(?P<kind>Careful|Translation)\.wav", re.IGNORECASE)
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person of the project. `raw` is their file as it stands, to be given back; `files` lie in `folder` beside it."""

    name: str
    code: str
    fields: dict[str, str]
    languages: tuple[str, ...]
    raw: str
    folder: Path
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Oral:
    """Careful speech or an oral translation of a stretch of another recording."""

    path: Path
    of: str
    kind: str
    start_ms: int
    stop_ms: int


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session of the project with the files that lie in its folder."""

    name: str
    fields: dict[str, str]
    participants: tuple[str, ...]
    raw: str
    folder: Path
    files: tuple[Path, ...] = ()
    oral: tuple[Oral, ...] = ()


@dataclass(slots=True)
class Project:
    """The whole project, and sentences about what could not be read. `files` are those that are about no person and no session."""

    folder: Path
    title: str = ""
    name: str = ""
    raw: str = ""
    speakers: list[Speaker] = field(default_factory=list)
    sessions: list[Sitting] = field(default_factory=list)
    files: tuple[Path, ...] = ()
    problems: list[tuple[str, str]] = field(default_factory=list)


def is_project(folder: Path) -> bool:
    """Whether a SayMore or lameta project lies in this folder itself."""
    return folder.is_dir() and any(True for _ in _files(folder, ".sprj", deep=False))


def read_project(folder: Path) -> Project:
    """Everything that can be read."""
    project = Project(folder)
    described: set[Path] = set()
    for path in _files(folder, ".sprj", deep=False):
        if record := _record(project, path, "Project"):
            project.title, project.name, project.raw = record[0].get("Title") or path.stem, path.stem, record[1]
            described.add(path)
    for path in _files(folder / "People", ".person"):
        if record := _record(project, path, "Person"):
            project.speakers.append(_speaker(path, *record))
            described |= {path, *(path.parent / name for name in project.speakers[-1].files)}
    for path in _files(folder / "Sessions", ".session"):
        if record := _record(project, path, "Session"):
            project.sessions.append(_sitting(project, path, *record))
            described |= set(_files(path.parent, ""))
    project.files = tuple(path for path in _files(folder, "") if path not in described)
    if not (project.raw or project.speakers or project.sessions):
        raise ImportProblem(f"{folder} holds no SayMore or lameta project that can be read.", "Name the folder in which the .sprj file lies.")
    return project


def matched(project: Project, named: str) -> Speaker | None:
    """The person a session's list means: by name or by code, composed or not, in any case."""
    return next((one for one in project.speakers if _same(named) in (_same(one.name), _same(one.code))), None)


def _same(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()


def _files(folder: Path, suffix: str, *, deep: bool = True) -> Iterator[Path]:
    """Files of a kind in a stable order; twins of macOS (`._x`), hidden ones and links that lead out are passed over."""
    root = folder.resolve()
    for at, folders, names in os.walk(folder):
        here = Path(at)
        depth = len(here.relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if deep and depth < _DEEPEST else []
        for name in sorted(names):
            path = here / name
            odd = name.startswith(".") or any(ord(c) < 32 for c in name)
            if not odd and (not suffix or path.suffix.lower() == suffix) and path.is_file() and path.resolve().is_relative_to(root):
                yield path


def _record(project: Project, path: Path, root: str) -> tuple[Record, str] | None:
    """One XML file; a broken one is a problem and no more."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ImportProblem(f"{path.name} is too large for a description.")
        raw = path.read_bytes().decode("utf-8-sig")
        record = Record(root, raw)
        if record.root.tag != root:
            raise ImportProblem(f"{path.name} should begin with {root}, not with {record.root.tag}.")
    except UnicodeDecodeError:
        project.problems.append((str(path), "It is not UTF-8. Open it in lameta and save it again."))
    except OSError as trouble:
        project.problems.append((str(path), f"It cannot be read: {trouble.strerror}."))
    except FieldError as trouble:
        project.problems.append((str(path), str(trouble)))
    else:
        return record, raw
    return None


def _speaker(path: Path, record: Record, raw: str) -> Speaker:
    name = record.get("name") or path.stem
    tags = [str(language.get("tag")) for language in record.root.findall("languages/language") if language.get("tag")]
    older = [record.get("primaryLanguage"), *(record.get(f"otherLanguage{number}") for number in range(4))]
    files = tuple(one.relative_to(path.parent).as_posix() for one in _files(path.parent, "") if one != path)
    return Speaker(name, record.get("code") or plain_name(name), record.fields(), tuple(tags or filter(None, older)), raw, path.parent, files)


def _sitting(project: Project, path: Path, record: Record, raw: str) -> Sitting:
    listed = [part.strip() for part in re.split(r"[;\n]", record.get("participants"))]
    contributors = [str(one.findtext("name") or "").strip() for one in record.root.findall("contributions/contributor")]
    files, oral = [], []
    for file in _files(path.parent, ""):
        if file.parent.name.endswith("_Annotations") and file.suffix.lower() == ".wav":
            piece = _piece(file)
            if piece is not None:
                oral.append(piece)
            else:
                project.problems.append((str(file), "Its name tells no stretch of the recording (1.25_to_3.5_Careful.wav); it was passed over."))
        elif file != path and not file.name.lower().endswith(".oralannotations.wav"):
            files.append(file)
    participants = tuple(dict.fromkeys(name for name in (*listed, *contributors) if name))
    return Sitting(path.stem, record.fields(), participants, raw, path.parent, tuple(files), tuple(oral))


def _piece(file: Path) -> Oral | None:
    found = _PIECE.fullmatch(file.name)
    if found is None:
        return None
    start, stop = milliseconds(found["start"]), milliseconds(found["stop"])
    if start is None or stop is None or stop < start:
        return None
    return Oral(file, file.parent.name.removesuffix("_Annotations"), found["kind"].lower(), start, stop)
