"""Why a hit was found, moment by moment: how well each moment of the query is answered, each moment of the hit answers, and which belong together.

GUI thread; the figures are computed elsewhere. A bar is high and strong where it is alike, so nobody needs to tell colours apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from fieldapp.gui.theme import Colours
from fieldapp.gui.words import say

if TYPE_CHECKING:
    from fieldapp.finding.explain import Carried, Evidence

BAR_LINES, LINKS_LINES = 1.6, 1.2
"""Heights in lines of text."""
LABEL_SHARE = 0.12
MOST_LINKS = 40
LEAST_STRENGTH = 0.12


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance as moments: when each begins (seconds) and how alike it is, from 0 (least here) to 1 (most here)."""

    name: str
    seconds: tuple[float, ...]
    strengths: tuple[float, ...]

    @property
    def length(self) -> float:
        """Until the end of the last moment."""
        return self.seconds[-1] + (self.seconds[-1] - self.seconds[0]) / max(1, len(self.seconds) - 1)


class EvidenceStrip(QWidget):
    """Draws one or two rows and what links them."""

    def __init__(self, colours: Colours, parent: QWidget) -> None:
        super().__init__(parent)
        self.colours = colours
        self._rows: tuple[Row, ...] = ()
        self._links: tuple[tuple[float, float], ...] = ()
        self._stretch: tuple[float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(say("Which moments are alike"))

    def show_evidence(self, found: Evidence | Carried) -> None:
        """Other evidence."""
        from fieldapp.finding.explain import Evidence  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)

        if isinstance(found, Evidence):
            back, there = found.cosines.max(axis=1), found.cosines.max(axis=0)
            self._rows = (_row(say("query"), found.query_seconds, back), _row(say("hit"), found.hit_seconds, there))
            step = max(1, len(found.path) // MOST_LINKS)
            self._links = tuple((float(found.query_seconds[at]), float(found.hit_seconds[found.path[at]])) for at in range(0, len(found.path), step))
            self._stretch = found.begin, found.end
        else:
            self._rows, self._links, self._stretch = (_row(say("hit"), found.hit_seconds, found.cosines),), (), None
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().lineSpacing()
        return QSize(400, round(line * (len(self._rows) * BAR_LINES + max(0, len(self._rows) - 1) * LINKS_LINES)) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line, left = self.fontMetrics().lineSpacing(), self.width() * LABEL_SHARE
        areas = [QRectF(left, 1 + number * line * (BAR_LINES + LINKS_LINES), self.width() - left - 1, line * BAR_LINES) for number, _ in enumerate(self._rows)]
        for row, area in zip(self._rows, areas):
            painter.setPen(QColor(self.colours.muted))
            painter.drawText(QRectF(0, area.top(), left - 8, area.height()), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.name)
            self._draw_row(painter, row, area)
        if len(areas) == 2:
            self._draw_links(painter, areas)
        painter.end()

    def _draw_row(self, painter: QPainter, row: Row, area: QRectF) -> None:
        painter.fillRect(area, QColor(self.colours.stage))
        step = area.width() / max(row.length, 1e-6)
        width = max(1.0, step * row.length / max(1, len(row.seconds)) - 0.5)
        for at, strength in zip(row.seconds, row.strengths):
            ink = QColor(self.colours.accent)
            ink.setAlphaF(LEAST_STRENGTH + (1 - LEAST_STRENGTH) * strength)
            high = area.height() * (LEAST_STRENGTH + (1 - LEAST_STRENGTH) * strength)
            painter.fillRect(QRectF(area.left() + at * step, area.bottom() - high, width, high), ink)
        painter.setPen(QColor(self.colours.line))
        painter.drawRect(area)

    def _draw_links(self, painter: QPainter, areas: list[QRectF]) -> None:
        upper, lower = (area.width() / max(row.length, 1e-6) for row, area in zip(self._rows, areas))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.colours.muted), 1))
        for asked, answer in self._links:
            painter.drawLine(QLineF(areas[0].left() + asked * upper, areas[0].bottom(), areas[1].left() + answer * lower, areas[1].top()))
        if self._stretch is not None:
            begin, end = self._stretch
            painter.setPen(QPen(QColor(self.colours.text), 2))
            painter.drawRect(QRectF(areas[1].left() + begin * lower, areas[1].top(), max(2.0, (end - begin) * lower), areas[1].height()))


class EvidenceView(QFrame):
    """The strip and a sentence that says what is to be seen."""

    def __init__(self, colours: Colours, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        self._said = QLabel(self)
        self._said.setWordWrap(True)
        self.strip = EvidenceStrip(colours, self)
        layout.addWidget(self._said)
        layout.addWidget(self.strip)

    def wait(self) -> None:
        """It is being computed."""
        self._tell(say("Looking …"))

    def refuse(self, sentence: str) -> None:
        """There is nothing to be drawn, for this reason."""
        self._tell(sentence)

    def show_evidence(self, found: Evidence | Carried | None) -> None:
        """What was found."""
        from fieldapp.finding.explain import Evidence  # noqa: PLC0415

        if found is None:
            self._tell(say("Found by words, whose marks say it; or no frames of it were kept that could be compared."))
            return
        self.strip.show_evidence(found)
        if isinstance(found, Evidence):
            frames = say("The marked stretch from {begin} to {end} s is what sounds most like the query.", begin=f"{found.begin:.2f}", end=f"{found.end:.2f}")
            said = say("Frame by frame: {part} for the stretch, {whole} for the whole.", part=f"{found.likeness:.2f}", whole=f"{found.seqsim:.2f}")
            more = say("Lines join the moments that belong together; high bars are more alike than low ones.")
            self._tell(f"{frames} {said} {more}", drawn=True)
        else:
            self._tell(say("High bars: moments of the hit that lie nearest to what was typed."), drawn=True)

    def _tell(self, sentence: str, *, drawn: bool = False) -> None:
        self._said.setText(sentence)
        self.strip.setVisible(drawn)
        self.strip.setAccessibleDescription(sentence)


def _row(name: str, seconds: object, values: object) -> Row:
    """Values between the lowest and the highest of this row."""
    times, found = [float(one) for one in seconds], [float(one) for one in values]  # type: ignore[attr-defined]  # arrays, which this file need not load
    low, high = min(found, default=0.0), max(found, default=1.0)
    return Row(name, tuple(times), tuple((one - low) / (high - low) if high > low else 1.0 for one in found))
