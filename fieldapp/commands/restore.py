"""Go back to a backup of the database: `fieldapp restore DIR` lists them, `fieldapp restore DIR --copy NAME` puts one in place.

The database as it is now is laid aside in backups/ first, so going back can be taken back. Sound files are not touched.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldapp.commands import Answer, Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which fieldbook, which copy."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("--copy", default="", metavar="NAME", help="a file of its backups/ (its name, or 'newest'); without it they are listed")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """List, or go back."""
    from fieldapp.errors import Damaged, FieldbookLocked, NotThere
    from fieldapp.store import backup, holder
    from fieldapp.store.check_files import is_good
    from fieldapp.store.connect import DATABASE, refuse_foreign

    folder: Path = options.fieldbook.absolute()
    copies = backup.every(folder)
    if not options.copy:
        if (folder / DATABASE).exists():
            refuse_foreign(folder / DATABASE)
        listed = [f"  {copy.name}  {copy.stat().st_size / 1e6:.1f} MB" for copy in copies]
        text = "\n".join([f"Backups of {folder}, newest first:", *listed]) if copies else f"There is no backup in {folder / backup.FOLDER}."
        return Answer(text, {"copies": [copy.name for copy in copies]})
    wanted = copies[0].name if options.copy == "newest" and copies else options.copy
    chosen = next((copy for copy in copies if copy.name == wanted), None)
    if chosen is None:
        raise NotThere(f"There is no backup '{options.copy}' in {folder / backup.FOLDER}.", "fieldapp restore DIR lists them.")
    progress(-1, f"examining {chosen.name}")
    if not is_good(chosen):
        raise Damaged(f"The backup {chosen.name} is damaged.", "Choose another one; nothing was changed.")
    try:
        lock = holder.take(folder)
    except holder.Held as held:
        raise FieldbookLocked(f"{folder} is open in {held.holder or 'another application'}.", "Close it there first.") from held
    try:
        aside = backup.restore(folder, chosen)
    finally:
        lock.release()
    return Answer(f"{folder} is as it was in {chosen.name}; as it was until now: {aside.name}", {"restored": chosen.name, "aside": aside.name})
