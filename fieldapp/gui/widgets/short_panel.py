"""A panel with a heading around one short recording: what the microphone test and spoken consent share. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.short_recording import ShortRecording


class ShortPanel(QFrame):
    """`recording` is what it makes; whoever inherits fills `rows` below the heading and listens to the recording's signals."""

    busy = Signal(bool)

    def __init__(self, desk: Desk, heading: str, spacing: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self.recording = ShortRecording(desk, self)
        self.setObjectName("panel")
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(24, 20, 24, 20)
        self.rows.setSpacing(spacing)
        title = QLabel(heading, self)
        title.setProperty("role", "heading")
        self.rows.addWidget(title)
