"""The tiers under the waveform: one row each, every text in the box of its segment, drafts visibly drafts. GUI thread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from fieldapp.gui.fonts import Fonts
from fieldapp.gui.review.lines import TIERS, Line
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.label_pictures import LabelPictures
from fieldapp.gui.widgets.line_text import about_text
from fieldapp.gui.widgets.segment_marks import SegmentMarks, coverage
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.gui.words import say

PADDING = 6
READABLE_PX = 18


class TierRows(SegmentMarks):
    """Hover tells where a text comes from; a click chooses segment and tier."""

    def __init__(self, timeline: Timeline, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(timeline, colours, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(say("Tiers"))
        self.fonts = Fonts({})
        self._labels = LabelPictures()

    def row_height(self) -> int:
        """Pixels of one tier, in the present text size and fonts; marks above marks need room in some."""
        return max(QFontMetrics(self.fonts.of(tier, self.font())).lineSpacing() for tier in TIERS) + 2 * PADDING

    def set_fonts(self, fonts: Fonts) -> None:
        """Other fonts."""
        self.fonts = fonts
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, self.row_height() * len(TIERS))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()
        super().changeEvent(event)

    def tier_at(self, y: float) -> str:
        """The tier under a pixel row."""
        return TIERS[min(max(0, int(y // self.row_height())), len(TIERS) - 1)]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if self.shown is not None and self.shown.drag is None:
            self.shown.set_tier(self.tier_at(event.position().y()))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.hint_at(event.pos().x(), event.pos().y()), self)
            return True
        return super().event(event)

    def hint_at(self, x: float, y: float) -> str:
        """The whole text under the mouse and where it comes from."""
        if self.shown is None:
            return ""
        place = self.shown.at(int(self.timeline.frame_at(x)))
        line = self.shown.lines[place] if place >= 0 else None
        text = line.texts.get(self.tier_at(y)) if line is not None else None
        return f"{text.text}\n{about_text(text)}" if text is not None else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.colours.panel))
        high = self.row_height()
        if self.shown is not None:
            places = self.shown.visible(self.timeline.visible())
            there = slice(places.start, places.stop)
            lines = self.shown.lines
            starts, stops, todo = lines.starts[there], lines.stops[there], lines.to_check[there]
            readable = stops - starts >= READABLE_PX * self.timeline.frames_per_pixel
            for left, right in coverage(self.timeline, starts[~readable], stops[~readable]):
                painter.fillRect(QRectF(left, PADDING, right - left, self.height() - 2 * PADDING), QColor(self.colours.raised))
            for left, right in coverage(self.timeline, starts[todo], stops[todo]):
                painter.fillRect(QRectF(left, 0, right - left, 3), QColor(self.colours.amber))
            seen = [self._placed(self.shown, lines[place]) for place in (np.flatnonzero(readable) + places.start).tolist()]
            for number, tier in enumerate(TIERS):
                self._draw_tier(painter, tier, number * high, high, seen)
        painter.setPen(QColor(self.colours.line))
        for number in range(1, len(TIERS)):
            y = number * high
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
        self.draw_marks(painter)
        painter.end()

    def _placed(self, shown: Shown, line: Line) -> tuple[Line, float, float]:
        """A line and the pixels it lies between."""
        span = shown.span_of(line)
        return line, self.timeline.pixel_of(span.start), self.timeline.pixel_of(span.stop)

    def _draw_tier(self, painter: QPainter, tier: str, top: int, high: int, seen: Sequence[tuple[Line, float, float]]) -> None:
        """One row; its font is looked up once, for there may be a hundred texts in it."""
        assert self.shown is not None
        current = self.shown.line
        painter.setFont(self.fonts.of(tier, self.font()))
        self._labels.begin(painter, self.colours)
        for line, left, right in seen:
            text = line.texts.get(tier)
            if tier == self.shown.tier and current is not None and line.segment == current.segment:
                painter.setPen(QPen(QColor(self.colours.accent), 1.6))
                painter.drawRect(QRectF(left + 1, top + 1, right - left - 2, high - 2))
            begin, end = max(left, 0.0) + PADDING, min(right, float(self.width())) - PADDING  # a long segment's text stays in view
            if text is not None and end - begin > READABLE_PX / 2:
                self._labels.draw(painter, QRectF(begin, top, end - begin, high), text.text, draft=text.draft)


class TierNames(QWidget):
    """The names of the tiers, left of their rows; the current one stands out."""

    def __init__(self, rows: TierRows, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows, self._names = rows, names
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        widest = max(self.fontMetrics().horizontalAdvance(name) for name in self._names)
        return QSize(widest + 2 * PADDING, self._rows.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        high, colours, shown = self._rows.row_height(), self._rows.colours, self._rows.shown
        for number, name in enumerate(self._names):
            current = shown is not None and TIERS[number] == shown.tier
            painter.setPen(QColor(colours.accent if current else colours.muted))
            box = QRectF(0, number * high, self.width() - PADDING, high)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        painter.end()
