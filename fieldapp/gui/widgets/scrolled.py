"""Room for large text: what does not fit is scrolled to instead of squeezed. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

WIDEST_PX = 1360  # on a large screen lines and fields stay short enough to be read


def scrolled(page: QWidget) -> QWidget:
    """A sheet that fills the page and scrolls when it is too small; lay the contents out on it."""
    area = QScrollArea(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    sheet = QWidget(area)
    sheet.setObjectName("inside")
    sheet.setMaximumWidth(WIDEST_PX)
    area.setWidget(sheet)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(area)
    return sheet
