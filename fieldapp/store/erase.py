"""Erasing what the fieldbook knows of a person: texts, vectors, frame caches, everything said about them, and every trace in the file itself.

What stays is a tombstone: the code, the consents (without their notes), and the spans of their segments, because those
keep their sound from leaving with a whole recording. `erase` runs on the `db-writer` thread, `compact` on a closed fieldbook.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from fieldapp.errors import FieldbookLocked
from fieldapp.model import Changed, PersonId
from fieldapp.store import backup, holder, papers, undo, word_index
from fieldapp.store.connect import DATABASE, open_writer
from fieldapp.store.transaction import Transaction

_OF_SPEAKER = "segment IN (SELECT id FROM segment WHERE speaker = ?)"
_STAYS = ("reserve", "recorder.json", "recorder.lock", "recorder.log")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was deleted."""

    segments: int
    texts: int
    vectors: int
    frames: int


def erase(tx: Transaction, person: PersonId) -> Erased:
    """Delete a person's texts, vectors and caches and all that is known about them; the history of edits goes too."""
    segments = tx.db.execute("SELECT count(*) FROM segment WHERE speaker = ?", (person,)).fetchone()[0]
    gone = [tx.db.execute(f"DELETE FROM {table} WHERE {_OF_SPEAKER}", (person,)).rowcount for table in ("annotation", "vector", "frames")]  # noqa: S608
    tx.db.execute("UPDATE segment SET state = 'rejected', source = '', quality = '{}', metadata = '{}' WHERE speaker = ?", (person,))
    tx.db.execute(
        "UPDATE person SET name = '', nickname = '', birth_year = NULL, gender = '', languages = '[]', education = '', occupation = '', contact = '', "
        "description = '', metadata = '{\"erased\": true}' WHERE id = ?",
        (person,),
    )
    tx.db.execute("UPDATE consent SET note = '', evidence = '' WHERE person = ?", (person,))
    _forget_copies(tx, person)
    undo.forget(tx)
    word_index.rebuild_words(tx.db)
    word_index.purge_words(tx.db)
    tx.touch(Changed.PEOPLE | Changed.CONSENT | Changed.SEGMENTS | Changed.ANNOTATIONS | Changed.VECTORS)
    return Erased(segments, *gone)


def compact(folder: Path) -> None:
    """Write the database anew, so that nothing deleted is left in its pages, and delete the caches. The fieldbook must be closed."""
    try:
        lock = holder.take(folder)
    except holder.Held as held:
        raise FieldbookLocked(f"{folder} is open in {held.holder or 'another application'}.", "Close it there and erase again: the rest is done.") from held
    try:
        with contextlib.closing(open_writer(folder / DATABASE)) as db:
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for cache in (folder / "derived").iterdir():
            if cache.is_dir():
                shutil.rmtree(cache)
            elif cache.name not in _STAYS:
                cache.unlink()
    finally:
        lock.release()


def copies(folder: Path) -> list[Path]:
    """Database files in which what was erased still stands: backups and those laid aside by repairs."""
    return sorted(p for p in (folder / backup.FOLDER).iterdir() if p.is_file())


def _forget_copies(tx: Transaction, person: PersonId) -> None:
    """Sessions that came from a SayMore project hold its file, with the names of all participants, and list papers that may be about them."""
    with contextlib.suppress(sqlite3.OperationalError):  # metadata that is no JSON holds no such key
        tx.db.execute(
            f"UPDATE session SET metadata = json_remove(metadata, '$.saymore', '$.{papers.KEY}') WHERE id IN "  # noqa: S608  (our own name)
            "(SELECT session FROM participation WHERE person = ?)",
            (person,),
        )
