"""Keeps the files that came with a project and are no sound: copied into `papers/` under plain names, each told apart by its checksum. Any thread."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fieldapp.errors import DiskFull, FieldError, ImportProblem
from fieldapp.intake.manifest import Problem
from fieldapp.intake.staging import copy_verified
from fieldapp.intake.stems import fold
from fieldapp.store.papers import FOLDER, KEY, listed


def keep(book: Path, whose: str, wanted: Iterable[tuple[Path, str]], metadata: Mapping[str, Any], problems: list[Problem]) -> list[dict[str, Any]]:
    """Copy what is not kept yet; returns the whole list for the metadata. A paper that was kept earlier and is another one by now stays as it was."""
    there = listed(dict(metadata))
    names = {str(about["name"]): about for about in there}
    for path, name in wanted:
        if name in names:
            if _digest(path) != names[name].get("sha256"):
                problems.append(Problem(str(path), "It differs from the one that is kept in the fieldbook, which stays as it is."))
            continue
        place = _free(book / FOLDER / whose, path)
        temporary = place.with_name(f".{place.name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            about = {"path": place.relative_to(book).as_posix(), "name": name, "sha256": copy_verified(path, temporary)}
            temporary.rename(place)
        except OSError as trouble:
            temporary.unlink(missing_ok=True)
            raise _sentence(trouble, path) from trouble
        there.append(about)
    return there


def with_papers(metadata: Mapping[str, Any], kept: list[dict[str, Any]]) -> dict[str, Any]:
    """The same metadata with the list in it, where there is anything to list."""
    return {**metadata, **({KEY: kept} if kept else {})}


def _free(folder: Path, source: Path) -> Path:
    suffix = source.suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", source.suffix) else ""
    stem, number = fold(source.name.removesuffix(source.suffix)), 1
    while os.path.lexists(place := folder / f"{stem}{'' if number == 1 else f'_{number}'}{suffix}"):
        number += 1
    return place


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _sentence(trouble: OSError, path: Path) -> FieldError:
    if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk is full; {path.name} was not kept.", "Make room and import again: what is in stays in.")
    return ImportProblem(f"{path} could not be kept: {trouble.strerror or trouble}.", "Look at it and import again: what is in stays in.")
