"""SQLite connections to a fieldbook file: how they are opened, what they are set to, what the file's own header says.

No thread of its own. A writer connection is made once per `Store`; readers are made per thread. Nothing here imports
sqlite-utils, so that reading an up-to-date fieldbook starts quickly.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path
from urllib.request import pathname2url

from fieldapp.errors import Damaged, FieldbookTooNew, NotAFieldbook

APPLICATION_ID = 0x46426B31  # "FBk1"
SCHEMA_VERSION = 2  # equals the number of migrations in schema.py (a test counts them); written to PRAGMA user_version
DATABASE = "fieldbook.db"

_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Header:
    """What the first hundred bytes of the database file say, read without opening it as a database."""

    application_id: int
    version: int


class Reader(sqlite3.Connection):
    """A connection that can be remembered weakly (plain ones cannot) and that closes when its thread has gone."""

    def __del__(self) -> None:
        self.close()


def read_header(path: Path) -> Header:
    """Look at a file without touching it: a newer or foreign database must stay byte for byte as it is."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        raise NotAFieldbook(f"There is no fieldbook in {path.parent}.", "Make one with: fieldapp new DIR") from None
    except OSError as error:
        raise NotAFieldbook(f"{path} cannot be read: {error.strerror}.", "Check the folder and its permissions.") from error
    if len(head) < 100 or not head.startswith(_MAGIC):
        raise Damaged(f"{path} is no SQLite database (its first bytes are wrong).", "Try: fieldapp check --repair")
    version, application_id = struct.unpack(">I", head[60:64])[0], struct.unpack(">I", head[68:72])[0]
    return Header(application_id, version)


def refuse_foreign(path: Path) -> Header:
    """The header, or a refusal for files that are not ours or come from a newer Fieldapp."""
    header = read_header(path)
    if header.application_id != APPLICATION_ID:
        raise NotAFieldbook(f"{path} is an SQLite database of another program, not a fieldbook.", "Nothing was changed in it.")
    _refuse_newer(path, header.version)
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:  # an upgrade that was killed may have told its version only there
        with contextlib.suppress(sqlite3.Error), contextlib.closing(open_reader(path)) as db:
            _refuse_newer(path, db.execute("PRAGMA user_version").fetchone()[0])
    return header


def _refuse_newer(path: Path, version: int) -> None:
    """Raise for a schema this version does not know."""
    if version > SCHEMA_VERSION:
        raise FieldbookTooNew(
            f"{path.parent} was made by a newer Fieldapp (its format is {version}, this one knows {SCHEMA_VERSION}).",
            "Nothing was changed in it. Please update Fieldapp.",
        )


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that may write. May be handed to another thread once; never used by two at a time.

    FULL, not NORMAL: NORMAL may lose the last commits when the power fails, and a speaker's words are said only once.
    """
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0, cached_statements=256)
    db.row_factory = sqlite3.Row
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",  # withdrawn words are overwritten, not just forgotten
            "cell_size_check=ON",
            "temp_store=MEMORY",
            "cache_size=-32000",
        ):
            db.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        db.close()
        raise
    return db


def open_reader(path: Path, *, immutable: bool = False) -> Reader:
    """A connection that cannot write. `immutable` is for folders where not even SQLite's own side files can be made."""
    how = "immutable=1" if immutable else "mode=ro"
    db = sqlite3.connect(f"file:{pathname2url(str(path))}?{how}", uri=True, check_same_thread=False, timeout=5.0, cached_statements=256, factory=Reader)
    db.row_factory = sqlite3.Row
    for pragma in ("query_only=ON", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-16000"):  # every thread has a reader, and each fills its own
        db.execute(f"PRAGMA {pragma}")
    return db
