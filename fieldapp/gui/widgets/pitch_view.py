"""The spectrogram with the pitch track over it; the track is computed in the background, two seconds at a time, and only when zoomed near."""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from fieldapp.audio.pitch import HIGHEST_HZ, HOP_S, LOWEST_HZ, WINDOW_S, pitch
from fieldapp.gui.widgets.segment_marks import SegmentTones
from fieldapp.gui.widgets.sound import Sound
from fieldapp.gui.widgets.spectrogram import TOP_HZ, WIDEST_PX
from fieldapp.model import Span

PIECE_S = 2
NEAR_S = 30
KEPT = 200
FEWEST_POINTS = 4  # shorter ones are chance
AIR_PX = 4
"""Around a piece: a stroke is wider than its points."""

Track = NDArray[np.float32]


class PitchTones(SegmentTones):
    """Pitch on a logarithmic scale from `LOWEST_HZ` at the bottom to `HIGHEST_HZ` at the top."""

    shows_pitch = True
    _tracks: OrderedDict[int, Track | None]
    _pictures: dict[int, tuple[Track, QPixmap]]
    _pictured: tuple[object, ...] = ()
    """For which zoom, height and colours the pictures are."""

    def set_sound(self, sound: Sound | None) -> None:
        """Another sound; its tracks are computed anew."""
        self._tracks, self._pictures = OrderedDict(), {}
        super().set_sound(sound)

    def ask_again(self) -> None:
        super().ask_again()
        self._tracks = OrderedDict((number, track) for number, track in self._tracks.items() if track is not None)

    def draw_marks(self, painter: QPainter) -> None:
        visible = self.timeline.visible()
        if self.shows_pitch and self._sound is not None and len(visible) <= NEAR_S * self.timeline.rate:
            piece = PIECE_S * self.timeline.rate
            drawn_for = (self.timeline.frames_per_pixel, self.height(), self.colours, self.devicePixelRatioF())
            zooming, self._pictured = drawn_for != self._pictured, drawn_for
            before, self._pictures = self._pictures if not zooming else {}, {}
            for number in range(visible.start // piece, max(visible.start, visible.stop - 1) // piece + 1):
                self._draw_track(painter, self._sound, number, before.get(number), zooming=zooming)
        super().draw_marks(painter)

    def _draw_track(self, painter: QPainter, sound: Sound, number: int, before: tuple[Track, QPixmap] | None, *, zooming: bool) -> None:
        """Drawn once for all frames of scrolling; while zooming every frame would need another picture."""
        if number not in self._tracks:
            self._ask_track(sound, number)
        track = self._tracks.get(number)
        if track is None:
            return
        left = math.floor(self.timeline.pixel_of(number * PIECE_S * self.timeline.rate)) - AIR_PX
        wide = PIECE_S * self.timeline.rate / self.timeline.frames_per_pixel + 2 * AIR_PX
        if zooming or wide > WIDEST_PX:
            painter.translate(left, 0)
            self._draw_strokes(painter, track)
            painter.translate(-left, 0)
            return
        if before is None or before[0] is not track:
            before = (track, self._picture(track, wide))
        self._pictures[number] = before
        painter.drawPixmap(left, 0, before[1])

    def _picture(self, track: Track, wide: float) -> QPixmap:
        ratio = self.devicePixelRatioF()
        made = QPixmap(math.ceil(wide * ratio), math.ceil(self.height() * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self._draw_strokes(painter, track)
        painter.end()
        return made

    def _draw_strokes(self, painter: QPainter, track: Track) -> None:
        """The track of a piece, which begins `AIR_PX` from the left."""
        step = HOP_S * self.timeline.rate / self.timeline.frames_per_pixel
        first = AIR_PX + WINDOW_S / 2 * self.timeline.rate / self.timeline.frames_per_pixel
        strokes = [QPolygonF([QPointF(first + at * step, self.height_of(float(track[at]))) for at in range(begin, end)]) for begin, end in _voiced(track)]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for halo, width in ((self.colours.stage, 4.0), (self.colours.accent, 2.0)):
            painter.setPen(QPen(QColor(halo), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            for stroke in strokes:
                painter.drawPolyline(stroke)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def height_of(self, hertz: float) -> float:
        """The pixel row of a pitch."""
        share = math.log(hertz / LOWEST_HZ) / math.log(HIGHEST_HZ / LOWEST_HZ)
        return self.height() * (1 - min(max(share, 0.0), 1.0))

    def _ask_track(self, sound: Sound, number: int) -> None:
        self._tracks[number] = None
        start = number * PIECE_S * sound.rate
        span = Span(start, min(sound.frames, start + round((PIECE_S + WINDOW_S) * sound.rate)))

        def done(track: Track) -> None:
            if self._sound is sound:
                self._tracks[number] = track
                while len(self._tracks) > KEPT:
                    self._tracks.popitem(last=False)
                self.update()

        run: Callable[[Callable[[], Any], Callable[[Any], None]], None] = self._run
        run(lambda: pitch(sound.samples(span), sound.rate), done)


def _voiced(track: Track) -> list[tuple[int, int]]:
    """Stretches of voiced values, broken where the pitch jumps by more than a third."""
    on = np.concatenate(([False], ~np.isnan(track), [False]))
    turns = np.flatnonzero(on[1:] != on[:-1])
    found = []
    for begin, end in zip(turns[::2], turns[1::2]):
        jumps = np.flatnonzero(np.abs(np.diff(np.log2(track[begin:end]))) > 0.33) + begin + 1
        cuts = [int(begin), *(int(jump) for jump in jumps), int(end)]
        found += [(first, last) for first, last in itertools.pairwise(cuts) if last - first >= FEWEST_POINTS]
    return found


class PitchScale(QWidget):
    """Left of the spectrogram: where which pitch and which frequency stands."""

    def __init__(self, tones: PitchTones, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tones = tones

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        high = self.fontMetrics().height()
        painter.setPen(QColor(self._tones.colours.muted))
        right = Qt.AlignmentFlag.AlignRight
        painter.drawText(0, 0, self.width() - 6, high, right, f"{TOP_HZ // 1000} kHz")
        painter.setPen(QColor(self._tones.colours.accent))
        free = high  # below the line of the kilohertz
        for hertz in (HIGHEST_HZ, 250.0, 125.0, LOWEST_HZ):
            y = int(min(max(self._tones.height_of(hertz) - high / 2, free), self.height() - high))
            if y >= free:
                painter.drawText(0, y, self.width() - 6, high, right, f"{hertz:.0f} Hz")
                free = y + high
        painter.end()
