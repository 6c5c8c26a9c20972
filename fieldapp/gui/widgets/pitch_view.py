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
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from fieldapp.audio.pitch import HIGHEST_HZ, HOP_S, LOWEST_HZ, WINDOW_S, pitch
from fieldapp.gui.widgets.segment_marks import SegmentTones
from fieldapp.gui.widgets.sound import Sound
from fieldapp.model import Span

PIECE_S = 2
NEAR_S = 30
KEPT = 200
FEWEST_POINTS = 4  # shorter ones are chance

Track = NDArray[np.float32]


class PitchTones(SegmentTones):
    """Pitch on a logarithmic scale from `LOWEST_HZ` at the bottom to `HIGHEST_HZ` at the top."""

    shows_pitch = True
    _tracks: OrderedDict[int, Track | None]

    def set_sound(self, sound: Sound | None) -> None:
        """Another sound; its tracks are computed anew."""
        self._tracks = OrderedDict()
        super().set_sound(sound)

    def ask_again(self) -> None:
        super().ask_again()
        self._tracks = OrderedDict((number, track) for number, track in self._tracks.items() if track is not None)

    def draw_marks(self, painter: QPainter) -> None:
        visible = self.timeline.visible()
        if self.shows_pitch and self._sound is not None and len(visible) <= NEAR_S * self.timeline.rate:
            piece = PIECE_S * self.timeline.rate
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for number in range(visible.start // piece, max(visible.start, visible.stop - 1) // piece + 1):
                self._draw_track(painter, self._sound, number)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        super().draw_marks(painter)

    def _draw_track(self, painter: QPainter, sound: Sound, number: int) -> None:
        if number not in self._tracks:
            self._ask_track(sound, number)
        track = self._tracks.get(number)
        if track is None:
            return
        first = number * PIECE_S * self.timeline.rate + WINDOW_S / 2 * self.timeline.rate
        for halo, width in ((self.colours.stage, 4.0), (self.colours.accent, 2.0)):
            painter.setPen(QPen(QColor(halo), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            for begin, end in _voiced(track):
                points = [
                    QPointF(self.timeline.pixel_of(first + at * HOP_S * self.timeline.rate), self.height_of(float(track[at]))) for at in range(begin, end)
                ]
                painter.drawPolyline(QPolygonF(points))

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
