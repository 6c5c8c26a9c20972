"""Papers: files that came with a project and are no sound (photos, consent forms, notes, descriptions of files), kept as they came. Any thread.

They lie in `papers/`; whom they are about says the row that lists them: a person, a session, or the project as a whole.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from fieldapp.model import PersonId
from fieldapp.store.about import setting
from fieldapp.store.sessions import stays_inside

FOLDER = "papers"
KEY = "papers"
"""In the metadata of a session or person: a list of {path, name, sha256}; `name` is the path it had in its folder."""
PROJECT = "saymore_project"
"""The setting that holds the description and the papers of the project a fieldbook came from."""


def listed(metadata: object) -> list[dict[str, Any]]:
    """The papers that metadata tells of; what another program may have written there is passed over."""
    found = metadata.get(KEY) if isinstance(metadata, dict) else None
    wanted = [about for about in found if isinstance(about, dict)] if isinstance(found, list) else []
    return [about for about in wanted if isinstance(about.get("path"), str) and stays_inside(about["path"]) and isinstance(about.get("name"), str)]


def every(db: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """All papers of the fieldbook."""
    for table in ("session", "person"):
        for row in db.execute(f"SELECT metadata FROM {table} WHERE metadata LIKE '%\"{KEY}\"%' ORDER BY pk"):  # noqa: S608  (our own names)
            yield from listed(_read(row["metadata"]))
    yield from listed(_read(setting(db, PROJECT)))


def project(db: sqlite3.Connection) -> dict[str, Any]:
    """What is kept of the project the fieldbook came from: `name` and `raw` (its description) as texts, and its papers; empty where it came from none."""
    found = _read(setting(db, PROJECT))
    if not isinstance(found, dict):
        return {}
    return {KEY: listed(found), **{name: str(found.get(name, "")) for name in ("name", "raw")}}


def about_person(db: sqlite3.Connection, person: PersonId) -> list[str]:
    """The paths of papers that are about somebody: their own, and those of the sessions they took part in."""
    rows = db.execute(
        "SELECT metadata FROM person WHERE id = ?1 UNION ALL SELECT metadata FROM session WHERE id IN (SELECT session FROM participation WHERE person = ?1)",
        (person,),
    )
    return [str(about["path"]) for row in rows for about in listed(_read(row["metadata"]))]


def _read(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) and text else None
    except (ValueError, RecursionError):
        return None
