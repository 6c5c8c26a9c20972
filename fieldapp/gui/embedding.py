"""The vectors of what has none yet, made behind the window: of segments with the model of the settings, of translations and glosses with a sentence encoder."""

from __future__ import annotations

from pathlib import Path

from fieldapp.gui.desk import Desk
from fieldapp.gui.words import say
from fieldapp.jobs import Progress
from fieldapp.settings import Settings
from fieldapp.store.store import Store

READ = ("translation", "gloss")
"""Tiers a sentence encoder reads, where there are any."""
SPARE_CORES = 1
"""Left to the window and to whoever records."""


def make_vectors(desk: Desk) -> None:
    """Begin; what is done when it is stopped stays."""
    store = desk.store
    if store is None or store.read_only:
        return
    if desk.recorded() is not None:
        desk.say(say("A recording is running; its text and vectors need the machine. Make the other vectors afterwards."), "look")
        return
    if any(work.title == say("Vectors") for work in desk.works.running):
        desk.asked.emit("jobs")
        return
    settings = desk.settings

    def done(made: tuple[int, int, list[str]]) -> str:
        sounds, texts, troubles = made
        said = say("{sounds} segments and {texts} texts have new vectors.", sounds=f"{sounds:,}", texts=f"{texts:,}")
        return " ".join([said, *troubles])

    desk.work(say("Vectors"), lambda progress: _made(store, settings, progress), done)


def _made(store: Store, settings: Settings, progress: Progress) -> tuple[int, int, list[str]]:
    """How many segments and texts got vectors, and what could not be read."""
    from fieldapp.commands.embed import embed_sounds, embed_tier  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)
    from fieldapp.commands.engine import model_folder  # noqa: PLC0415
    from fieldapp.store import texts  # noqa: PLC0415

    _, heard = embed_sounds(store, model_folder(settings.model), progress, device=settings.compute_device, spare=SPARE_CORES)
    count = 0
    reader = _reader(store)
    for tier in texts.tiers(store.reader()) if reader is not None else ():
        if tier in READ and reader is not None:
            count += embed_tier(store, reader, tier, progress, device=settings.compute_device)[2]
    return heard.embedded, count, heard.troubles


def _reader(store: Store) -> Path | None:
    """The sentence encoder this fieldbook knows, else any that is installed."""
    from fieldapp.commands.asking import reader_of  # noqa: PLC0415
    from fieldapp.commands.engine import model_folder, model_shelf  # noqa: PLC0415

    other = next((model.name for model in model_shelf() if model.manifest.kind == "text" and not model.trouble), None)
    return reader_of(store) or (model_folder(other) if other is not None else None)
