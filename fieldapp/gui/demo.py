"""The demo of the tour as a fieldbook of the person's own, made in the background the first time. GUI thread."""

from __future__ import annotations

import shutil
from pathlib import Path

from fieldapp import paths
from fieldapp.gui.desk import Desk
from fieldapp.gui.words import say
from fieldapp.intake import importing, manifest
from fieldapp.jobs import Progress
from fieldapp.store.store import Store

NAME = "Fieldapp demo"


def open_demo(desk: Desk) -> None:
    """Open the demo; where it is missing it is made first, in a folder beside that moves into place when it is whole."""
    book = paths.data() / NAME
    if book.is_dir():
        desk.open(book)
        return
    desk.say(say("The demo is being made; a moment."))
    desk.run(lambda progress: _make(book, progress), desk.open)


def _make(book: Path, progress: Progress) -> Path:
    part = book.with_name(f".{book.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    listed = paths.resource("demo", "manifest.csv")
    with Store.create(part, NAME) as store:
        importing.Import(store).run(manifest.read_manifest(listed), [listed], "demo", progress)
    return part.rename(book)
