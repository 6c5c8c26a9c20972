"""A list of cards and the card that is chosen: people, varieties or sessions. Leaving a card keeps it. GUI thread; writing is done behind.

What cannot be kept is refused before the card is left. Should the writing itself fail, the card comes back with what was typed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QScrollArea, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.card import Card, Field
from fieldapp.gui.words import say
from fieldapp.store.transaction import Transaction

LIST_PX = 280
CARD_PX = 960


class Kind(Protocol):
    """What is on the cards of one list."""

    @property
    def NEW(self) -> str:
        """What the button says; empty where new ones come from elsewhere."""

    @property
    def EMPTY(self) -> str:
        """What the list is called."""

    @property
    def FIELDS(self) -> Sequence[Field]:
        """The fields of a card."""

    def all(self, db: sqlite3.Connection) -> list[Any]:
        """Every value, in order."""

    def title(self, value: Any) -> str:
        """What stands in the list."""

    def named(self, read: dict[str, Any], value: Any) -> str:
        """The name of a card with these fields, for its step of undo."""

    def blank(self) -> Any:
        """A value nobody has kept yet."""

    def shown(self, db: sqlite3.Connection, value: Any) -> dict[str, Any]:
        """What the fields show."""

    def refuse(self, db: sqlite3.Connection, value: Any, read: dict[str, Any]) -> None:
        """Raise a sentence about what cannot be kept."""

    def keep(self, tx: Transaction, value: Any, read: dict[str, Any], *, new: bool) -> None:
        """Write what the fields say, which nobody refused."""

    def dress(self, card: Card, db: sqlite3.Connection) -> None:
        """Fill choices, whenever the fieldbook changed."""


class Cards(QWidget):
    """Left the list with a field that narrows it, right the card."""

    def __init__(self, desk: Desk, kind: Kind, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._kind = desk, kind
        self._value: Any = None
        self._new = False
        self._wanted: dict[str, list[str]] = {}
        self._listed: list[Any] = []
        self._on_its_way: dict[str, dict[str, Any]] = {}
        """What was typed and is not read back yet, by the id of the card."""
        self._came_back: list[tuple[Any, dict[str, Any], bool]] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 16, 0, 0)
        row.setSpacing(16)
        row.addLayout(self._left())
        row.addWidget(self._right(), 1)

    def _left(self) -> QVBoxLayout:
        column = QVBoxLayout()
        self._sought = QLineEdit(self)
        self._sought.setPlaceholderText(say("Narrow the list"))
        self._sought.setAccessibleName(say("Narrow the list"))
        self._sought.setClearButtonEnabled(True)
        self._sought.textChanged.connect(self._narrow)
        self._list = QListWidget(self)
        self._list.setAccessibleName(say(self._kind.EMPTY))
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.currentItemChanged.connect(self._on_chosen)
        self._add = QPushButton(say(self._kind.NEW), self)
        self._add.clicked.connect(self.add)
        self._add.setVisible(bool(self._kind.NEW))
        for widget in (self._sought, self._list, self._add):
            widget.setFixedWidth(LIST_PX)
        column.addWidget(self._sought)
        column.addWidget(self._list, 1)
        column.addWidget(self._add)
        return column

    def _right(self) -> QFrame:
        panel = QFrame(self)
        panel.setObjectName("panel")
        outer = QVBoxLayout(panel)
        outer.setContentsMargins(2, 2, 2, 2)
        scroll = QScrollArea(panel)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget(scroll)
        inside.setObjectName("inside")
        inside.setMaximumWidth(CARD_PX)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(24, 20, 24, 20)
        self._column.setSpacing(12)
        self._heading = QLabel(inside)
        self._heading.setProperty("role", "heading")
        self.card = Card(self._kind.FIELDS, inside)
        self.card.left.connect(self.keep)
        self._lacks = QLabel(inside)
        self._lacks.setProperty("role", "look")
        self._lacks.setWordWrap(True)
        self._lacks.hide()
        self._column.addWidget(self._heading)
        self._column.addWidget(self._lacks)
        self._column.addWidget(self.card)
        self._column.addStretch()
        scroll.setWidget(inside)
        outer.addWidget(scroll)
        return panel

    def show_wanted(self, wanted: dict[str, list[str]]) -> None:
        """What an archive asks for and these cards do not say, by the id of the card."""
        self._wanted = wanted
        for row in range(self._list.count()):
            item = self._list.item(row)
            item.setText(self._titled(item.data(Qt.ItemDataRole.UserRole)))
        self._show_lacks()

    def _titled(self, value: Any) -> str:
        lacks = len(self._wanted.get(value.id, ()))
        return say("{title}   ({count} missing)", title=self._kind.title(value), count=lacks) if lacks else self._kind.title(value)

    def _show_lacks(self) -> None:
        lacks = self._wanted.get(getattr(self.value, "id", ""), [])
        self._lacks.setText(say("The archive will ask for: {fields}", fields=", ".join(lacks)))
        self._lacks.setVisible(bool(lacks))

    def put_under(self, widget: QWidget) -> None:
        """Something more under the fields of the card."""
        self._column.insertWidget(self._column.count() - 1, widget)

    @property
    def value(self) -> Any:
        """What is on the card; None for none, or for one that was never kept."""
        return None if self._new else self._value

    def refresh(self) -> None:
        """Read the list again; a card that is being edited stays as it is."""
        store = self._desk.store
        if store is None:
            return
        db = store.reader()
        values = self._kind.all(db)
        chosen = getattr(self._value, "id", "")
        if values != self._listed:
            self._list_values(values, chosen)
        self._kind.dress(self.card, db)
        self._add.setEnabled(not store.read_only)
        if not self.card.changed:
            if self._list.currentRow() >= 0:
                self._show(self._list.currentItem().data(Qt.ItemDataRole.UserRole), new=False)
            elif not self._new and chosen not in self._on_its_way:
                self._list.setCurrentRow(0) if values else self._show(None, new=False)
            self._bring_back()

    def _list_values(self, values: list[Any], chosen: str) -> None:
        self._listed = values
        self._list.blockSignals(True)
        self._list.clear()
        for value in values:
            item = QListWidgetItem(self._titled(value), self._list)
            item.setData(Qt.ItemDataRole.UserRole, value)
            if value.id == chosen:
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        self._narrow()

    @Slot()
    def add(self) -> None:
        """An empty card."""
        if self.keep():
            self._list.setCurrentItem(None)  # type: ignore[call-overload]  # Qt takes none as well
            self._show(self._kind.blank(), new=True)
            self.focus_card()

    def focus_card(self) -> None:
        """To the first field."""
        first = next((one for one in self.card.findChildren(QLineEdit) if one.isEnabled()), None)
        if first is not None:
            first.setFocus()

    def focus_list(self) -> None:
        """To the field that narrows the list."""
        self._sought.setFocus()
        self._sought.selectAll()

    @Slot()
    def keep(self) -> bool:
        """Keep what was typed; says what is wrong and returns False where it cannot be."""
        store, value = self._desk.store, self._value
        if store is None or value is None or not self.card.changed or store.read_only:
            return True
        new = self._new

        read: dict[str, Any] = {}

        def judge() -> None:
            read.update(self.card.values())
            self._kind.refuse(store.reader(), value, read)

        if not self._desk.attempt(judge):
            return False
        self.card.changed = False
        self._new = False
        self._on_its_way[value.id] = read

        def kept(_: None) -> None:
            self._arrived(value, read)

        def lost() -> None:
            self._arrived(value, read)
            self._came_back.append((value, read, new))
            self._bring_back()

        label = say("the card of {name}", name=self._kind.named(read, value))
        self._desk.write(lambda tx: self._kind.keep(tx, value, dict(read), new=new), kept, lost, undo=label)
        return True

    def _arrived(self, value: Any, read: dict[str, Any]) -> None:
        if self._on_its_way.get(value.id) is read:
            del self._on_its_way[value.id]

    def _bring_back(self) -> None:
        """What could not be written is on its card again, to be kept once more; not over a card that is being edited."""
        store = self._desk.store
        if store is not None and self._came_back and not self.card.changed:
            value, read, new = self._came_back.pop()
            self._show(value, new=new)
            self.card.show_value({**self._kind.shown(store.reader(), value), **read})
            self.card.changed = True

    def _show(self, value: Any, *, new: bool) -> None:
        store = self._desk.store
        self._value, self._new = value, new
        self.card.setVisible(value is not None)
        self._heading.setText(self._kind.title(value) if value is not None and not new else say(self._kind.NEW) if new else say(self._kind.EMPTY))
        if value is not None and store is not None:
            self.card.show_value({**self._kind.shown(store.reader(), value), **self._on_its_way.get(value.id, {})})
        self._show_lacks()
        self.shown()

    def shown(self) -> None:
        """Another card is there; for lists that show more under it."""

    @Slot(QListWidgetItem)
    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        if self.keep():
            self._show(item.data(Qt.ItemDataRole.UserRole), new=False)

    @Slot()
    def _narrow(self) -> None:
        sought = self._sought.text().strip().casefold()
        for row in range(self._list.count()):
            item = self._list.item(row)
            item.setHidden(bool(sought) and sought not in item.text().casefold())
