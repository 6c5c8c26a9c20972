"""Saves what can be read of a damaged database into a new one; the damaged one is kept aside in `backups/`.

Rows are read by ranges of their number; a range that fails is halved until only the unreadable rows are left out. What
could not be read is taken from the newest good backup. Runs on the caller's thread, which holds the fieldbook's lock.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.errors import Damaged
from fieldapp.store import backup, check_files, check_rows, schema, word_index
from fieldapp.store.connect import DATABASE, open_reader, open_writer
from fieldapp.store.finding import Progress

_CHUNK = 5000
_PAGE = 4096
_MOST_ROWS = 1 << 33  # a row number beyond this is damage, not data


@dataclass(slots=True)
class Salvaged:
    """How many rows were read, how many came from a backup, and the stretches of row numbers that could not be read."""

    aside: Path = Path()
    read: int = 0
    from_backup: int = 0
    unreadable: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    references: str = ""

    def __str__(self) -> str:
        holes = sum(len(ranges) for ranges in self.unreadable.values())
        return (
            f"Saved {self.read} rows of the damaged database into a new one, {self.from_backup} more came from backups ({holes} stretches were unreadable). "
            f"The damaged database is kept as {self.aside.name} in backups/. {self.references}"
        )


def salvage(folder: Path, progress: Progress) -> Salvaged:
    """Put a sound database in the place of the damaged one."""
    damaged, fresh = folder / DATABASE, folder / f"{DATABASE}.salvaged"
    fresh.unlink(missing_ok=True)
    backups = [copy for copy in backup.found(folder) if check_files.is_good(copy)]
    result = Salvaged()
    schema.make_database(fresh, "")
    try:
        with _readable(damaged, backups) as source, closing(open_writer(fresh)) as target:
            target.execute("PRAGMA foreign_keys=OFF")
            target.execute("BEGIN")
            target.execute("DELETE FROM setting")
            for table in _tables(target):
                progress(-1, f"saving {table}")
                _save(source, target, table, result, backups)
            result.references = check_rows.mend_references(target, folder)
            progress(-1, "building the word index")
            word_index.rebuild_words(target)
            target.execute("COMMIT")
            target.execute("PRAGMA journal_mode=DELETE")
        result.aside = backup.replace(damaged, fresh, "damaged")
    except Damaged:
        if not backups:
            raise
        result.aside = backup.restore(folder, backups[0])
        result.references = f"Nothing else could be read: this is the fieldbook of the backup {backups[0].name}."
    finally:
        for ending in ("", "-wal", "-shm"):
            fresh.with_name(fresh.name + ending).unlink(missing_ok=True)
    return result


@contextlib.contextmanager
def _readable(damaged: Path, backups: list[Path]) -> Iterator[sqlite3.Connection]:
    """A copy of the damaged database that SQLite is willing to open: with its write-ahead file, if need be with the first page of a backup."""
    with tempfile.TemporaryDirectory(prefix="salvage-", dir=damaged.parent / backup.FOLDER) as place:
        copy = Path(place) / DATABASE
        for ending in ("", "-wal"):
            file = damaged.with_name(damaged.name + ending)
            if file.exists():
                shutil.copyfile(file, copy.with_name(copy.name + ending))
        if not _opens(copy) and not any(_opens(_with_first_page_of(good, copy)) for good in (copy, *backups)):
            raise Damaged(f"Nothing of {damaged} can be read.", "Keep the file; specialists may read more of it.")
        with closing(_connect(copy)) as db:
            yield db


def _connect(copy: Path) -> sqlite3.Connection:
    db = sqlite3.connect(copy, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    db.execute("PRAGMA query_only=ON")
    return db


def _opens(copy: Path) -> bool:
    """Whether SQLite finds our tables in it."""
    try:
        with closing(_connect(copy)) as db:
            return bool(db.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('segment', 'annotation')").fetchone()[0] == 2)
    except sqlite3.DatabaseError:
        return False


def _with_first_page_of(good: Path, copy: Path) -> Path:
    """The first page says where each table begins; a backup of the same fieldbook says the same.

    The size noted in it is made untrustworthy, so that the length of the file counts: that alone opens a truncated file.
    """
    with good.open("rb") as source:
        page = bytearray(source.read(_PAGE))
    page[92:96] = bytes(4)
    with copy.open("rb+") as target:
        target.write(page)
        target.truncate(max(copy.stat().st_size, _PAGE) // _PAGE * _PAGE)
    return copy


def _tables(db: sqlite3.Connection) -> list[str]:
    """The tables that hold the truth; what belongs to the word index is built anew at the end."""
    rows = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
    return [row["name"] for row in rows if not row["name"].startswith(("word_", "_sqlite"))]


def _save(source: sqlite3.Connection, target: sqlite3.Connection, table: str, result: Salvaged, backups: list[Path]) -> None:
    wanted = [row["name"] for row in target.execute(f"PRAGMA table_info({table})")]
    present = {row["name"] for row in source.execute(f"PRAGMA table_info({table})")}
    columns = ", ".join(name for name in wanted if name in present)
    marks = ", ".join("?" for name in wanted if name in present)
    if not columns:
        return
    put = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  (names from the schema, here and below)
    holes = result.unreadable.setdefault(table, [])
    last = _last_number(source, table, backups)
    for start in range(1, last + 1, _CHUNK):
        for rows in _read(source, f"SELECT {columns} FROM {table} WHERE rowid BETWEEN ? AND ?", start, min(start + _CHUNK - 1, last), holes):  # noqa: S608
            result.read += target.executemany(put, rows).rowcount
    holes += [(number, number) for number in _unseen(source, target, table)]
    if holes:
        _fill_holes(target, table, columns, put, holes, result, backups)
    else:
        del result.unreadable[table]


def _read(source: sqlite3.Connection, query: str, start: int, stop: int, holes: list[tuple[int, int]]) -> Iterator[list[sqlite3.Row]]:
    """The rows of a range; where that fails, of its halves. Neighbouring failures become one hole."""
    try:
        rows = source.execute(query, (start, stop)).fetchall()
    except (sqlite3.DatabaseError, OverflowError, MemoryError):
        if start < stop:
            middle = (start + stop) // 2
            yield from _read(source, query, start, middle, holes)
            yield from _read(source, query, middle + 1, stop, holes)
        elif holes and holes[-1][1] == start - 1:
            holes[-1] = (holes[-1][0], stop)
        else:
            holes.append((start, stop))
        return
    yield rows


def _unseen(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> list[int]:
    """Row numbers an index knows but reading did not meet: a damaged tree can hide rows without an error."""
    known: list[int] = []
    with contextlib.suppress(sqlite3.DatabaseError):
        known += (row[0] for row in source.execute(f"SELECT rowid FROM {table} INDEXED BY sqlite_autoindex_{table}_1"))  # noqa: S608
    there = {row[0] for row in target.execute(f"SELECT rowid FROM {table}")}  # noqa: S608
    return sorted(number for number in set(known) - there if 0 < number < _MOST_ROWS)


def _last_number(source: sqlite3.Connection, table: str, backups: list[Path]) -> int:
    """The highest row number anything can tell us of: the table, an index, the sequence, a backup."""
    numbers: list[int] = [0]
    for query in (f"SELECT max(rowid) FROM {table} NOT INDEXED", f"SELECT max(+rowid) FROM {table}", f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'"):  # noqa: S608
        with contextlib.suppress(sqlite3.DatabaseError):
            numbers += [row[0] or 0 for row in source.execute(query)]
    for copy in backups[:1]:
        with contextlib.suppress(sqlite3.DatabaseError), closing(open_reader(copy, immutable=True)) as db:
            numbers.append((db.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0) + _CHUNK)  # noqa: S608
    return max(number for number in numbers if number < _MOST_ROWS)


def _fill_holes(target: sqlite3.Connection, table: str, columns: str, put: str, holes: list[tuple[int, int]], result: Salvaged, backups: list[Path]) -> None:
    """Rows of unreadable stretches as the newest backups know them; older backups only add what newer ones lack."""
    for copy in backups:
        with contextlib.suppress(sqlite3.DatabaseError), closing(open_reader(copy, immutable=True)) as source:
            for start, stop in holes:
                rows = source.execute(f"SELECT {columns} FROM {table} WHERE rowid BETWEEN ? AND ?", (start, stop)).fetchall()  # noqa: S608
                result.from_backup += target.executemany(put, rows).rowcount
