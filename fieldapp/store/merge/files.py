"""The files that new rows of the other fieldbook name: sound, its originals, annotation files, papers, pictures and sounds of prompts.

They are copied before the rows come.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fieldapp.store import papers
from fieldapp.store.check_files import sha256
from fieldapp.store.sessions import stays_inside
from fieldapp.store.store import Store

_LISTING = {"recording": "annotations", "session": papers.KEY, "person": papers.KEY}
"""The keys in metadata that list files."""
_NAMING: Mapping[str, tuple[str, ...]] = {"recording": ("path", "original"), "item": ("picture", "sound")}


def bring(store: Store, source: sqlite3.Connection, other: Path, notes: list[str], *, dry: bool) -> dict[str, str]:
    """Copy what is new here; returns under which name each of their files will be ours. Nothing outside their folder is read."""
    ours: dict[str, str] = {}
    taken: set[str] = set()
    for path, alone in _wanted(store, source):
        if path in ours or not path or not stays_inside(path):
            continue
        theirs = other / path
        there = theirs.is_file() and theirs.resolve().is_relative_to(other.resolve())
        place = _free(store, path, theirs if there else None, alone, taken)
        ours[path] = place.relative_to(store.folder).as_posix()
        taken.add(ours[path])
        if not there:
            notes.append(f"The file {path} is missing in {other}.")
        elif not place.exists() and not dry:
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished = place.with_name(f"{place.name}.part")
            shutil.copyfile(theirs, unfinished)
            unfinished.replace(place)
    return ours


def _free(store: Store, path: str, theirs: Path | None, alone: bool, taken: set[str]) -> Path:
    """Their path where nothing else lies there, or the very same file that nobody else needs; else a numbered one."""
    place, number = store.folder / path, 1
    while True:
        same = place.exists() and theirs is not None and sha256(theirs) == sha256(place) and not (alone and _is_used(store, place))
        if place.relative_to(store.folder).as_posix() not in taken and (same or not place.exists()):
            return place
        number += 1
        place = place.with_name(f"{Path(path).stem}-{number}{place.suffix}")


def renamed(table: str, row: dict[str, Any], files: Mapping[str, str]) -> None:
    """Let a new row name its files as they are called here."""
    for column in _NAMING.get(table, ()):
        row[column] = files.get(row[column], row[column])
    if table in _LISTING and (kept := _kept(row["metadata"], _LISTING[table])):
        row["metadata"] = json.dumps(json.loads(row["metadata"]) | {_LISTING[table]: relisted(kept, files)}, ensure_ascii=False)


def relisted(kept: list[dict[str, Any]], files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The same list with the files called as they are here."""
    return [about | {"path": files.get(str(about.get("path")), about.get("path"))} for about in kept]


def _wanted(store: Store, source: sqlite3.Connection) -> Iterator[tuple[str, bool]]:
    """Every file a new row names, and whether it must be nobody else's."""
    for table in (*_NAMING, "session", "person"):
        columns = _NAMING.get(table, ())
        known = {row["id"] for row in store.reader().execute(f"SELECT id FROM {table}")}  # noqa: S608  (our own names, here and below)
        for row in source.execute(f"SELECT * FROM {table}"):  # noqa: S608
            if row["id"] in known:
                continue
            yield from ((row[column], (table, column) == ("recording", "path")) for column in columns if isinstance(row[column], str))
            if table in _LISTING:
                yield from ((str(about.get("path", "")), False) for about in _kept(row["metadata"], _LISTING[table]))
    if not papers.project(store.reader()):
        yield from ((str(about["path"]), False) for about in papers.project(source).get(papers.KEY, ()))


def _kept(metadata: object, key: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(metadata).get(key, []) if isinstance(metadata, str) else []
    except (ValueError, AttributeError, RecursionError):
        return []
    return [about for about in found if isinstance(about, dict)] if isinstance(found, list) else []


def _is_used(store: Store, file: Path) -> bool:
    path = file.relative_to(store.folder).as_posix()
    return store.reader().execute("SELECT 1 FROM recording WHERE path = ?", (path,)).fetchone() is not None
