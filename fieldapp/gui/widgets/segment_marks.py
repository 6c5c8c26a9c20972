"""Segments on a time widget: their edges, the current one shaded, and boundaries that follow the mouse. GUI thread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen

from fieldapp.gui.review.lines import Line
from fieldapp.gui.review.shown import WHOLE, Shown
from fieldapp.gui.widgets.spectrogram import Spectrogram
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.gui.widgets.waveform import TimeWidget, Waveform

GRIP_PX = 5
CROWDED = 400
CLOSEST_EDGES_PX = 8


class SegmentMarks(TimeWidget):
    """Mixed into a widget along the timeline: drag an edge of a segment, or with Shift the current one; click to choose one; drag elsewhere to select."""

    shown: Shown | None = None
    _grasped = 0

    def follow(self, shown: Shown) -> None:
        """Show these segments from now on."""
        self.shown = shown
        shown.changed.connect(self.update)
        self.setMouseTracking(True)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        grip = self._grip(event.position().x()) if event.button() == Qt.MouseButton.LeftButton else None
        if self._grasps(event):
            return
        if grip is not None and self.shown is not None:
            line, edge = grip
            self.shown.drag_edge((line.segment, edge, self._frame(event.position().x())))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        shown = self.shown
        if shown is not None and shown.drag is not None:
            segment, edge, _ = shown.drag
            frame = self._frame(event.position().x())
            shown.drag_edge((segment, edge, frame - self._grasped if edge == WHOLE else frame))
            return
        self.setCursor(Qt.CursorShape.SplitHCursor if self._grip(event.position().x()) else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        shown = self.shown
        if shown is not None and shown.drag is not None:
            segment, edge, frame = shown.drag
            shown.edge_dropped.emit(segment, edge, frame, bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
            shown.drag_edge(None)
            return
        super().mouseReleaseEvent(event)

    def _grasps(self, event: QMouseEvent) -> bool:
        """Whether this begins to move the current segment: the mouse pressed inside it with Shift."""
        shown, frame = self.shown, self._frame(event.position().x())
        held = event.button() == Qt.MouseButton.LeftButton and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if not held or shown is None or shown.line is None or not shown.line.span.start <= frame < shown.line.span.stop:
            return False
        self._grasped = frame
        shown.drag_edge((shown.line.segment, WHOLE, 0))
        return True

    def _grip(self, pixel: float) -> tuple[Line, str] | None:
        """The edge under the mouse: of the current segment first."""
        shown = self.shown
        if shown is None or ((places := shown.visible(self.timeline.visible())) and len(places) > CROWDED):
            return None
        lines = [shown.line] if shown.line is not None else []
        for line in lines + [shown.lines[place] for place in places]:
            for edge, frame in (("start", line.span.start), ("stop", line.span.stop)):
                if abs(self.timeline.pixel_of(frame) - pixel) <= GRIP_PX:
                    return line, edge
        return None

    def draw_marks(self, painter: QPainter) -> None:
        if self.shown is not None:
            self._draw_segments(painter, self.shown)
        super().draw_marks(painter)

    def _draw_segments(self, painter: QPainter, shown: Shown) -> None:
        places, high = shown.visible(self.timeline.visible()), self.height()
        there = slice(places.start, places.stop)
        edges = (np.concatenate((shown.lines.starts[there], shown.lines.stops[there])) - self.timeline.start) / self.timeline.frames_per_pixel
        pixels = np.flatnonzero(np.bincount(np.rint(edges[(edges >= 0) & (edges <= self.width())]).astype(np.int64)))
        if len(pixels) * CLOSEST_EDGES_PX < self.width():  # closer together they would only hide the sound
            painter.setPen(QPen(QColor(self.colours.muted), 1.0))
            painter.drawLines([QLineF(x, 0, x, high) for x in pixels.tolist()])
        if shown.line is not None:
            span = shown.span_of(shown.line)
            left, right = self.timeline.pixel_of(span.start), self.timeline.pixel_of(span.stop)
            ground = QColor(self.colours.accent)
            ground.setAlpha(34)
            painter.fillRect(QRectF(left, 0, max(1.0, right - left), high), ground)
            painter.setPen(QPen(QColor(self.colours.accent), 1.6))
            painter.drawLines([QLineF(x, 0, x, high) for x in (left, right)])


class SegmentWave(SegmentMarks, Waveform):
    """The waveform of the review page."""


class SegmentTones(SegmentMarks, Spectrogram):
    """The spectrogram of the review page."""


def coverage(timeline: Timeline, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> list[tuple[float, float]]:
    """Left and right pixels of what many spans cover together: where a pixel holds several segments, they are drawn as one."""
    turns = turns_of(covered(starts - timeline.start, stops - timeline.start, timeline.frames_per_pixel, timeline.width))
    return [(float(a), float(b)) for a, b in turns.tolist()]


def covered(starts: NDArray[Any], stops: NDArray[Any], frames_per_pixel: float, width: int) -> NDArray[np.bool_]:
    """Which of `width` pixels any of the spans touches. Any thread."""
    left = np.clip(np.floor(starts / frames_per_pixel), 0, width).astype(np.int64)
    right = np.maximum(np.clip(np.ceil(stops / frames_per_pixel), 0, width).astype(np.int64), left)
    edges = np.bincount(left, minlength=width + 1)[:width] - np.bincount(right, minlength=width + 1)[:width]
    return np.cumsum(edges) > 0


def turns_of(pixels: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where stretches of True begin and end, a row for each. Any thread."""
    return np.flatnonzero(np.diff(pixels, prepend=False, append=False)).reshape(-1, 2)
