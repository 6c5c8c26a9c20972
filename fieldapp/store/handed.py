"""What left the fieldbook: exports and deposits, noted as runs, so that a withdrawal can name where somebody's words went.

Writes on the `db-writer` thread inside a transaction, reads on any thread.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fieldapp.model import PersonId, RunId, SegmentId
from fieldapp.store.runs import begin_run, end_run
from fieldapp.store.transaction import Transaction

KINDS = ("export", "deposit")


@dataclass(frozen=True, slots=True)
class Handed:
    """One earlier export or deposit."""

    run: RunId
    kind: str
    when: str
    out: str
    format: str
    purpose: str
    audience: str
    segments: int

    def __str__(self) -> str:
        return f"{self.when[:16].replace('T', ' ')}  {self.kind} ({self.format}), for '{self.purpose}', {self.audience}: {self.segments} segments to {self.out}"


def note(
    tx: Transaction, kind: str, version: str, about: Mapping[str, Any], segments: Iterable[SegmentId], persons: Iterable[PersonId], result: Mapping[str, Any]
) -> RunId:
    """Write down what left, with whom in it; `about` has format, out, purpose and audience."""
    listed = sorted(segments)
    digest = hashlib.sha256("\n".join(listed).encode()).hexdigest()
    run = begin_run(tx, kind, version, {**about, "persons": sorted(persons), "segments": len(listed), "segments_sha256": digest})
    end_run(tx, run, result)
    if "files" in result:  # only the last list of one kind of export is ever asked for
        same = " AND ".join(f"json_extract(parameters, '$.{name}') IS ?" for name in about)
        tx.db.execute(f"UPDATE run SET result = json_remove(result, '$.files') WHERE kind = ? AND id <> ? AND {same}", (kind, run, *about.values()))  # noqa: S608
    return run


def handed_over(db: sqlite3.Connection, person: PersonId | None = None) -> list[Handed]:
    """What left, oldest first; of one person what had them in it."""
    rows = db.execute("SELECT id, kind, started, parameters FROM run WHERE kind IN ('export', 'deposit') ORDER BY pk")
    found = []
    for row in rows:
        told = json.loads(row["parameters"])
        if person is None or person in told.get("persons", ()):
            out, form, purpose, audience = (str(told.get(name, "")) for name in ("out", "format", "purpose", "audience"))
            found.append(Handed(RunId(row["id"]), row["kind"], row["started"], out, form, purpose, audience, int(told.get("segments", 0))))
    return found


def files_of_last(db: sqlite3.Connection, about: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """The files (size, time of change in ns) that the last export of exactly this kind left in its folder; empty where there was none."""
    rows = db.execute("SELECT parameters, result FROM run WHERE kind = 'export' ORDER BY pk DESC")
    for row in rows:
        told = json.loads(row["parameters"])
        if all(told.get(name) == value for name, value in about.items()):
            return {str(name): (int(size), int(changed)) for name, (size, changed) in json.loads(row["result"]).get("files", {}).items()}
    return {}
