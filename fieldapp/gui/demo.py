"""The demo of the tour as a fieldbook of the person's own, made in the background the first time. GUI thread."""

from __future__ import annotations

import shutil
from pathlib import Path

from fieldapp import paths
from fieldapp.commands.engine import has_model
from fieldapp.commands.tour import hear
from fieldapp.gui.desk import Desk
from fieldapp.gui.words import say
from fieldapp.intake.demo import build
from fieldapp.jobs import Progress

NAME = "Fieldapp demo"


def open_demo(desk: Desk) -> None:
    """Open the demo; where it is missing it is made first, in a folder beside that moves into place when it is whole."""
    book = paths.data() / NAME
    if book.is_dir():
        desk.open(book)
        return
    model = desk.settings.model if has_model(desk.settings.model) else ""
    desk.say(say("The demo is being made and listened to; about a minute.") if model else say("The demo is being made; a moment."))

    def done(made: Path) -> str:
        desk.open(made)
        return say("The demo is made.")

    desk.work(say("Demo"), lambda progress: _make(book, model, progress), done)


def _make(book: Path, model: str, progress: Progress) -> Path:
    part = book.with_name(f".{book.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    build(part, paths.resource("demo"), progress)
    if model:
        hear(part, model, progress)
    return part.rename(book)
