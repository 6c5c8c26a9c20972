"""A panel with a heading around one short recording: what the microphone test and spoken consent share. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.short_recording import ShortRecording


class ShortPanel(QFrame):
    """`recording` is what it makes; whoever inherits fills `rows` below the heading and listens to the recording's signals."""

    busy = Signal(bool)

    def __init__(self, desk: Desk, heading: str, spacing: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self.recording = ShortRecording(desk, self)
        self._waits: QPushButton | None = None
        self.setObjectName("panel")
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(24, 20, 24, 20)
        self.rows.setSpacing(spacing)
        title = QLabel(heading, self)
        title.setProperty("role", "heading")
        self.rows.addWidget(title)

    def rest_keyboard(self, button: QPushButton) -> None:
        """Before a button that was pressed is greyed: the panel keeps the keyboard for it, else the next key would do something elsewhere."""
        if button.hasFocus():
            self._waits = button
            self.setFocus()

    def give_keyboard_back(self) -> None:
        """The button can be pressed again; whoever has gone elsewhere meanwhile stays there."""
        button, self._waits = self._waits, None
        if button is not None and self.hasFocus():
            button.setFocus()
