"""What rows said earlier, on either side: backups, the journal of edits, and a base somebody names. So the version both came from is found.

A row that was never changed since it was made is such a version too. Everything here only reads; a backup that cannot be read is passed over.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from fieldapp.errors import Damaged, FieldError
from fieldapp.store import backup
from fieldapp.store.connect import DATABASE, Reader, open_reader, refuse_foreign
from fieldapp.store.merge.foreign import only_reading
from fieldapp.store.merge.threeway import Row, same
from fieldapp.store.undo import row_of

_JOURNALLED = ("segment", "annotation", "consent")


class Side:
    """The past of one fieldbook. `names` maps ids that mean the same thing on both sides."""

    def __init__(self, db: sqlite3.Connection, folder: Path, parts: ExitStack, names: Mapping[str, str]) -> None:
        self._copies = [copy for path in backup.found(folder) if (copy := opened(path, parts)) is not None]
        self._names = names
        self._notes: dict[tuple[str, str], list[Row]] = {}
        self.deleted: list[tuple[str, Row]] = []
        with contextlib.suppress(sqlite3.DatabaseError, ValueError, TypeError):  # what somebody else's journal holds is no reason to stop
            for note in db.execute("SELECT kind, before, after FROM undo_row ORDER BY pk DESC"):
                self._remember(str(note["kind"]), row_of(note["before"]), row_of(note["after"]))

    def versions(self, table: str, identity: str) -> Iterator[Row]:
        """What the row said at earlier times, in no order."""
        found = list(self._notes.get((table, identity), ()))
        found += [row for copy in self._copies if (row := row_in(copy, table, identity)) is not None]
        for row in found:
            yield {name: self._names.get(value, value) if isinstance(value, str) and name != "id" else value for name, value in row.items()}

    def newest(self) -> Reader | None:
        """The newest backup that can be read."""
        return self._copies[0] if self._copies else None

    def _remember(self, kind: str, before: Row, after: Row) -> None:
        if kind not in _JOURNALLED:
            return
        for row in (before, after):
            if row:
                self._notes.setdefault((kind, str(row.get("id"))), []).append(row)
        if before and not after:
            self.deleted.append((kind, before))


def ancestor(table: str, ours: Row, theirs: Row, here: Side, there: Side, named: Reader | None) -> Row | None:
    """The version both came from, None where nothing tells."""
    if named is not None and (row := row_in(named, table, str(ours["id"]))) is not None:
        return row
    identity = str(ours["id"])
    before, elsewhere = list(here.versions(table, identity)), list(there.versions(table, identity))
    theirs_is_old = any(same(table, one, theirs) for one in before) or _as_made(theirs, ours)
    ours_is_old = any(same(table, one, ours) for one in elsewhere) or _as_made(ours, theirs)
    if theirs_is_old and ours_is_old:
        return theirs if str(ours.get("changed", "")) >= str(theirs.get("changed", "")) else ours
    if theirs_is_old or ours_is_old:
        return theirs if theirs_is_old else ours
    shared = [one for one in before if _as_made(one, theirs) or any(same(table, one, other) for other in elsewhere)]
    shared += [one for one in elsewhere if _as_made(one, ours)]
    return max(shared, key=lambda row: str(row.get("changed", "")), default=None)


def row_in(db: sqlite3.Connection, table: str, identity: str) -> Row | None:
    """The row of that id in another database, None where there is none."""
    try:
        row = db.execute(f"SELECT * FROM {table} WHERE id = ?", (identity,)).fetchone()  # noqa: S608  (our own names)
    except sqlite3.DatabaseError:
        return None
    return None if row is None else dict(row)


def opened(path: Path, parts: ExitStack) -> Reader | None:
    """A database file for reading, nothing else allowed; None where it is no good."""
    try:
        refuse_foreign(path)
        db: Reader = parts.enter_context(closing(open_reader(path, immutable=True)))
        db.execute("SELECT id FROM segment LIMIT 1").fetchone()
        db.set_authorizer(only_reading)
    except (FieldError, sqlite3.Error, OSError):
        return None
    return db


def named_base(place: Path, parts: ExitStack) -> Reader:
    """The base somebody names: a fieldbook or one of its backups."""
    path = place / DATABASE if place.is_dir() else place
    refuse_foreign(path)
    found = opened(path, parts)
    if found is None:
        raise Damaged(f"{place} cannot be read as the version both came from.", "Name a fieldbook, or a file in its backups.")
    return found


def _as_made(row: Row, other: Row) -> bool:
    """Whether a row still is as it was made, and made once for both."""
    return bool(row.get("created")) and row.get("created") == row.get("changed") == other.get("created")
