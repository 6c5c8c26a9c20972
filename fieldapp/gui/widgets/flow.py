"""A row of small widgets that goes on in a next row where the first is full: large text needs it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class Flow(QLayout):
    """Left to right, top to bottom, every widget in its own size."""

    def __init__(self, spacing: int = 4, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation.Horizontal  # what is left over below belongs to others

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, area: QRect) -> None:
        super().setGeometry(area)
        self._place(area, move=True)

    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items]
        return QSize(sum(size.width() + self.spacing() for size in sizes), max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items]
        return QSize(max((size.width() for size in sizes), default=0), max((size.height() for size in sizes), default=0))

    def _place(self, area: QRect, *, move: bool) -> int:
        """Put every widget in its place, or only count; returns the height."""
        x, y, high = area.left(), area.top(), 0
        row: list[tuple[QLayoutItem, int, QSize]] = []

        def end_row() -> None:
            for item, left, size in row:
                if move:
                    item.setGeometry(QRect(QPoint(left, y + (high - size.height()) // 2), size))
            row.clear()

        for item in self._items:
            if item.isEmpty():  # hidden, and takes no room
                continue
            size = item.sizeHint()
            if x > area.left() and x + size.width() > area.right() + 1:
                end_row()
                x, y, high = area.left(), y + high + self.spacing(), 0
            row.append((item, x, size))
            x, high = x + size.width() + self.spacing(), max(high, size.height())
        end_row()
        return y + high - area.top()
