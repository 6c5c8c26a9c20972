"""`fieldapp check`: examine a fieldbook from all sides, and mend what is safe to mend.

Each part is one function and one line in PARTS. Examining only reads. Repairing takes the lock, saves a damaged
database into a new one first (salvage.py), makes a backup, then runs the mend of each finding as its own transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fieldapp.errors import Damaged, FieldbookLocked, FieldError
from fieldapp.store import backup, check_files, check_rows, connect, holder, salvage
from fieldapp.store.connect import DATABASE
from fieldapp.store.finding import Finding, Progress
from fieldapp.store.store import Store
from fieldapp.store.trouble import as_sentence

Part = Callable[[sqlite3.Connection, Path, Progress], Iterator[Finding]]
PARTS: tuple[Part, ...] = (
    check_rows.strangers,  # first: a foreign trigger must be gone before anything is mended
    check_rows.references,
    check_rows.checksums,
    check_rows.words,
    check_files.masters,
    check_files.backups,
    check_files.leftovers,
)


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was found, what was done about it, and what is still to be found."""

    before: tuple[Finding, ...]
    done: tuple[str, ...]
    after: tuple[Finding, ...]


def examine(folder: Path, progress: Progress) -> tuple[Finding, ...]:
    """Everything that is wrong or worth knowing; foreign and newer databases are refused as always."""
    findings = list(check_files.lost_changes(folder))
    try:
        with Store.open(folder, read_only=True) as store:
            db = store.reader()
            findings += check_rows.pages(db, folder, progress)
            if not findings or findings[-1].kind != check_rows.DAMAGED:  # a damaged database answers nothing else reliably
                for part in PARTS:
                    findings += part(db, folder, progress)
    except Damaged as trouble:
        findings.append(Finding(check_rows.DAMAGED, trouble.message, "fieldapp check --repair saves what can be read into a new one."))
    progress(1, "examined")
    return tuple(findings)


def repair(folder: Path, progress: Progress) -> Repaired:
    """Mend what is safe; nothing is thrown away: damaged files and rows without a place are laid aside in `backups/`."""
    before = found = examine(folder, progress)
    done: list[str] = []
    if any(finding.kind == check_rows.DAMAGED for finding in found):
        with _held(folder):
            done.append(str(salvage.salvage(folder, progress)))
        found = examine(folder, progress)
    if any(finding.mend for finding in found):
        with Store.open(folder) as store:
            if store.read_only:
                raise FieldbookLocked(f"{folder} cannot be repaired: {store.read_only_reason}.", "Close it there and try again.")
            backup.make(folder / DATABASE, note="before-repair")
            done += [store.do(finding.mend, frees=True) for finding in found if finding.mend]
    return Repaired(before, tuple(done), examine(folder, progress))


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    try:
        lock = holder.take(folder)
    except holder.Held as held:
        raise FieldbookLocked(f"{folder} cannot be repaired: {held.holder} has it open.", "Close it there and try again.") from held
    except OSError as error:
        raise FieldError(f"{folder} cannot be repaired: it cannot be written ({error.strerror}).", "Copy it to a place that can be written.") from error
    try:
        with contextlib.suppress(Damaged):  # that is what is being repaired
            connect.refuse_foreign(folder / DATABASE)
        yield
    except (sqlite3.Error, OSError) as error:
        sentence = as_sentence(error, folder)
        if sentence:
            raise sentence from error
        raise
    finally:
        lock.release()
