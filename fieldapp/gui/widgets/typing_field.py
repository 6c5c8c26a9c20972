"""The field one types into while listening: Tab plays, Enter confirms, Escape leaves; everything else is text. GUI thread.

Each line of it takes side and direction from its own first letter (QPlainTextEdit would
leave all of them at the left). A keyboard may make symbols of keys; Backspace shows the keys of the one just made.
Nothing is stored here, and no key waits for anything.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from fieldapp.gui.words import say
from fieldapp.writing.keyboards import Change, Keyboard, Typist

LINES = 2
_COMMAND = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class TypingField(QTextEdit):
    """Shift and Enter begin a new line in the text."""

    play = Signal()
    play_on = Signal()
    confirm = Signal()
    leave = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(say("Text of the segment"))
        self.setAcceptRichText(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._typist: Typist | None = None
        self._left_at = (-1, -1)
        self.fit()

    def use_keyboard(self, keyboard: Keyboard | None) -> None:
        """What keys make from now on; None: what the system makes of them."""
        if (self._typist.keyboard if self._typist is not None else None) is not keyboard:
            self._typist = Typist(keyboard) if keyboard is not None else None

    @property
    def text(self) -> str:
        """What stands in it, to the letter: Qt's own way makes a plain space of one that must not break."""
        return self.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")

    def show_draft(self, draft: bool) -> None:
        """Look like text nobody has confirmed, or no longer."""
        if bool(self.property("draft")) != draft:
            self.setProperty("draft", draft)
            self.style().polish(self)

    def fit(self) -> None:
        """As high as its lines in the present text size."""
        self.setFixedHeight(self.fontMetrics().lineSpacing() * LINES + 28)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            spent = (event.matches(QKeySequence.StandardKey.Undo) and not self.document().isUndoAvailable()) or (
                event.matches(QKeySequence.StandardKey.Redo) and not self.document().isRedoAvailable()
            )
            if spent:  # nothing typed to take back: the keys are the window's
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_Backtab or (key == Qt.Key.Key_Tab and shift):
            self.play_on.emit()
        elif key == Qt.Key.Key_Tab:
            self.play.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not shift:
            self.confirm.emit()
        elif key == Qt.Key.Key_Escape:
            self.leave.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.insertPlainText("\n")
        elif self._typist is None or not self._convert(self._typist, event):
            super().keyPressEvent(event)

    def _convert(self, typist: Typist, event: QKeyEvent) -> bool:
        """Let the keyboard make something of a key; whether it did."""
        cursor = self.textCursor()
        if cursor.hasSelection() or (cursor.position(), self.document().revision()) != self._left_at:
            typist.forget()
        text, command = event.text(), event.modifiers() & _COMMAND
        if event.key() == Qt.Key.Key_Backspace and not command:
            change = typist.back()
            if change is None or cursor.hasSelection():
                return False
            self._apply(cursor, change)
        elif text.isprintable() and text and command in (Qt.KeyboardModifier.NoModifier, _COMMAND & ~Qt.KeyboardModifier.MetaModifier):
            for key in text:
                self._apply(cursor, typist.press(key))
        else:
            return False
        self.setTextCursor(cursor)
        self.ensureCursorVisible()
        self._left_at = (cursor.position(), self.document().revision())
        return True

    def _apply(self, cursor: QTextCursor, change: Change) -> None:
        cursor.beginEditBlock()
        if change.removed:
            units = len(change.removed.encode("utf-16-le")) // 2  # Qt counts in them
            cursor.setPosition(cursor.position() - units, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(change.inserted)
        cursor.endEditBlock()

    def focusNextPrevChild(self, next: bool) -> bool:
        return False  # Tab plays; Escape leaves the field

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()
