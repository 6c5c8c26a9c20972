"""What came of a merge: counts, sentences, and every conflict with the three versions side by side."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fieldapp.store.merge.threeway import Dispute, Row

BOTH_CHANGED = "both changed it"
UNKNOWN = "it differs, and nothing tells who changed it"
DELETED_HERE = "deleted here, changed there"
DELETED_THERE = "deleted there, here it stays"
TWO_TEXTS = "both wrote a text on this tier; both stay"
INVALID = "not a valid row"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One row that only a person can decide about. Until somebody does, what is here stays."""

    table: str
    id: str
    kind: str
    where: str = ""
    disputes: tuple[Dispute, ...] = ()
    theirs: Row = field(default_factory=dict)

    @property
    def key(self) -> str:
        """By which a person names it to decide."""
        return f"{self.table}/{self.id}"

    def data(self) -> dict[str, Any]:
        """For --json and for the report."""
        theirs = {name: value for name, value in self.theirs.items() if not isinstance(value, bytes)}
        return {"key": self.key, "table": self.table, "id": self.id, "kind": self.kind, "where": self.where,
                "fields": [asdict(one) for one in self.disputes], "theirs": theirs}  # fmt: skip


@dataclass(slots=True)
class Merged:
    """How many rows of each table were new, taken over in part, or the same; what could not simply be taken over."""

    added: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    """Rows that only this side changed since."""
    stayed_away: list[str] = field(default_factory=list)
    """Keys of rows that were deleted here and are unchanged there."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Rows of people who were erased here, and what hangs on rows that did not come."""
    notes: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    report: Path | None = None
    backup: Path | None = None


def place_of(db: sqlite3.Connection, table: str, row: Row) -> str:
    """Where a person would look for the row: session, time, speaker, tier; a name; else its id."""
    if table == "annotation":
        found = db.execute("SELECT * FROM segment WHERE id = ?", (row["segment"],)).fetchone()
        return f"{place_of(db, 'segment', dict(found))}, {row['tier']}" if found else str(row["id"])
    if table == "segment":
        home = db.execute("SELECT r.rate, s.name FROM recording r JOIN session s ON s.id = r.session WHERE r.id = ?", (row["recording"],)).fetchone()
        who = db.execute("SELECT code FROM person WHERE id = ?", (row["speaker"],)).fetchone()
        at = f"{home['name']} at {row['start'] / home['rate']:.2f} s" if home and home["rate"] else str(row["id"])
        return f"{at}, {who['code']}" if who else at
    return str(row.get("code") or row.get("name") or row.get("path") or row["id"])
