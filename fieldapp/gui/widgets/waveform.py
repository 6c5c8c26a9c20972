"""The waveform: one column of lowest and highest sample per pixel, single samples when zoomed in far, selection and cursor."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPolygonF, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.sound import Sound
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.gui.widgets.wave_pixels import as_image, wave_pixels
from fieldapp.model import Span

DRAG_PX = 4
REACH = 0.95


class TimeWidget(QWidget):
    """A widget along a timeline: wheel scrolls, Ctrl and wheel zooms, click sets the cursor, drag selects."""

    clicked = Signal(int)

    def __init__(self, timeline: Timeline, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.timeline = timeline
        self.colours = colours
        self.shows_cursor = True
        self._pressed_px: float | None = None
        timeline.moved.connect(self.update)
        timeline.cursor_moved.connect(self.update)
        timeline.selected.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_colours(self, colours: Colours) -> None:
        """Another theme."""
        self.colours = colours
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.timeline.resize(self.width())

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.timeline.zoom(0.8 ** (turn.y() / 120), event.position().x())
        else:
            self.timeline.scroll(-(turn.x() or turn.y()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_px = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_px is not None and abs(event.position().x() - self._pressed_px) >= DRAG_PX:
            first, last = sorted((self._frame(self._pressed_px), self._frame(event.position().x())))
            self.timeline.select(Span(first, last))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed_px is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if abs(event.position().x() - self._pressed_px) < DRAG_PX:
            frame = self._frame(event.position().x())
            self.timeline.select(None)
            self.timeline.set_cursor(frame)
            self.clicked.emit(frame)
        self._pressed_px = None

    def _frame(self, pixel: float) -> int:
        return min(max(0, round(self.timeline.frame_at(pixel))), self.timeline.frames)

    def draw_marks(self, painter: QPainter) -> None:
        """Selection and cursor, on top of whatever the widget shows."""
        selection = self.timeline.selection
        if selection is not None:
            left, right = self.timeline.pixel_of(selection.start), self.timeline.pixel_of(selection.stop)
            ground = QColor(self.colours.accent)
            ground.setAlpha(50)
            painter.fillRect(QRectF(left, 0, max(1.0, right - left), self.height()), ground)
        x = self.timeline.pixel_of(self.timeline.cursor)
        if self.shows_cursor and 0 <= x <= self.width():
            painter.fillRect(QRectF(x, 0, 1.5, self.height()), QColor(self.colours.text))


class Waveform(TimeWidget):
    """Draws whatever its sound has; a growing sound is simply asked again."""

    def __init__(self, timeline: Timeline, colours: Colours, sound: Sound | None = None, parent: QWidget | None = None) -> None:
        super().__init__(timeline, colours, parent)
        self._sound = sound
        self.setMinimumHeight(64)
        self.setAccessibleName("Waveform")

    def set_sound(self, sound: Sound | None) -> None:
        """Show another sound, or none."""
        self._sound = sound
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.colours.stage))
        middle = self.height() / 2
        painter.fillRect(QRectF(0, middle, self.width(), 1), QColor(self.colours.line))
        if self._sound is not None and self._sound.frames:
            if self.timeline.frames_per_pixel < 1:
                self._draw_samples(painter, self._sound, middle)
            else:
                self._draw_columns(painter, self._sound, middle)
        self.draw_marks(painter)
        painter.end()

    def _draw_columns(self, painter: QPainter, sound: Sound, middle: float) -> None:
        span = self.timeline.visible().clip(Span(0, sound.frames))
        columns = min(self.width(), round(self.timeline.pixel_of(span.stop))) if span is not None else 0
        if span is None or columns < 1:
            return
        high = round(self.height() * self.devicePixelRatioF())
        pixels = wave_pixels(sound.peaks(span, columns) * REACH, high, self.colours.wave, self.colours.stage, self.colours.line)
        image = as_image(pixels)
        painter.drawImage(QRectF(0, 0, columns, self.height()), image, QRectF(image.rect()))

    def _draw_samples(self, painter: QPainter, sound: Sound, middle: float) -> None:
        span = self.timeline.visible()
        samples = sound.samples(span)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self.colours.wave))
        heights = middle - samples * middle * REACH
        painter.drawPolyline(QPolygonF([QPointF(self.timeline.pixel_of(span.start + i), y) for i, y in enumerate(heights.tolist())]))
