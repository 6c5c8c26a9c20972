"""Every command with its keys: sought by typing, changed by pressing the new keys; keys that are taken are refused with a sentence. GUI thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QHBoxLayout, QKeySequenceEdit, QLabel, QLineEdit, QPushButton, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from fieldapp.gui.actions import Actions, Deed
from fieldapp.gui.pages import PAGES
from fieldapp.gui.widgets.command_palette import score
from fieldapp.gui.words import say

LEAVES = frozenset({Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape})
MOVES = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})
AIR_PX = 12


class KeysField(QKeySequenceEdit):
    """Takes the keys that are pressed, but for those one leaves a field with."""

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in LEAVES and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            if event.type() == QEvent.Type.ShortcutOverride:
                return False
            if event.type() == QEvent.Type.KeyPress:
                if event.key() == Qt.Key.Key_Escape:
                    event.ignore()  # the window's: it closes
                    return False
                return self.focusNextPrevChild(event.key() == Qt.Key.Key_Tab)
        return super().event(event)


class Shortcuts(QDialog):
    """Not modal: a recording goes on under it. `keep` is handed the changed shortcuts by id."""

    def __init__(self, actions: Actions, keep: Callable[[dict[str, str]], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._actions, self._keep = actions, keep
        self.setWindowTitle(say("Keyboard shortcuts"))
        self.resize(680, 560)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        self._field = QLineEdit(self)
        self._field.setPlaceholderText(say("A command or its keys"))
        self._field.setAccessibleName(say("A command or its keys"))
        self._field.setClearButtonEnabled(True)
        self._field.installEventFilter(self)
        self._list = QTreeWidget(self)
        self._list.setAccessibleName(say("Keyboard shortcuts"))
        self._list.setHeaderLabels([say("Command"), say("Page"), say("Keys")])
        self._list.setRootIsDecorated(False)
        self._list.setAlternatingRowColors(True)
        self._list.setAllColumnsShowFocus(True)
        layout.addWidget(self._field)
        layout.addWidget(self._list, 1)
        layout.addLayout(self._editing())
        self._said = QLabel(say("↑ ↓ choose   Tab to the new keys, then press them   Enter on “Use these keys”   Esc closes"), self)
        self._said.setWordWrap(True)
        self._said.setProperty("role", "muted")
        layout.addWidget(self._said)
        self._field.textChanged.connect(self._fill)
        self._list.currentItemChanged.connect(self._on_chosen)
        self._fill()

    def _editing(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = QLabel(say("New keys"), self)
        self._keys = KeysField(self)
        self._keys.setMaximumSequenceLength(1)
        self._keys.setAccessibleName(say("New keys"))
        label.setBuddy(self._keys)
        self._set = QPushButton(say("Use these keys"), self)
        self._set.setProperty("role", "primary")
        self._back = QPushButton(say("As it was"), self)
        self._set.clicked.connect(self._on_set)
        self._back.clicked.connect(self._on_back)
        for button in (self._set, self._back):
            button.setAutoDefault(False)
        row.addWidget(label)
        row.addWidget(self._keys, 1)
        row.addWidget(self._set)
        row.addWidget(self._back)
        return row

    @Slot()
    def _fill(self, _text: str = "") -> None:
        chosen = self._chosen()
        sought = self._field.text().strip()
        titles = {entry.name: say(entry.title) for entry in PAGES}
        self._list.clear()
        for deed, action in self._actions.all():
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            page = titles.get(deed.page, say("everywhere"))
            if sought and score(sought, say(deed.title)) is None and not any(sought.casefold() in said.casefold() for said in (keys, page)):
                continue
            item = QTreeWidgetItem(self._list, [say(deed.title), page, keys])
            item.setData(0, Qt.ItemDataRole.UserRole, deed.id)
            if chosen is not None and deed.id == chosen.id:
                self._list.setCurrentItem(item)
        for column in (0, 1):
            self._list.resizeColumnToContents(column)
            self._list.setColumnWidth(column, self._list.columnWidth(column) + AIR_PX)  # its own measure is a little short
        first = self._list.topLevelItem(0)
        if self._list.currentItem() is None and first is not None:
            self._list.setCurrentItem(first)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While a command is sought, the keys that move go to the list."""
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in MOVES:
            self._list.event(event)
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the keyboard, and nothing else."""
        here = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if isinstance(here, QPushButton):
                here.click()
        else:
            super().keyPressEvent(event)

    def _chosen(self) -> Deed | None:
        item = self._list.currentItem()
        return self._actions.deed(item.data(0, Qt.ItemDataRole.UserRole)) if item is not None else None

    @Slot()
    def _on_chosen(self) -> None:
        deed = self._chosen()
        if deed is not None:
            self._keys.setKeySequence(self._actions.action(deed.id).shortcut())

    @Slot()
    def _on_set(self) -> None:
        deed = self._chosen()
        if deed is not None:
            self._change(deed, self._keys.keySequence().toString())

    @Slot()
    def _on_back(self) -> None:
        deed = self._chosen()
        if deed is not None:
            self._change(deed, deed.keys)

    def _change(self, deed: Deed, keys: str) -> None:
        taken = self._actions.taken(deed, keys)
        if taken is not None:
            self._said.setText(say("{keys} already stands for “{title}”. Choose other keys, or change that one first.", keys=keys, title=say(taken.title)))
            return
        self._keep(self._actions.change(deed.id, keys))
        self._said.setText(
            say("“{title}” is now {keys}.", title=say(deed.title), keys=keys) if keys else say("“{title}” has no keys now.", title=say(deed.title))
        )
        self._fill()
