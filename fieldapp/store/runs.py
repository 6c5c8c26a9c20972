"""What was computed, when, with what: one row a run, so that every machine text and vector can say where it comes from.

Writes on the `db-writer` thread inside a transaction, reads on any thread.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldapp.model import Changed, RunId, new_id
from fieldapp.store.rows import utc_now
from fieldapp.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it is kept; `ended` is empty while it runs, or when it was killed."""

    id: RunId
    kind: str
    version: str
    parameters: Mapping[str, Any]
    result: Mapping[str, Any]
    started: str
    ended: str


def begin_run(tx: Transaction, kind: str, version: str, parameters: Mapping[str, Any]) -> RunId:
    """Note that a run begins."""
    made = RunId(new_id())
    values = (made, tx.text(kind, "run.kind"), version, tx.json(parameters, "run.parameters"), utc_now())
    tx.db.execute("INSERT INTO run (id, kind, version, parameters, started) VALUES (?, ?, ?, ?, ?)", values)
    tx.touch(Changed.RUNS)
    return made


def end_run(tx: Transaction, identity: RunId, result: Mapping[str, Any]) -> None:
    """Note how a run ended; one that was killed has no end."""
    tx.db.execute("UPDATE run SET result = ?, ended = ? WHERE id = ?", (tx.json(result, "run.result"), utc_now(), identity))
    tx.touch(Changed.RUNS)


def runs(db: sqlite3.Connection, kind: str = "") -> list[Run]:
    """The runs whose kind begins so, oldest first."""
    rows = db.execute("SELECT id, kind, version, parameters, result, started, ended FROM run WHERE substr(kind, 1, ?) = ? ORDER BY pk", (len(kind), kind))
    return [Run(RunId(row[0]), row[1], row[2], json.loads(row[3]), json.loads(row[4]), row[5], row[6] or "") for row in rows]


def was_run_on(db: sqlite3.Connection, kind: str, recording: str) -> bool:
    """Whether a run of that kind on that recording came to its end."""
    found = db.execute("SELECT 1 FROM run WHERE kind = ? AND ended IS NOT NULL AND parameters ->> 'recording' = ?", (kind, recording)).fetchone()
    return found is not None
