"""Searches under a name: kept in the fieldbook, asked again, forgotten. GUI thread; the work runs behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.find_options import FindOptions
from fieldapp.gui.words import say
from fieldapp.store import saved

if TYPE_CHECKING:
    from fieldapp.finding.question import Question


class SavedSearches(QObject):
    """Connects the row of saved searches with the fieldbook. `asked` gives the question on the page, `ask` puts one there."""

    def __init__(self, desk: Desk, options: FindOptions, asked: Callable[[], Question], ask: Callable[[Question], None]) -> None:
        super().__init__(options)
        self._desk, self._asked, self._ask = desk, asked, ask
        options.saving.connect(self._on_saving)
        options.asked_again.connect(self._on_asked_again)
        options.forgetting.connect(self._on_forgetting)

    @Slot(str)
    def _on_saving(self, name: str) -> None:
        from fieldapp.finding.kept import as_kept  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)

        store, question = self._desk.store, self._asked()
        if store is None:
            return

        def done(_: None) -> None:
            self._desk.say(say("The search is kept as “{name}”.", name=name))

        def work() -> None:
            kept = as_kept(question)
            self._desk.run(lambda _: store.do(lambda tx: saved.save_search(tx, name, kept)), done)

        self._desk.attempt(work)

    @Slot(str)
    def _on_asked_again(self, name: str) -> None:
        from fieldapp.finding.kept import from_kept  # noqa: PLC0415

        store = self._desk.store
        if store is not None:
            self._desk.run(lambda _: from_kept(saved.saved_search(store.reader(), name)), self._ask)

    @Slot(str)
    def _on_forgetting(self, name: str) -> None:
        store = self._desk.store
        if store is not None:
            self._desk.run(lambda _: store.do(lambda tx: saved.forget_search(tx, name)), lambda _: None)
