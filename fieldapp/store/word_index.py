"""The full-text tables behind word search: how they are laid out, kept up to date, rebuilt, checked and purged.

Triggers only note row numbers in `word_stale` (plain SQL, so a merge, a salvage or another tool cannot break or bypass
them); `update` turns the notes into index entries inside the transaction that made them, on the `db-writer` thread.
`word_entry` keeps what was indexed, because an FTS5 table without content can only delete what it is told again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from fieldapp.store.fold import FOLD_VERSION
from fieldapp.store.grams import document

TABLES = (
    "CREATE TABLE word_entry (pk INTEGER PRIMARY KEY, segment INTEGER NOT NULL, text TEXT NOT NULL, tags TEXT NOT NULL)",
    "CREATE TABLE word_stale (pk INTEGER PRIMARY KEY)",
    "CREATE TABLE word_version (version INTEGER NOT NULL)",
    "CREATE VIRTUAL TABLE word_index USING fts5(runs, content='', columnsize=0, detail=none, prefix='2 3 4', tokenize='ascii')",
    "INSERT INTO word_index (word_index, rank) VALUES ('pgsz', 1000)",  # small pages: rare words step over common ones page by page
    "INSERT INTO word_index (word_index, rank) VALUES ('hashsize', 16000000)",  # bytes gathered in memory before a piece of index is written
    """CREATE TRIGGER word_added AFTER INSERT ON annotation BEGIN
         INSERT OR IGNORE INTO word_stale VALUES (NEW.pk); END""",
    """CREATE TRIGGER word_changed AFTER UPDATE OF pk, segment, tier, text, state ON annotation BEGIN
         INSERT OR IGNORE INTO word_stale VALUES (OLD.pk), (NEW.pk); END""",
    """CREATE TRIGGER word_removed AFTER DELETE ON annotation BEGIN
         INSERT OR IGNORE INTO word_stale VALUES (OLD.pk); END""",
    """CREATE TRIGGER word_segment AFTER UPDATE OF pk, speaker, variety, recording ON segment BEGIN
         INSERT OR IGNORE INTO word_stale SELECT pk FROM annotation WHERE segment = NEW.id; END""",
    """CREATE TRIGGER word_recording AFTER UPDATE OF session ON recording BEGIN
         INSERT OR IGNORE INTO word_stale SELECT a.pk FROM annotation a JOIN segment s ON s.id = a.segment WHERE s.recording = NEW.id; END""",
    """CREATE TRIGGER word_session AFTER UPDATE OF pk, variety, date ON session BEGIN
         INSERT OR IGNORE INTO word_stale SELECT a.pk FROM annotation a JOIN segment s ON s.id = a.segment
         JOIN recording r ON r.id = s.recording WHERE r.session = NEW.id; END""",
)

# s: speaker, v: variety (the segment's, else its session's), n: session, y and m: its year and month, k: tier, c or d: confirmed or draft
TAGS = """COALESCE('s' || p.pk, 's0') || COALESCE(' v' || v.pk, ' v0') || ' n' || n.pk
  || ' y' || lower(hex(substr(n.date, 1, 4))) || ' m' || lower(hex(substr(n.date, 1, 7))) || ' k' || lower(hex(a.tier))
  || CASE a.state WHEN 'confirmed' THEN ' c' ELSE ' d' END"""
_TRUTH = f"""SELECT a.pk AS pk, s.pk AS segment, a.text AS text, {TAGS} AS tags
  FROM annotation a JOIN segment s ON s.id = a.segment JOIN recording r ON r.id = s.recording JOIN session n ON n.id = r.session
  LEFT JOIN person p ON p.id = s.speaker LEFT JOIN variety v ON v.id = COALESCE(s.variety, n.variety)"""  # noqa: S608  (constants)
_BATCH = 5000


def update(db: sqlite3.Connection) -> None:
    """Bring the index up to date with what this transaction (or another tool before it) changed."""
    if db.execute("SELECT 1 FROM word_stale").fetchone() is None:
        return
    if not _version_is_ours(db):
        rebuild_words(db)
        return
    while stale := [(row[0],) for row in db.execute("SELECT pk FROM word_stale ORDER BY pk LIMIT ?", (_BATCH,))]:
        _forget(db, stale)
        _enter(db, db.execute(f"{_TRUTH} WHERE a.pk IN (SELECT pk FROM word_stale WHERE pk <= ?) ORDER BY a.pk", (stale[-1][0],)))  # noqa: S608  (constants)
        db.execute("DELETE FROM word_stale WHERE pk <= ?", stale[-1])


def rebuild_words(db: sqlite3.Connection) -> int:
    """Build the index anew from the annotations, inside the caller's transaction; returns how many texts it holds."""
    db.execute("INSERT INTO word_index (word_index) VALUES ('delete-all')")
    db.execute("DELETE FROM word_entry")
    db.execute("DELETE FROM word_stale")
    _enter(db, db.execute(f"{_TRUTH} ORDER BY a.pk"))
    db.execute("DELETE FROM word_version")
    db.execute("INSERT INTO word_version VALUES (?)", (FOLD_VERSION,))
    return int(db.execute("SELECT count(*) FROM word_entry").fetchone()[0])


def purge_words(db: sqlite3.Connection) -> None:
    """Make deleted words vanish from the index's pages too (FTS5 only marks them as deleted until it merges)."""
    db.execute("INSERT INTO word_index (word_index) VALUES ('optimize')")


def check_words(db: sqlite3.Connection) -> tuple[str, ...]:
    """What is wrong with the word index, as sentences; empty when nothing is. Reads only."""
    try:
        return tuple(_complaints(db))
    except sqlite3.DatabaseError as error:
        return (f"The word index cannot be read ({error}).",)


def _complaints(db: sqlite3.Connection) -> Iterator[str]:
    if not _version_is_ours(db):
        yield "The word index was built by another version."
    waiting = db.execute("SELECT count(*) FROM word_stale").fetchone()[0]
    if waiting:
        yield f"{waiting} changed texts are not yet in the word index."
    differing = db.execute(
        f"SELECT count(*) FROM ({_TRUTH}) AS t LEFT JOIN word_entry AS e ON e.pk = t.pk "  # noqa: S608  (constants)
        "WHERE e.pk IS NULL OR e.text IS NOT t.text OR e.tags IS NOT t.tags OR e.segment IS NOT t.segment"
    ).fetchone()[0]
    if differing:
        yield f"{differing} texts are missing from the word index or stand in it in an older form."
    left_over = db.execute("SELECT count(*) FROM word_entry WHERE pk NOT IN (SELECT pk FROM annotation)").fetchone()[0]
    if left_over:
        yield f"{left_over} texts are in the word index but no longer in the fieldbook."
    entries = db.execute("SELECT count(*) FROM word_entry").fetchone()[0]
    indexed = db.execute("SELECT count(*) FROM word_index WHERE word_index MATCH 'c OR d'").fetchone()[0]
    if entries != indexed:
        yield f"The word index holds {indexed} texts where {entries} were entered."


def _version_is_ours(db: sqlite3.Connection) -> bool:
    row = db.execute("SELECT version FROM word_version").fetchone()
    return row is not None and row[0] == FOLD_VERSION


def _forget(db: sqlite3.Connection, stale: list[tuple[int]]) -> None:
    for (pk,) in stale:
        entry = db.execute("SELECT text, tags FROM word_entry WHERE pk = ?", (pk,)).fetchone()
        if entry:
            db.execute("INSERT INTO word_index (word_index, rowid, runs) VALUES ('delete', ?, ?)", (pk, document(entry[0], entry[1])))
            db.execute("DELETE FROM word_entry WHERE pk = ?", (pk,))


def _enter(db: sqlite3.Connection, rows: sqlite3.Cursor) -> None:
    """Index rows in the order of their numbers: FTS5 starts a new piece of index with every step back."""
    while batch := rows.fetchmany(_BATCH):
        db.executemany("INSERT INTO word_entry (pk, segment, text, tags) VALUES (?, ?, ?, ?)", (tuple(row) for row in batch))
        db.executemany("INSERT INTO word_index (rowid, runs) VALUES (?, ?)", ((row[0], document(row[2], row[3])) for row in batch))
