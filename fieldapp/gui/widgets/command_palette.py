"""The command palette: type a few letters of anything one can do, Enter does it. The same list, with keys to change, is the shortcut page."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QVBoxLayout, QWidget

from fieldapp.gui.words import say

SHOWN_ROWS = 12


def score(sought: str, title: str) -> int | None:
    """How well the letters fit: in order, better at word starts and close together; None when they are not all there."""
    sought, title = sought.casefold().replace(" ", ""), title.casefold()
    total, at = 0, -1
    for letter in sought:
        found = title.find(letter, at + 1)
        if found < 0:
            return None
        starts_word = found == 0 or not title[found - 1].isalnum()
        total += (found - at - 1) - (6 if starts_word else 0)
        at = found
    return total


class CommandPalette(QFrame):
    """Floats over the window's upper middle; Escape or a click elsewhere closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setObjectName("panel")
        self._actions: list[QAction] = []
        self._listed: list[QAction] = []
        self._before: QWidget | None = None
        self._field = QLineEdit(self)
        self._field.setAccessibleName(say("Find a command"))
        self._field.setPlaceholderText(say("Find a command"))
        self._list = QListWidget(self)
        self._list.setAccessibleName(say("Commands"))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.addWidget(self._field)
        layout.addWidget(self._list)
        self._field.textChanged.connect(self._on_text)
        self._list.clicked.connect(self._on_clicked)
        self._field.installEventFilter(self)
        self.hide()

    def open(self, actions: list[QAction]) -> None:
        """Show what can be done now."""
        if not self.isVisible():
            self._before = self._window.focusWidget()
        self._actions = [a for a in actions if a.isEnabled()]
        width = min(560, self._window.width() - 32)
        self.setGeometry((self._window.width() - width) // 2, 48, width, min(440, self._window.height() - 96))
        self._field.clear()
        self._on_text("")
        self.show()
        self.raise_()
        self._field.setFocus()

    def titles(self) -> list[str]:
        """What is listed now, best first."""
        return [self._list.item(row).text() for row in range(self._list.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._field and event.type() == QEvent.Type.FocusOut and not self._field.hasFocus():
            self.hide()
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(Qt.Key(event.key()))
        return False

    def _key(self, key: Qt.Key) -> bool:
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            self._list.setCurrentRow((self._list.currentRow() + step) % max(1, self._list.count()))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._list.currentRow())
        elif key == Qt.Key.Key_Escape:
            self._give_back()
        else:
            return False
        return True

    @Slot(str)
    def _on_text(self, text: str) -> None:
        fitting = [(fit, number) for number, a in enumerate(self._actions) if (fit := score(text, a.text())) is not None]
        self._listed = [self._actions[number] for _, number in sorted(fitting)]
        self._list.clear()
        self._list.addItems([f"{action.text()}   {keys}" if (keys := action.shortcut().toString()) else action.text() for action in self._listed])
        self._list.setCurrentRow(0)

    @Slot(QModelIndex)
    def _on_clicked(self, place: QModelIndex) -> None:
        self._choose(place.row())

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._listed):
            self._give_back()
            self._listed[row].trigger()

    def _give_back(self) -> None:
        """The keyboard goes on where it was: a page that is left without it cannot hand it to the next one."""
        before, self._before = self._before, None
        self.hide()
        (before if before is not None and shiboken6.isValid(before) and before.isVisible() else self._window).setFocus()
