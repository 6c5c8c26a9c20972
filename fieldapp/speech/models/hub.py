"""Models from a Hugging Face hub (or one that answers alike): list a repository at one commit, fetch what belongs to a model. Any thread; waits.

What was fetched waits in a hidden folder of the shelf, so that an interrupted fetch goes on where it stopped.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fieldapp.errors import FieldError, ModelError
from fieldapp.speech.models.download import PATIENT, Patience, Wanted, check_address, fetch, read_text
from fieldapp.speech.models.intake import LARGEST_MODEL, LARGEST_OTHER, WELCOME, add_folder
from fieldapp.speech.models.shelf import MODEL, Installed, Shelf

ENDPOINT = "https://huggingface.co"
WAITING = ".fetching"
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Repository:
    """What a hub says about a model: the commit it stands at, its files, its licence."""

    id: str
    commit: str
    licence: str
    files: tuple[Wanted, ...]


def is_id(text: str) -> bool:
    """Whether this looks like owner/name."""
    return bool(_ID.fullmatch(text))


def look_up(identity: str, *, endpoint: str = ENDPOINT, revision: str = "main", patience: Patience = PATIENT) -> Repository:
    """Ask the hub what a model consists of; everything later is fetched from exactly that commit."""
    if not is_id(identity):
        raise ModelError(f"'{identity}' is no model id.", "It has the form owner/name.")
    base = check_address(endpoint)
    about = _json(f"{base}/api/models/{identity}/revision/{quote(revision, safe='')}", patience)
    commit = about.get("sha") if isinstance(about, dict) else None
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise ModelError(f"{base} does not answer like a model hub.", "Check the address.")
    listed = _json(f"{base}/api/models/{identity}/tree/{commit}", patience)
    try:
        files = tuple(_wanted(entry, f"{base}/{identity}/resolve/{commit}") for entry in listed if entry["type"] == "file")
        card = about.get("cardData") or {}
        return Repository(identity, commit, str(card.get("license", "")), files)
    except (TypeError, KeyError, ValueError, AttributeError) as trouble:
        raise ModelError(f"{base} describes {identity} in a way that is not understood ({trouble}).", "Update Fieldapp.") from trouble


def fetch_files(repository: Repository, folder: Path, names: Iterable[str], progress: Progress, patience: Patience = PATIENT) -> None:
    """Fetch the named files of a repository that it has."""
    chosen = [file for file in repository.files if file.name in set(names)]
    for file in chosen:
        if file.size > (LARGEST_MODEL if Path(file.name).suffix in (".bin", ".safetensors") else LARGEST_OTHER):
            raise ModelError(f"{file.name} of {repository.id} is too big to be part of a model.")
    total = sum(file.size for file in chosen) or 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as trouble:
        raise FieldError(f"{folder} cannot be made: {trouble.strerror}.", "Check the folder's permissions.") from trouble
    there = sum(path.stat().st_size for path in folder.iterdir())
    if total - there > free:
        raise FieldError(f"{repository.id} needs {total / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free in {folder}.", "Free some space and try again.")
    done = 0
    for file in chosen:

        def told(have: int, file: Wanted = file, done: int = done) -> None:
            progress((done + have) / total, f"{file.name}: {have / 1e6:.1f} of {file.size / 1e6:.1f} MB")

        fetch(file, folder / file.name, told, patience)
        done += file.size


def add_from_hub(
    shelf: Shelf, identity: str, progress: Progress, *, endpoint: str = ENDPOINT, revision: str = "main", name: str = "", patience: Patience = PATIENT
) -> Installed:
    """Install a CTranslate2 model from a hub."""
    place = shelf.place_for(name or identity.rpartition("/")[2])
    progress(-1.0, f"asking for {identity}")
    repository = look_up(identity, endpoint=endpoint, revision=revision, patience=patience)
    if MODEL not in {file.name for file in repository.files}:
        raise ModelError(f"{identity} holds no CTranslate2 model.", f"If it is a Whisper or a sentence encoder, convert it: fieldapp model convert {identity}")
    waiting = waiting_folder(shelf, repository)
    fetch_files(repository, waiting, WELCOME, progress, patience)
    progress(-1.0, "trying the model")
    source = f"{check_address(endpoint)}/{identity}/tree/{repository.commit}"
    model = add_folder(shelf, waiting, name=place.name, source=source, licence=repository.licence)
    shutil.rmtree(waiting, ignore_errors=True)
    return model


def waiting_folder(shelf: Shelf, repository: Repository) -> Path:
    """Where files of this commit are gathered."""
    return shelf.own / WAITING / f"{repository.id.replace('/', '--')}-{repository.commit[:12]}"


def _json(url: str, patience: Patience) -> Any:
    try:
        return json.loads(read_text(url, patience))
    except (ValueError, RecursionError):
        raise ModelError(f"{url} does not answer like a model hub.", "Check the address.") from None


def _wanted(entry: dict[str, Any], base: str) -> Wanted:
    path, large = str(entry["path"]), entry.get("lfs") or {}
    if large and not _SHA256.fullmatch(str(large["oid"])):
        raise ValueError(f"'{path}' has no checksum")
    size = int(large.get("size", entry["size"]))
    return Wanted(f"{base}/{quote(path)}", path, size, sha256=str(large.get("oid", "")), git_sha1="" if large else str(entry["oid"]))
