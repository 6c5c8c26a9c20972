"""The vectors of what has none yet, made behind the window: of segments with the model of the settings, of translations and glosses with a sentence encoder."""

from __future__ import annotations

from fieldapp.gui.desk import Desk
from fieldapp.gui.words import say
from fieldapp.jobs import Progress
from fieldapp.settings import Settings
from fieldapp.store.store import Store

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
    from fieldapp.commands.embed import embed_read, embed_sounds  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)
    from fieldapp.commands.engine import model_folder  # noqa: PLC0415

    _, heard = embed_sounds(store, model_folder(settings.model), progress, device=settings.compute_device, spare=SPARE_CORES)
    return heard.embedded, embed_read(store, progress, device=settings.compute_device), heard.troubles
