"""The baskets of a fieldbook: which one is filled, what is in it, and what becomes of it. GUI thread; reading and writing are done behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.words import say
from fieldapp.model import SegmentId
from fieldapp.store import saved
from fieldapp.store.store import Store

if TYPE_CHECKING:
    from fieldapp.finding.question import Match

WRITTEN_PX = 200


class BasketBar(QWidget):
    """`chosen` comes when another basket is looked at, `taking` when the chosen hit shall be taken out."""

    chosen = Signal()
    taking = Signal()

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._sure = False
        self.counts: dict[str, int] = {}
        column, row = QVBoxLayout(self), Flow(12)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        self._names = QComboBox(self)
        self._names.setEditable(True)
        self._names.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._names.setMinimumWidth(WRITTEN_PX)
        self._names.setAccessibleName(say("Basket"))
        self._names.setToolTip(say("Type another name to begin another basket."))
        line = self._names.lineEdit()
        assert line is not None
        line.setAccessibleName(say("Basket"))
        line.editingFinished.connect(self._on_chosen)
        self._names.activated.connect(self._on_chosen)
        self._out, self._drop, self._hand = (QPushButton(title, self) for title in (say("Take the hit out"), say("Empty the basket"), say("Hand over …")))
        self._out.clicked.connect(self.taking)
        self._drop.clicked.connect(self._on_drop)
        self._hand.clicked.connect(self._on_hand_over)
        for widget in (QLabel(say("Basket"), self), self._names, self._out, self._drop, self._hand):
            row.addWidget(widget)
        self._names.setEditText(saved.DEFAULT_BASKET)

    @property
    def name(self) -> str:
        """The basket that is filled and looked at."""
        return self._names.currentText().strip() or saved.DEFAULT_BASKET

    @property
    def count(self) -> int:
        """How many segments are in it."""
        return self.counts.get(self.name, 0)

    def show_baskets(self, counts: dict[str, int]) -> None:
        """The baskets of the fieldbook."""
        name = self.name
        self.counts = counts
        with QSignalBlocker(self._names):
            self._names.clear()
            self._names.addItems(list(counts))
            self._names.setEditText(name)
        self._show_possible()

    def read(self, then: Callable[[tuple[Match, ...], int], None]) -> None:
        """What is in the basket, in the order in which it came, and how many more are held back."""
        store, name, there = self._desk.store, self.name, self.count
        if store is None or not there:
            then((), 0)
        else:
            self._desk.run(lambda _: _inside(store, name), lambda found: then(*found))

    def collect(self, segment: SegmentId) -> None:
        """Put a segment into the basket."""

        def done(new: int) -> None:
            self._desk.say(say("Put into the basket.") if new else say("It is in the basket already."))

        store, name = self._writable(), self.name
        if store is not None:
            self._desk.run(lambda _: store.do(lambda tx: saved.add_to_basket(tx, [segment], name)), done)

    def take_out(self, segment: SegmentId) -> None:
        """Take a segment out of it."""
        store, name = self._writable(), self.name
        if store is not None:
            self._desk.run(lambda _: store.do(lambda tx: saved.take_from_basket(tx, [segment], name)), lambda _: None)

    def _writable(self) -> Store | None:
        store = self._desk.store
        return None if store is None or store.read_only else store

    def _show_possible(self) -> None:
        writable = self._writable() is not None
        self._out.setEnabled(writable and self.count > 0)
        self._drop.setEnabled(writable and self.count > 0)
        self._hand.setEnabled(self.count > 0)
        self._ask_again(sure=False)

    def _ask_again(self, *, sure: bool) -> None:
        self._sure = sure
        self._drop.setText(say("Really empty it") if sure else say("Empty the basket"))

    @Slot()
    def _on_chosen(self) -> None:
        self._show_possible()
        self.chosen.emit()

    @Slot()
    def _on_drop(self) -> None:
        """A basket may have taken days to fill: the first press only asks."""
        store, name = self._writable(), self.name
        if not self._sure:
            self._ask_again(sure=True)
        elif store is not None:
            self._ask_again(sure=False)
            self._desk.run(lambda _: store.do(lambda tx: saved.drop_basket(tx, name)), lambda _: None)

    @Slot()
    def _on_hand_over(self) -> None:
        self._desk.basket = self.name
        self._desk.asked.emit("page.export")


def _inside(store: Store, name: str) -> tuple[tuple[Match, ...], int]:
    from fieldapp.finding.basket import collected  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)

    return collected(store.reader(), name)
