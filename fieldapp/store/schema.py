"""The tables of a fieldbook as a growing list of migrations; append only, never edit a published step.

Every row has a stable text id (a ULID) that survives merges; foreign keys point at those ids. `pk` is the compact
local row number that full-text tables and caches refer to (an explicit INTEGER PRIMARY KEY, so VACUUM cannot renumber it;
AUTOINCREMENT where caches refer to it, so that the number of a deleted row is never given to another one).

Importing this loads sqlite-utils: only making and upgrading a fieldbook does it. `SCHEMA_VERSION` stands in connect.py.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from fieldapp.store import backup, word_index
from fieldapp.store.connect import APPLICATION_ID, SCHEMA_VERSION, open_writer
from fieldapp.store.storable import clean

migrations = Migrations("fieldapp")

_TABLES = """
CREATE TABLE person (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '', nickname TEXT NOT NULL DEFAULT '',
  birth_year INTEGER, gender TEXT NOT NULL DEFAULT '', languages TEXT NOT NULL DEFAULT '[]', education TEXT NOT NULL DEFAULT '',
  occupation TEXT NOT NULL DEFAULT '', contact TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '', metadata TEXT NOT NULL DEFAULT '{}',
  created TEXT NOT NULL, changed TEXT NOT NULL);
CREATE TABLE variety (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, language TEXT NOT NULL DEFAULT '', iso639_3 TEXT NOT NULL DEFAULT '',
  glottocode TEXT NOT NULL DEFAULT '', place TEXT NOT NULL DEFAULT '', latitude REAL, longitude REAL, metadata TEXT NOT NULL DEFAULT '{}',
  created TEXT NOT NULL, changed TEXT NOT NULL);
CREATE TABLE session (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL DEFAULT '', date TEXT NOT NULL DEFAULT '',
  variety TEXT REFERENCES variety(id), description TEXT NOT NULL DEFAULT '', genre TEXT NOT NULL DEFAULT '', place TEXT NOT NULL DEFAULT '',
  equipment TEXT NOT NULL DEFAULT '', metadata TEXT NOT NULL DEFAULT '{}', created TEXT NOT NULL, changed TEXT NOT NULL);
CREATE TABLE participation (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
  person TEXT NOT NULL REFERENCES person(id), role TEXT NOT NULL DEFAULT 'speaker', UNIQUE (session, person, role));
CREATE TABLE recording (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, session TEXT NOT NULL REFERENCES session(id), path TEXT NOT NULL UNIQUE,
  rate INTEGER NOT NULL, channels INTEGER NOT NULL, bits INTEGER NOT NULL, frames INTEGER NOT NULL, sha256 TEXT NOT NULL DEFAULT '',
  bytes INTEGER NOT NULL DEFAULT 0, master TEXT REFERENCES recording(id), part INTEGER NOT NULL DEFAULT 0, first_frame INTEGER NOT NULL DEFAULT 0,
  started TEXT NOT NULL DEFAULT '', role TEXT NOT NULL DEFAULT 'master', state TEXT NOT NULL DEFAULT 'closed', original TEXT NOT NULL DEFAULT '',
  metadata TEXT NOT NULL DEFAULT '{}', created TEXT NOT NULL, changed TEXT NOT NULL);
CREATE INDEX recording_session ON recording(session);
CREATE INDEX recording_master ON recording(master);
CREATE INDEX recording_sha256 ON recording(sha256);
CREATE TABLE promptlist (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, source TEXT NOT NULL DEFAULT '', seed INTEGER,
  metadata TEXT NOT NULL DEFAULT '{}', created TEXT NOT NULL, changed TEXT NOT NULL);
CREATE TABLE item (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, promptlist TEXT NOT NULL REFERENCES promptlist(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  meaning_id TEXT NOT NULL, text TEXT NOT NULL DEFAULT '', gloss TEXT NOT NULL DEFAULT '{}', picture TEXT NOT NULL DEFAULT '',
  sound TEXT NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '', section TEXT NOT NULL DEFAULT '', repeats INTEGER NOT NULL DEFAULT 1,
  metadata TEXT NOT NULL DEFAULT '{}', UNIQUE (promptlist, position));
CREATE TABLE event (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recording TEXT NOT NULL REFERENCES recording(id) ON DELETE CASCADE, frame INTEGER NOT NULL,
  kind TEXT NOT NULL, item TEXT REFERENCES item(id), take INTEGER, value TEXT NOT NULL DEFAULT '{}', created TEXT NOT NULL);
CREATE INDEX event_recording ON event(recording, frame);
CREATE TABLE run (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, version TEXT NOT NULL DEFAULT '', parameters TEXT NOT NULL DEFAULT '{}',
  result TEXT NOT NULL DEFAULT '{}', started TEXT NOT NULL, ended TEXT);
CREATE TABLE segment (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, recording TEXT NOT NULL REFERENCES recording(id), start INTEGER NOT NULL,
  stop INTEGER NOT NULL, speaker TEXT REFERENCES person(id), variety TEXT REFERENCES variety(id), item TEXT REFERENCES item(id),
  meaning_id TEXT NOT NULL DEFAULT '', take INTEGER NOT NULL DEFAULT 1, best INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'pending', source TEXT NOT NULL DEFAULT '',
  quality TEXT NOT NULL DEFAULT '{}', metadata TEXT NOT NULL DEFAULT '{}', created TEXT NOT NULL, changed TEXT NOT NULL,
  CHECK (start >= 0 AND stop >= start));
CREATE INDEX segment_recording ON segment(recording, start);
CREATE INDEX segment_speaker ON segment(speaker) WHERE speaker IS NOT NULL;
CREATE INDEX segment_item ON segment(item) WHERE item IS NOT NULL;
CREATE INDEX segment_meaning ON segment(meaning_id) WHERE meaning_id <> '';
CREATE INDEX segment_pending ON segment(state) WHERE state = 'pending';
CREATE TABLE annotation (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, segment TEXT NOT NULL REFERENCES segment(id) ON DELETE CASCADE, tier TEXT NOT NULL,
  text TEXT NOT NULL, language TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT 'person', state TEXT NOT NULL DEFAULT 'confirmed',
  confidence REAL, run TEXT REFERENCES run(id), created TEXT NOT NULL, changed TEXT NOT NULL);
CREATE INDEX annotation_segment ON annotation(segment, tier);
CREATE TABLE consent (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, person TEXT NOT NULL REFERENCES person(id), purpose TEXT NOT NULL, allowed INTEGER NOT NULL,
  audience TEXT NOT NULL DEFAULT 'anyone', given TEXT NOT NULL, until TEXT, withdrawn TEXT, segment TEXT REFERENCES segment(id) ON DELETE CASCADE,
  evidence TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', created TEXT NOT NULL, changed TEXT NOT NULL);
CREATE INDEX consent_person ON consent(person, purpose);
CREATE INDEX consent_segment ON consent(segment) WHERE segment IS NOT NULL;
CREATE TABLE space (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, model TEXT NOT NULL, layer INTEGER NOT NULL DEFAULT -1,
  head TEXT NOT NULL DEFAULT '', version INTEGER NOT NULL DEFAULT 1, dims INTEGER NOT NULL, metadata TEXT NOT NULL DEFAULT '{}', created TEXT NOT NULL,
  UNIQUE (kind, model, layer, head, version));
CREATE TABLE vector (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, segment TEXT NOT NULL REFERENCES segment(id) ON DELETE CASCADE,
  space TEXT NOT NULL REFERENCES space(id) ON DELETE CASCADE, data BLOB NOT NULL, crc INTEGER NOT NULL, run TEXT REFERENCES run(id),
  created TEXT NOT NULL, UNIQUE (segment, space));
CREATE INDEX vector_space ON vector(space);
CREATE TABLE frames (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, segment TEXT NOT NULL REFERENCES segment(id) ON DELETE CASCADE,
  space TEXT NOT NULL REFERENCES space(id) ON DELETE CASCADE, count INTEGER NOT NULL, rate REAL NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL,
  created TEXT NOT NULL, UNIQUE (segment, space));
CREATE INDEX frames_space ON frames(space);
CREATE TABLE setting (pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, value TEXT NOT NULL, changed TEXT NOT NULL);
CREATE TABLE undo_step (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0, created TEXT NOT NULL);
CREATE TABLE undo_row (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, step INTEGER NOT NULL REFERENCES undo_step(pk) ON DELETE CASCADE, kind TEXT NOT NULL, before TEXT, after TEXT);
CREATE INDEX undo_row_step ON undo_row(step);
"""


@migrations()
def first_tables(db: Database) -> None:
    """The tables of the first published version."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def word_search(db: Database) -> None:
    """The full-text tables; what was already written is indexed."""
    for statement in word_index.TABLES:
        db.execute(statement)
    word_index.rebuild_words(db.conn)


def make_database(path: Path, title: str) -> None:
    """A new, empty database; it takes its final name only when it is whole."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    db = sqlite3.connect(unfinished, isolation_level=None)
    try:
        _migrate(db)
        db.execute("INSERT INTO setting (id, value, changed) VALUES ('title', ?, strftime('%Y-%m-%dT%H:%M:%fZ'))", (clean(title)[0],))
    finally:
        db.close()
    unfinished.replace(path)


def upgrade(path: Path) -> None:
    """Apply the migrations that are missing, after a copy of the database as it was."""
    backup.make(path, note="before-upgrade")
    db = open_writer(path)
    try:
        _migrate(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the file's own header must tell the version
    finally:
        db.close()


def _migrate(db: sqlite3.Connection) -> None:
    migrations.apply(Database(db, execute_plugins=False))
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def triggers_and_views() -> dict[str, str]:
    """The triggers and views of a fieldbook of this version, by name: anything else in a file is foreign."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _migrate(db)
        return dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchall())
