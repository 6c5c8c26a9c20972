"""The whole recording in one strip: the sound, its segments as blocks, what is shown large as a frame. Click or drag to go there.

The strip is made behind the window and drawn when it is there: counting 20,000 segments lets go of the interpreter a dozen times, and beside threads that
read a fieldbook the window would wait for it as often, in the middle of painting.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldapp.gui.review.lines import Lines
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.segment_marks import covered, turns_of
from fieldapp.gui.widgets.sound import Sound
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.gui.widgets.wave_pixels import as_image, wave_pixels
from fieldapp.gui.words import say
from fieldapp.model import Span

HEIGHT_PX = 44
BLOCKS_PX = 10
REACH = 0.9
PARTED_PX = 3
"""Blocks wider than this leave a pixel free, so that neighbours are seen apart."""
Picture = NDArray[np.uint32]
Run = Callable[[Callable[[], Picture], Callable[[Picture], None]], object]
"""Does work off the GUI thread and hands its result back on it."""


class Minimap(QWidget):
    """The strip is made anew when the sound, the lines, the size or the colours are others; only the frame moves."""

    def __init__(self, timeline: Timeline, shown: Shown, colours: Colours, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline, self._shown, self._colours, self._run = timeline, shown, colours, run
        self._sound: Sound | None = None
        self._picture: Picture | None = None
        self._asked: object = None
        """What is being made; whatever else comes is of a sound that is no longer shown."""
        self._stale = True
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
        """Show another sound, or none."""
        self._sound, self._picture, self._asked = sound, None, None
        self.redraw()

    def set_colours(self, colours: Colours) -> None:
        """Another theme."""
        self._colours = colours
        self.redraw()

    @Slot()
    def redraw(self) -> None:
        """Make the strip anew; until then the old one stays."""
        self._stale = True
        self.update()

    @Slot()
    def _on_shown(self) -> None:
        if self._shown.lines is not self._lines:  # not only another line, or another tier
            self.redraw()

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
        self._ask()
        painter = QPainter(self)
        if self._picture is None:
            painter.fillRect(self.rect(), QColor(self._colours.stage))
        else:
            painter.drawImage(self.rect(), as_image(self._picture))
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

    def _ask(self) -> None:
        """For the strip as it should be now, unless it is there or one is being made: that one is looked at again when it comes."""
        sound, size = self._sound, self.size() * self.devicePixelRatioF()
        high, wide = size.height(), size.width()
        if not self._stale and self._picture is not None and self._picture.shape == (high, wide):
            return
        if self._asked is not None or sound is None or not sound.frames or not high or not wide:
            return
        asked = self._asked = object()
        self._stale, self._lines = False, self._shown.lines
        lines, colours, blocks = self._lines, self._colours, round(BLOCKS_PX * self.devicePixelRatioF())

        def done(picture: Picture) -> None:
            if self._asked is asked:
                self._asked, self._picture = None, picture
                self.update()

        self._run(lambda: strip(sound, lines, wide, high, blocks, colours), done)


def strip(sound: Sound, lines: Lines, wide: int, high: int, blocks: int, colours: Colours) -> Picture:
    """The sound above, its segments as blocks below: checked ones in the wave's colour, those to be checked in amber. Any thread."""
    tall = high - blocks
    picture = np.full((high, wide), QColor(colours.stage).rgb(), np.uint32)
    peaks = sound.peaks(Span(0, sound.frames), wide)
    loudest = max(0.05, float(np.abs(peaks).max(initial=0)))
    picture[:tall] = wave_pixels(peaks * (REACH / loudest), tall, colours.wave, colours.stage, colours.stage)
    below = picture[tall + blocks // 5 : high - blocks // 5]
    for which, colour in ((~lines.to_check, colours.wave), (lines.to_check, colours.amber)):
        pixels = covered(lines.starts[which], lines.stops[which], sound.frames / wide, wide)
        turns = turns_of(pixels)
        pixels[turns[turns[:, 1] - turns[:, 0] > PARTED_PX, 1] - 1] = False
        below[:, pixels] = QColor(colour).rgb()
    return picture
