"""What a fieldbook says of itself: its title and settings, and how much of what it holds. Reads on any thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fieldapp.errors import WrongUsage
from fieldapp.model import Changed
from fieldapp.store.connect import DATABASE
from fieldapp.store.rows import utc_now
from fieldapp.store.transaction import Transaction

DESCRIBED = ("title", "description", "licence", "depositor")
"""Settings that describe the whole fieldbook, for archives."""
_COUNTED = ("session", "recording", "segment", "annotation", "person", "variety", "promptlist", "item", "consent", "space", "vector")


def set_setting(tx: Transaction, name: str, value: str) -> None:
    """Keep a text under a name."""
    tx.db.execute(
        "INSERT INTO setting (id, value, changed) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value, changed = excluded.changed",
        (name, tx.text(value, f"setting {name}"), utc_now()),
    )


def setting(db: sqlite3.Connection, name: str, default: str = "") -> str:
    """The text kept under a name."""
    row = db.execute("SELECT value FROM setting WHERE id = ?", (name,)).fetchone()
    return row["value"] if row else default


def described(db: sqlite3.Connection) -> dict[str, str]:
    """What its makers say of the whole: title, description, licence, depositor."""
    return {name: setting(db, name) for name in DESCRIBED}


def describe(tx: Transaction, said: Mapping[str, str]) -> None:
    """Say it anew, as far as it is given."""
    if odd := sorted(said.keys() - set(DESCRIBED)):
        raise WrongUsage(f"A fieldbook has no '{odd[0]}'.", f"What can be said of it: {', '.join(DESCRIBED)}.")
    if not said.get("title", "x").strip():
        raise WrongUsage("A fieldbook needs a title.")
    for name, text in said.items():
        set_setting(tx, name, text.strip())
    tx.touch(Changed.SETTINGS)


def title(db: sqlite3.Connection) -> str:
    """What its makers call it."""
    return setting(db, "title")


def summary(db: sqlite3.Connection, folder: Path) -> dict[str, Any]:
    """Counts, lengths and sizes, as `fieldapp info` shows them."""
    counts = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _COUNTED}  # noqa: S608  (names from the tuple above)
    seconds = db.execute("SELECT coalesce(sum(frames * 1.0 / rate), 0) FROM recording WHERE rate > 0").fetchone()[0]
    states = {row[0]: row[1] for row in db.execute("SELECT state, count(*) FROM segment GROUP BY state ORDER BY state")}
    tiers = {row[0]: row[1] for row in db.execute("SELECT tier, count(*) FROM annotation GROUP BY tier ORDER BY tier")}
    varieties = {
        row[0]: row[1] for row in db.execute("SELECT v.name, count(s.pk) FROM variety v LEFT JOIN segment s ON s.variety = v.id GROUP BY v.pk ORDER BY v.name")
    }
    spaces = [
        dict(row)
        for row in db.execute(
            "SELECT kind, model, layer, head, version, dims, count(v.pk) AS vectors FROM space LEFT JOIN vector v ON v.space = space.id GROUP BY space.pk"
        )
    ]
    return {
        "title": title(db),
        "counts": counts,
        "recorded_seconds": round(seconds, 3),
        "segment_states": states,
        "tiers": tiers,
        "varieties": varieties,
        "spaces": spaces,
        "languages": json.loads(db.execute("SELECT json_group_array(DISTINCT language) FROM annotation WHERE language <> ''").fetchone()[0]),
        "database_bytes": (folder / DATABASE).stat().st_size,
    }
