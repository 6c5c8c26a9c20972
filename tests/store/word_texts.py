"""A fieldbook in memory with one session, for tests that write many texts and look them up again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from sqlite_utils import Database

from fieldapp.model import Query
from fieldapp.store import word_index
from fieldapp.store.schema import migrations
from fieldapp.store.words import Found, find_words

NOW = "2026-11-21T00:00:00Z"


def empty_book() -> sqlite3.Connection:
    """All tables, a session of 2026-11-21 with a recording, the speakers W1 and W2, the varieties Wu and Gan."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    migrations.apply(Database(db, execute_plugins=False))
    db.execute("PRAGMA foreign_keys=ON")
    for code in ("W1", "W2"):
        db.execute("INSERT INTO person (id, code, created, changed) VALUES (?, ?, ?, ?)", (f"p-{code}", code, NOW, NOW))
    for name in ("Wu", "Gan"):
        db.execute("INSERT INTO variety (id, name, created, changed) VALUES (?, ?, ?, ?)", (f"v-{name}", name, NOW, NOW))
    add_session(db, "suzhou", "2026-11-21", "v-Wu")
    return db


def add_session(db: sqlite3.Connection, name: str, date: str, variety: str | None = None) -> None:
    db.execute("INSERT INTO session (id, name, date, variety, created, changed) VALUES (?, ?, ?, ?, ?, ?)", (f"n-{name}", name, date, variety, NOW, NOW))
    db.execute(
        "INSERT INTO recording (id, session, path, rate, channels, bits, frames, created, changed) VALUES (?, ?, ?, 48000, 1, 24, 480000, ?, ?)",
        (f"r-{name}", f"n-{name}", f"audio/{name}.wav", NOW, NOW),
    )


def add_segment(db: sqlite3.Connection, name: str, *, speaker: str | None = "p-W1", variety: str | None = None, session: str = "suzhou") -> str:
    db.execute(
        "INSERT INTO segment (id, recording, start, stop, speaker, variety, created, changed) VALUES (?, ?, 0, 48000, ?, ?, ?, ?)",
        (name, f"r-{session}", speaker, variety, NOW, NOW),
    )
    return name


def add_text(db: sqlite3.Connection, segment: str, text: str, *, tier: str = "transcription", state: str = "confirmed") -> int:
    made = db.execute(
        "INSERT INTO annotation (id, segment, tier, text, state, created, changed) VALUES (hex(randomblob(9)), ?, ?, ?, ?, ?, ?)",
        (segment, tier, text, state, NOW, NOW),
    )
    return int(made.lastrowid or 0)


def book_of(texts: Iterable[str]) -> sqlite3.Connection:
    """A book with one segment for each text; its id is `s0`, `s1` ..."""
    db = empty_book()
    for place, text in enumerate(texts):
        add_text(db, add_segment(db, f"s{place}"), text)
    word_index.update(db)
    return db


def ask(db: sqlite3.Connection, text: str, folds: str = "", **more: object) -> Found:
    return find_words(db, Query(text=text, fold=frozenset(folds.split()), **more))  # type: ignore[arg-type]


def texts_found(db: sqlite3.Connection, text: str, folds: str = "", **more: object) -> list[str]:
    return [hit.text for hit in ask(db, text, folds, **more).hits]
