"""What a page shows while it has nothing to show: a title and what to do next. GUI thread."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget


class EmptyPage(QWidget):
    """A sentence at the upper left, as on every page."""

    def __init__(self, title: str, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 40, 48, 40)
        for text, role in ((title, "title"), (hint, "muted")):
            label = QLabel(text, self)
            label.setProperty("role", role)
            label.setWordWrap(True)
            column.addWidget(label)
        column.addStretch()
