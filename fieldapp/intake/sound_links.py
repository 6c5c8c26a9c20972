"""Which sound an annotation file belongs to: by its links, by its name, on the disk and in the fieldbook. Reads only; any thread."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from fieldapp.corpus.document import Media
from fieldapp.errors import ImportProblem
from fieldapp.intake.manifest import SOUND_SUFFIXES
from fieldapp.intake.stems import fold
from fieldapp.model import RecordingId


@dataclass(frozen=True, slots=True)
class Known:
    """A recording as an annotation file may mean it."""

    id: RecordingId
    name: str
    stem: str
    sha256: tuple[str, ...]


def recordings(db: sqlite3.Connection) -> list[Known]:
    """Every recording with the name of the file it came from."""
    found = []
    for row in db.execute("SELECT id, path, sha256, json_extract(metadata, '$.import') AS about FROM recording"):
        about = json.loads(row["about"]) if row["about"] else {}
        name = about.get("name", "") if isinstance(about, dict) else ""
        source = about.get("sha256", "") if isinstance(about, dict) else ""
        found.append(Known(RecordingId(row["id"]), str(name), PurePosixPath(row["path"]).stem, (row["sha256"], str(source))))
    return found


def on_disk(file: Path, media: Sequence[Media], *, allow_outside: bool) -> tuple[Path | None, str]:
    """The sound beside or below the annotation file, and a sentence when a link leads elsewhere and was not followed."""
    folder = file.parent.absolute()
    elsewhere = ""
    for written in (link for one in media for link in (one.relative, one.url) if link):
        for path in _places(folder, written):
            if not _is_sound(path):
                continue
            if allow_outside or path.resolve().is_relative_to(folder.resolve()):
                return path, ""
            elsewhere = f"Its sound may be {path}, outside its folder; say --allow-outside if that is meant."
    beside = sorted(path for path in _inside(folder) if path.suffix.lower() in SOUND_SUFFIXES and not path.name.startswith("."))
    found = named(beside, names_of(media), file)
    return found, "" if found else elsewhere


def names_of(media: Iterable[Media]) -> list[str]:
    """What the sound is called by those links, without the folders they name."""
    return list(dict.fromkeys(_last(link) for one in media for link in (one.relative, one.url) if link))


def named(sounds: Sequence[Path], names: Sequence[str], file: Path) -> Path | None:
    """Of these sounds the one that is meant: by name, else the one the annotation file is named after."""
    for name in names:
        for path in sounds:
            if _same(path.name, name):
                return path
    return next((path for path in sounds if belongs(file, path)), None)


def belongs(file: Path, sound: Path) -> bool:
    """Whether an annotation file is named after a sound: `x.eaf`, `x.wav.annotations.eaf` or `x.translation.srt` after `x.wav`."""
    name, stem = _plain(file.name), _plain(sound.stem)
    return name.startswith(f"{stem}.")


def in_fieldbook(file: Path, media: Iterable[Media], known: Sequence[Known]) -> RecordingId | None:
    """The recording that is meant: by checksum, by the name it was imported from, by its stem. Two that fit equally well are a problem."""
    media = list(media)
    sums = {one.sha256 for one in media} - {""}
    names = names_of(media)
    stems = {fold(PurePosixPath(name).stem).lower() for name in names} | (
        {fold(file.name.split(".")[0]).lower(), fold(file.stem).lower()} if not names else set()
    )
    rules: tuple[Callable[[Known], bool], ...] = (
        lambda one: bool(sums & set(one.sha256)),
        lambda one: any(_same(one.name, name) for name in names),
        lambda one: bool(one.name) and (fold(PurePosixPath(one.name).stem).lower() in stems if names else belongs(file, Path(one.name))),
        lambda one: one.stem.lower() in stems,
    )
    for fits in rules:
        found = [one for one in known if fits(one)]
        if len(found) > 1:
            raise ImportProblem(f"{len(found)} recordings could be the sound of {file.name}.", "Put the right sound beside the file and import again.")
        if found:
            return found[0].id
    return None


def checksum(path: Path) -> str:
    """The SHA-256 of a sound file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as trouble:
        raise ImportProblem(f"{path} cannot be read: {trouble.strerror}.") from trouble


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # a folder that may be entered, not listed
        return []


def _places(folder: Path, written: str) -> Iterator[Path]:
    """Where a link may lead: URLs, Windows and POSIX paths, composed or decomposed names."""
    try:
        plain = unquote(urlsplit(written).path) if written.lower().startswith("file:") else written
    except ValueError:
        return
    for form in dict.fromkeys((plain, unquote(plain), plain.replace("\\", "/"))):
        for composed in dict.fromkeys((form, unicodedata.normalize("NFC", form), unicodedata.normalize("NFD", form))):
            yield folder / composed


def _is_sound(path: Path) -> bool:
    try:
        return path.suffix.lower() in SOUND_SUFFIXES and path.is_file()
    except (OSError, ValueError):  # a name no file can have
        return False


def _last(link: str) -> str:
    return unquote(link).replace("\\", "/").rsplit("/", 1)[-1]


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _same(one: str, other: str) -> bool:
    return bool(one) and _plain(one) == _plain(other)
