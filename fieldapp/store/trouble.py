"""Turns what SQLite complains about into sentences for a person; what stays untranslated is a bug of ours."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

from fieldapp.errors import AlreadyThere, Damaged, DiskFull, FieldbookLocked, FieldError, ReadOnly

_SENTENCES: dict[int, tuple[type[FieldError], str, str]] = {
    sqlite3.SQLITE_FULL: (DiskFull, "The disk is full: the change to {where} was not made.", "Free some space and try again."),
    sqlite3.SQLITE_CORRUPT: (Damaged, "The database of {where} is damaged.", "Try: fieldapp check --repair"),
    sqlite3.SQLITE_NOTADB: (Damaged, "The database of {where} is damaged.", "Try: fieldapp check --repair"),
    sqlite3.SQLITE_BUSY: (FieldbookLocked, "Another program holds {where}.", "Close it there and try again."),
    sqlite3.SQLITE_LOCKED: (FieldbookLocked, "Another program holds {where}.", "Close it there and try again."),
    sqlite3.SQLITE_READONLY: (ReadOnly, "{where} can only be read here.", "Check the permissions of the folder."),
    sqlite3.SQLITE_CANTOPEN: (ReadOnly, "The database of {where} cannot be opened.", "Check the permissions of the folder."),
    sqlite3.SQLITE_IOERR: (Damaged, "The disk gave an error while reading or writing {where}.", "Check the disk and its cable; then: fieldapp check"),
    sqlite3.SQLITE_TOOBIG: (FieldError, "A text or value is too big for {where}.", "One value can hold about 1 GB."),
}


def as_sentence(error: BaseException, where: str | Path) -> FieldError | None:
    """The world's fault as a FieldError, or None where the error is a bug (or already a sentence)."""
    if isinstance(error, sqlite3.IntegrityError):
        return _broken_rule(str(error))
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        known = _SENTENCES.get(code & 0xFF) if code else None
        if known is None and str(error).startswith("no such table"):  # every fieldbook of this version has all of them
            known = _SENTENCES[sqlite3.SQLITE_CORRUPT]
        if code and code & 0xFF == sqlite3.SQLITE_IOERR and _is_full(where):
            known = _SENTENCES[sqlite3.SQLITE_FULL]
        if known:
            kind, text, hint = known
            return kind(text.format(where=where), hint)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk is full: {where} could not be written.", "Free some space and try again.")
    return None


def _is_full(where: str | Path) -> bool:
    """SQLite says "disk I/O error" where it could not make room for a side file."""
    try:
        return shutil.disk_usage(where).free < 1 << 20
    except OSError:
        return False


def _broken_rule(message: str) -> FieldError | None:
    """`UNIQUE constraint failed: person.code` as a sentence; other broken rules are bugs unless they are dangling references."""
    kind, _, what = message.partition(" constraint failed")
    if kind == "UNIQUE":
        table, _, column = what.removeprefix(": ").split(",")[0].partition(".")
        return AlreadyThere(f"There is already a {table} with this {column}.", "Choose another one.")
    if kind == "FOREIGN KEY":
        return FieldError("Something this refers to is not (or no longer) in the fieldbook.", "Nothing was changed.")
    return None
