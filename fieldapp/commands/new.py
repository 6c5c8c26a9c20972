"""Make a fieldbook: a folder with an empty database and places for recordings, prompts and backups."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldapp.commands import Answer, Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where, and what it is called."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="a new or empty folder")
    parser.add_argument("--title", default="", help="what to call it (else: the name of the folder)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Make it."""
    from fieldapp.store.store import Store

    folder: Path = options.fieldbook.absolute()
    title = options.title or folder.name
    Store.create(folder, title).close()
    return Answer(f"Made the fieldbook '{title}' in {folder}", {"fieldbook": str(folder), "title": title})
