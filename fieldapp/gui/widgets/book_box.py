"""What is said of the whole fieldbook: title, description, licence, depositor. Archives ask for it. GUI thread."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.card import Card, Field
from fieldapp.gui.widgets.side_box import SideBox
from fieldapp.gui.words import say, sayable
from fieldapp.store import about

FIELDS = (
    Field("title", sayable("Title")),
    Field("description", sayable("Notes"), sayable("what it is about, in a few sentences"), "lines"),
    Field("licence", sayable("licence"), sayable("under which terms it is given, such as CC BY-NC 4.0")),
    Field("depositor", sayable("depositor"), sayable("who gives it to the archive")),
)


class BookBox(SideBox):
    """A card of four fields, kept by a button."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(desk, say("About this fieldbook"), parent, size=(640, 360))
        assert desk.store is not None
        self._store = desk.store
        self._card = Card(FIELDS, self)
        self._card.show_value(about.described(self._store.reader()))
        self.body.addWidget(self._card)
        self.body.addStretch()
        self.said.setText(say("What archives ask about the whole; consent and people have their own pages."))
        keep = self.add_button(say("Keep"), self._on_keep, role="primary")
        keep.setEnabled(not self._store.read_only)

    def _on_keep(self) -> None:
        store, said = self._store, self._card.values()
        self.begin(lambda _: store.do(lambda tx: about.describe(tx, said)), self._on_kept)

    def _on_kept(self, _: object) -> None:
        self.close()
