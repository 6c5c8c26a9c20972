"""The whole recording in one strip: the sound, its segments as blocks, what is shown large as a frame. Click or drag to go there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldapp.gui.review.shown import Shown
from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.segment_marks import coverage
from fieldapp.gui.widgets.sound import Sound
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.gui.widgets.wave_pixels import as_image, wave_pixels
from fieldapp.gui.words import say
from fieldapp.model import Span

HEIGHT_PX = 44
BLOCKS_PX = 10
REACH = 0.9


class Minimap(QWidget):
    """The sound is painted once, its blocks when the lines are others; only the frame moves."""

    def __init__(self, timeline: Timeline, shown: Shown, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline, self._shown, self._colours = timeline, shown, colours
        self._sound: Sound | None = None
        self._wave: QPixmap | None = None
        self._picture: QPixmap | None = None
        self._lines = shown.lines
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(say("Overview of the recording"))
        timeline.moved.connect(self.update)
        timeline.cursor_moved.connect(self.update)
        shown.changed.connect(self._on_shown)

    def sizeHint(self) -> QSize:
        return QSize(640, HEIGHT_PX)

    def set_sound(self, sound: Sound | None) -> None:
        """Show another sound, or the same with more known about it."""
        self._sound = sound
        self.redraw()

    def set_colours(self, colours: Colours) -> None:
        """Another theme."""
        self._colours = colours
        self.redraw()

    @Slot()
    def redraw(self) -> None:
        """Paint everything anew."""
        self._wave = self._picture = None
        self.update()

    @Slot()
    def _on_shown(self) -> None:
        if self._shown.lines is not self._lines:  # not only another line, or another tier
            self._picture = None
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -0.5, Qt.Key.Key_Right: 0.5}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._timeline.scroll(step * self._timeline.width)

    def _go(self, event: QMouseEvent) -> None:
        middle = event.position().x() / max(1, self.width()) * self._timeline.frames
        self._timeline.scroll((middle - self._timeline.start) / self._timeline.frames_per_pixel - self._timeline.width / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.size() != self.size() * ratio:
            self._picture = self._paint_picture(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        frames = max(1, self._timeline.frames)
        seen = self._timeline.visible()
        left, right = seen.start / frames * self.width(), seen.stop / frames * self.width()
        if right - left < self.width() - 1:
            ground = QColor(self._colours.accent)
            ground.setAlpha(40)
            box = QRectF(left, 0.5, max(3.0, right - left), self.height() - 1)
            painter.fillRect(box, ground)
            painter.setPen(QPen(QColor(self._colours.accent), 1.4))
            painter.drawRect(box)
        painter.fillRect(QRectF(self._timeline.cursor / frames * self.width(), 0, 1.5, self.height()), QColor(self._colours.text))
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._colours.accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_picture(self, ratio: float) -> QPixmap:
        if self._wave is None or self._wave.size() != self.size() * ratio:
            self._wave = QPixmap(self.size() * ratio)
            self._wave.setDevicePixelRatio(ratio)
            self._wave.fill(QColor(self._colours.stage))
            if self._sound is not None and self._sound.frames and self.width():
                painter = QPainter(self._wave)
                self._paint_sound(painter, self._sound, ratio)
                painter.end()
        self._lines = self._shown.lines
        picture = QPixmap(self._wave)
        if self._sound is not None and self._sound.frames and self.width():
            painter = QPainter(picture)
            self._paint_blocks(painter)
            painter.end()
        return picture

    def _paint_sound(self, painter: QPainter, sound: Sound, ratio: float) -> None:
        peaks = sound.peaks(Span(0, sound.frames), self.width())
        loudest = max(0.05, float(np.abs(peaks).max(initial=0)))
        tall = self.height() - BLOCKS_PX
        image = as_image(wave_pixels(peaks * (REACH / loudest), round(tall * ratio), self._colours.wave, self._colours.stage, self._colours.stage))
        painter.drawImage(QRectF(0, 0, image.width(), tall), image, QRectF(image.rect()))

    def _paint_blocks(self, painter: QPainter) -> None:
        """Checked below in the wave's colour, to be checked in amber; a rejected segment is only an outline's worth of grey."""
        whole = Timeline(self._timeline.rate, max(1, self._timeline.frames))
        whole.width = self.width()
        whole.frames_per_pixel = whole.frames / whole.width
        lines = self._shown.lines
        todo = lines.to_check
        row = np.full((1, self.width()), QColor(self._colours.stage).rgb(), np.uint32)
        for which, colour in ((~todo, self._colours.wave), (todo, self._colours.amber)):
            for left, right in coverage(whole, lines.starts[which], lines.stops[which]):
                row[0, int(left) : int(max(left + 1, right - (right - left > 3)))] = QColor(colour).rgb()
        image = as_image(row)  # one call of Qt for all of them
        painter.drawImage(QRectF(0, self.height() - BLOCKS_PX + 2, self.width(), BLOCKS_PX - 4), image, QRectF(image.rect()))
