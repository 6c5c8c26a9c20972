"""The window for the speaker: only the picture or the word, as large as the screen, with a count-down if wanted. GUI thread.

One thing can be pressed, a large triangle in a circle that plays the speaker their own answer; people who do not read need nothing else but the picture.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

from fieldapp.gui.theme import Colours
from fieldapp.gui.words import say

COUNT_FROM = 3
STEP_MS = 1000
LARGEST_PX = 320
MARGIN = 0.06
BUTTON = 0.14
"""How much of the window's shorter side the circle takes."""


class SpeakerWindow(QWidget):
    """Goes to the second screen, if there is one, and fills it; Escape or closing it ends it. Keys go to the main window."""

    hear = Signal()
    """The speaker wants to hear their own answer."""

    def __init__(self, colours: Colours, main: QWidget) -> None:
        super().__init__(main, Qt.WindowType.Window)
        self._colours, self._main = colours, main
        self._word, self._picture, self._shown = "", QPixmap(), ""
        self._left = 0
        self.counts = False
        self.setWindowTitle(say("For the speaker"))
        self.setAccessibleName(say("For the speaker"))
        self.setAccessibleDescription(say("The circle, or the key H, plays the last answer."))
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._on_step)
        self.resize(800, 600)

    def open(self) -> None:
        """Show it, on the other screen where there is one."""
        others = [screen for screen in QApplication.screens() if screen is not self._main.screen()]
        if others:
            self.setGeometry(others[0].geometry())
            self.showFullScreen()
        else:
            self.show()

    def show_item(self, key: str, word: str, picture: QPixmap) -> None:
        """The prompt of now; the same key again changes nothing."""
        if key == self._shown:
            return
        self._shown, self._word, self._picture = key, word, picture
        self._left = COUNT_FROM if self.counts and key else 0
        if self._left:
            self._timer.start()
        self.update()

    @property
    def counting(self) -> int:
        """How many seconds are left until the prompt is seen."""
        return self._left

    @Slot()
    def _on_step(self) -> None:
        self._left = max(0, self._left - 1)
        if not self._left:
            self._timer.stop()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() == Qt.Key.Key_F11:
            self.showNormal() if self.isFullScreen() else self.showFullScreen()
        else:
            QApplication.sendEvent(self._main, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._circle().contains(event.position()):
            self.hear.emit()

    def _circle(self) -> QRectF:
        """Where one presses: below at the right, out of the way of the picture."""
        short = min(self.width(), self.height())
        wide, edge = BUTTON * short, MARGIN / 2 * short
        return QRectF(self.width() - edge - wide, self.height() - edge - wide, wide, wide)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._colours.window))
        edge = min(self.width(), self.height()) * MARGIN
        room = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        painter.setPen(QColor(self._colours.muted if self._left else self._colours.text))
        if self._left:
            self._write(painter, room, str(self._left))
        elif not self._picture.isNull():
            scaled = self._picture.scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
            painter.drawPixmap(round(room.center().x() - scaled.width() / 2), round(room.center().y() - scaled.height() / 2), scaled)
        else:
            self._write(painter, room, self._word)
        self._draw_button(painter)
        painter.end()

    def _draw_button(self, painter: QPainter) -> None:
        circle = self._circle()
        middle, step = circle.center(), circle.width() / 5
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colours.accent))
        painter.drawEllipse(circle)
        painter.setBrush(QColor(self._colours.on_accent))
        painter.drawPolygon(
            QPolygonF([middle + QPointF(-0.75 * step, -1.2 * step), middle + QPointF(1.35 * step, 0), middle + QPointF(-0.75 * step, 1.2 * step)])
        )

    def _write(self, painter: QPainter, room: QRectF, text: str) -> None:
        """The text as large as it fits, wrapped at words."""
        font = QFont(self.font())
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        size = LARGEST_PX
        while size > 16:
            font.setPixelSize(size)
            needed = QFontMetrics(font).boundingRect(room.toRect(), int(flags), text)
            if needed.width() <= room.width() and needed.height() <= room.height():
                break
            size = size * 9 // 10
        painter.setFont(font)
        painter.drawText(room, int(flags), text)
