"""Takes the rows and files of a second fieldbook over into this one, by id, against the version both came from.

What only they changed is taken, what only we changed stays, what both changed is a `Conflict` with all three versions; until a
person decides, ours stays, and theirs is written to `backups/merge-DATE.jsonl`. A withdrawn consent wins without being asked about, and
whoever was erased here does not come back. The other database is never opened as a project (`foreign.py`). A backup is made first; files
are copied, then all rows are taken in one transaction on the `db-writer` thread.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path

from fieldapp.errors import WrongUsage
from fieldapp.store import backup
from fieldapp.store.check_rows import mend_references
from fieldapp.store.connect import DATABASE, refuse_foreign
from fieldapp.store.merge.files import bring
from fieldapp.store.merge.foreign import foreign
from fieldapp.store.merge.history import Side, named_base
from fieldapp.store.merge.result import Conflict, Merged
from fieldapp.store.merge.taking import Taking
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

__all__ = ["Conflict", "Merged", "merge"]


class _Rehearsed(Exception):
    """Ends the transaction of a rehearsal, so that nothing of it stays."""


def merge(store: Store, other: Path, *, base: Path | None = None, theirs: Collection[str] = (), dry: bool = False) -> Merged:
    """Take over everything of the fieldbook in the folder `other`; doing it twice adds nothing the second time.

    `base` is a fieldbook or backup both came from, where one is known better than the backups and journals tell. `theirs` are keys of
    conflicts in which theirs shall win, or "all". `dry` only tells what would come.
    """
    refuse_foreign(other / DATABASE)
    if other.resolve() == store.folder.resolve():
        raise WrongUsage("A fieldbook cannot be merged with itself.", "Name the other one.")
    result = Merged()
    with foreign(other) as source, ExitStack() as parts:
        if not dry:
            result.backup = backup.make(store.folder / DATABASE, note="before-merge")
        names: dict[str, str] = {}
        here, there = Side(store.reader(), store.folder, parts, {}), Side(source, other, parts, names)
        named = named_base(base, parts) if base else None
        files = bring(store, source, other, result.notes, dry=dry)

        def work(tx: Transaction) -> None:
            Taking(tx, source, files, here, there, named, names, theirs, result).run()
            if dry:
                raise _Rehearsed
            if tx.db.execute("PRAGMA foreign_key_check").fetchone():  # rows that belong to one that was turned away
                result.notes.append(mend_references(tx.db, store.folder))

        with suppress(_Rehearsed):
            store.do(work)
    if result.added and not dry:
        backup.make(store.folder / DATABASE, note="after-merge")  # by which a later merge knows what came from there
    if result.conflicts and not dry:
        result.report = store.folder / backup.FOLDER / f"merge-{datetime.now():%Y-%m-%d-%H%M%S}.jsonl"
        rows = (json.dumps(one.data(), ensure_ascii=False, default=str) + "\n" for one in result.conflicts)
        result.report.write_text("".join(rows), encoding="utf-8")
    return result
