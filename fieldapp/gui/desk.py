"""What every page works with: the open fieldbook, the settings, background work, and words to the person. GUI thread.

Pages never know each other. After a commit the desk says which kinds of rows changed, and a page that cares reads again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

from fieldapp import settings as settings_file
from fieldapp.errors import FieldError
from fieldapp.gui.bridge import Bridge
from fieldapp.gui.finding import Finding
from fieldapp.gui.fonts import Fonts
from fieldapp.gui.listening import Listening
from fieldapp.gui.theme import Colours, colours
from fieldapp.gui.words import say, told
from fieldapp.gui.works import Works
from fieldapp.jobs import Job, Jobs, Progress
from fieldapp.model import Changed
from fieldapp.settings import Settings
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction, Written

if TYPE_CHECKING:
    from fieldapp.gui.recording import Recording

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What every page shows of a running recording: its clock, why nothing is recorded, how far live work is behind."""

    clock: str
    trouble: str = ""
    lag: str = ""


class Desk(QObject):
    """One for the window. Signals arrive in the GUI thread; `closing` comes while the fieldbook can still be written."""

    fieldbook_changed = Signal()
    closing = Signal()
    rows_changed = Signal(object)
    settings_changed = Signal()
    conditions_changed = Signal()
    said = Signal(str, str)
    asked = Signal(str)
    """A page wants an action of the window done, by its id."""

    def __init__(self, settings: Settings, settings_path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.bridge = Bridge(self)
        self._keeper = settings_file.Keeper(settings_path, self._on_trouble)
        self.jobs = Jobs(post=self.bridge.post)
        self._behind = Jobs(4, self.bridge.post, "behind", behind=True)  # an overview of ten hours keeps one busy for a minute
        self.works = Works(self.bridge, self)
        """Long work somebody started and may want to see."""
        self.listening = Listening(settings.output_device, self._on_trouble)
        self.store: Store | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._extra: set[str] = set()
        self.finding: Finding | None = None
        """What answers questions about the open fieldbook."""
        self.basket = ""
        """The basket somebody wants to hand over next."""
        self.recording: Recording | None = None
        """The one recording session of the window, made with the first page that needs it."""
        self.to_review: tuple[str, str] | None = None
        """The recording and segment somebody wants to see on the review page."""

    def recorded(self) -> Recorded | None:
        """The running recording, if there is one."""
        return self.recording.recorded() if self.recording is not None else None

    @property
    def colours(self) -> Colours:
        """The colours of the chosen theme."""
        return colours(self.settings.theme)

    @property
    def fonts(self) -> Fonts:
        """The fonts of the tiers."""
        return Fonts(settings_file.pairs(self.settings.fonts))

    def change_settings(self, settings: Settings) -> None:
        """Keep new settings and tell everybody."""
        self.settings = settings
        self._keeper.keep(settings)
        self.settings_changed.emit()

    def open(self, folder: Path) -> None:
        """Open a fieldbook, closing the one before; trouble is said and leaves the old one open."""
        if self.may_change():
            self.attempt(lambda: self._use(Store.open(folder)))

    def create(self, folder: Path, title: str) -> None:
        """Make a fieldbook and open it."""
        if self.may_change():
            self.attempt(lambda: self._use(Store.create(folder, title)))

    def may_change(self) -> bool:
        """Whether another fieldbook may take the place of this one; says why not."""
        if self.recorded() is not None:
            self.say(say("A recording is running. Stop it before you leave this fieldbook."), "look")
            return False
        if self.store is not None and self.works.running:
            self.say(
                say("{title} is still going on (Ctrl+J). Wait for it or stop it before you leave this fieldbook.", title=self.works.running[0].title), "look"
            )
            return False
        return True

    def close_fieldbook(self) -> None:
        """Close the fieldbook; everything handed to its writer is still written."""
        if self.store is not None:
            self.closing.emit()
        self._unsubscribe()
        self._unsubscribe = lambda: None
        if self.finding is not None:
            self.finding.close()
            self.finding = None
        if self.store is not None:
            self.store.close()
            self.store = None
            self.fieldbook_changed.emit()
            self.conditions_changed.emit()

    def close(self) -> None:
        """The end: background work, loudspeaker, fieldbook, settings, bridge, in this order."""
        self.works.close()
        self.jobs.close()
        self._behind.close()
        self.listening.close()
        self.close_fieldbook()
        self._keeper.close()
        self.bridge.close()

    def conditions(self) -> frozenset[str]:
        """What actions may ask for: `fieldbook`, `writable`, and what pages added (such as `recording`)."""
        if self.store is None:
            return frozenset(self._extra)
        return frozenset(self._extra | {"fieldbook"} | (set() if self.store.read_only else {"writable"}))

    def set_condition(self, name: str, holds: bool) -> None:
        """A page says that something is possible now, or no longer."""
        if (name in self._extra) != holds:
            (self._extra.add if holds else self._extra.discard)(name)
            self.conditions_changed.emit()

    def say(self, text: str, level: str = "info") -> None:
        """A line for the person: `info`, `look` (amber) or `loss` (red)."""
        self.said.emit(level, text)

    def undo(self) -> None:
        """Take the last edit back."""
        self._step("undo")

    def redo(self) -> None:
        """Do the last undone edit again."""
        self._step("redo")

    def review(self, recording: str, segment: str) -> None:
        """Show a segment on the review page, which looks here when it comes to the front."""
        self.to_review = (recording, segment)
        self.asked.emit("page.review")

    def attempt(self, work: Callable[[], None]) -> bool:
        """Do something short; the world's trouble becomes a line, a bug stays a bug."""
        try:
            work()
        except FieldError as trouble:
            self.say(told(trouble), "look")
            return False
        return True

    def run(self, work: Callable[[Progress], Any], done: Callable[[Any], None], failed: Callable[[Exception], None] | None = None) -> Job:
        """Do something long in the background; `done` and `failed` run in the GUI thread."""
        return self.jobs.run(work, done, failed or self.fail)

    def run_behind(self, work: Callable[[Progress], Any], done: Callable[[Any], None], failed: Callable[[Exception], None] | None = None) -> Job:
        """The same for what computes and nobody waits for: it lets everything else go first. It must not start a recorder."""
        return self._behind.run(work, done, failed or self.fail)

    def work(self, title: str, work: Callable[[Progress], Any], done: Callable[[Any], str]) -> Job:
        """Do something long that everybody can see and stop; `done` gives the sentence that is said and stays to be read."""

        def over(result: object) -> str:
            said = done(result)
            self.say(said)
            return said

        return self.works.begin(title, work, over, self.fail)

    def write(
        self, work: Callable[[Transaction], T], done: Callable[[T], None] = lambda _: None, refused: Callable[[], None] = lambda: None, *, undo: str = ""
    ) -> None:
        """Hand a short change to the fieldbook's writer and wait for nothing. Trouble is said; `done` or `refused` is called in the GUI thread.

        Changes are made in the order in which they were handed over, and closing the fieldbook makes what waits.
        """
        store = self.store
        if store is None:
            return

        def started() -> None:
            store.write(work, undo=undo).add_done_callback(lambda future: self.bridge.post(lambda: finished(future)))

        def finished(future: Future[Written[T]]) -> None:
            done(future.result().value) if self.attempt(lambda: self._say_notes(future.result().notes)) else refused()

        if not self.attempt(started):
            refused()

    def _say_notes(self, notes: Sequence[str]) -> None:
        for note in notes:
            self.say(note, "look")

    @property
    def busy(self) -> bool:
        """Whether anything is done behind the window."""
        return self.jobs.busy or self._behind.busy or bool(self.works.running)

    def _on_trouble(self, trouble: FieldError) -> None:
        self.bridge.post(lambda: self.say(told(trouble), "look"))

    def fail(self, trouble: Exception) -> None:
        """The world's trouble becomes a line; a bug goes on to the crash report."""
        if isinstance(trouble, FieldError):
            self.say(told(trouble), "look")
        else:
            raise trouble

    def _use(self, store: Store) -> None:
        self.close_fieldbook()
        self.store = store
        self.finding = Finding(store, self.settings.search_graph_from)
        self._unsubscribe = store.subscribe(lambda changed: self.bridge.post(lambda: self._announce(changed)))
        self.change_settings(settings_file.opened(self.settings, store.folder))
        if store.read_only:
            self.say(store.read_only_reason, "look")
        self.fieldbook_changed.emit()
        self.conditions_changed.emit()

    def _step(self, which: str) -> None:
        if self.store is None:
            return
        future = self.store.undo() if which == "undo" else self.store.redo()
        words = "Undone: {what}" if which == "undo" else "Done again: {what}"

        def finished() -> None:
            self.attempt(lambda: self.say(say(words, what=future.result().value)))

        future.add_done_callback(lambda _: self.bridge.post(finished))

    def _announce(self, changed: Changed) -> None:
        self.rows_changed.emit(changed)
