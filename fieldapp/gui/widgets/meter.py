"""A level meter: one bar a channel, what is loud now and the loudest of late, amber near full scale, red where it clipped."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldapp.gui.theme import Colours
from fieldapp.gui.words import say

FLOOR_DB = -60.0
HIGH_DB = -6.0
BAR_PX = 10
GAP_PX = 4


class Meter(QWidget):
    """Shows what it was told last."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours = colours
        self._rms: Sequence[float] = ()
        self._held: Sequence[float] = ()
        self._clipped = False
        self.setAccessibleName(say("Level"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, 2 * BAR_PX + GAP_PX)

    def show_levels(self, rms: Sequence[float], held: Sequence[float], *, clipped: bool) -> None:
        """Levels in dB below full scale, a value a channel."""
        self._rms, self._held, self._clipped = rms, held, clipped
        loudest = max(held, default=FLOOR_DB)
        self.setAccessibleDescription(f"{loudest:.0f} dB")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        channels = max(1, len(self._held))
        for number in range(channels):
            bar = QRectF(0, number * (BAR_PX + GAP_PX), self.width(), BAR_PX)
            painter.fillRect(bar, QColor(self.colours.raised))
            if number < len(self._rms):
                self._fill(painter, bar, self._rms[number], QColor(self.colours.accent))
                held = self._place(self._held[number], bar.width())
                ink = self.colours.red if self._clipped else self.colours.amber if self._held[number] > HIGH_DB else self.colours.text
                painter.fillRect(QRectF(held - 2, bar.top(), 3, BAR_PX), QColor(ink))
        painter.end()

    def _fill(self, painter: QPainter, bar: QRectF, level: float, ink: QColor) -> None:
        painter.fillRect(QRectF(bar.left(), bar.top(), self._place(level, bar.width()), bar.height()), ink)

    @staticmethod
    def _place(level: float, width: float) -> float:
        return width * min(1.0, max(0.0, (level - FLOOR_DB) / -FLOOR_DB))
