"""A list of found segments: the text with what matched in bold, below it who, where and when; a draft looks like a draft.

Below hits that were found by more than words it says, a line for each way, why they were found and what their similarity is worth in this fieldbook.
"""

from __future__ import annotations

import html
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QTextDocument
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fieldapp.gui.theme import VOICES, Colours
from fieldapp.gui.tiers import tier_name
from fieldapp.gui.widgets.timeline import clock
from fieldapp.gui.words import say, sayable, tell
from fieldapp.model import Hit

if TYPE_CHECKING:
    from fieldapp.finding.question import Match, Reason

Index = QModelIndex | QPersistentModelIndex
ROLE = Qt.ItemDataRole.UserRole
EVIDENCE = Qt.ItemDataRole.UserRole + 1
LINES = Qt.ItemDataRole.UserRole + 2
"""How many lines of evidence the hit with most has; every row is as high."""
WAYS = {"words": sayable("by words"), "meaning": sayable("by meaning"), "sound": sayable("by sound")}
PADDING = 8
DOT = 8


def voice_colour(speaker: str) -> str:
    """The same colour for the same speaker everywhere; the code always stands beside it."""
    return VOICES[zlib.crc32(speaker.encode()) % len(VOICES)]


class Hits(QAbstractListModel):
    """What was found, best first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matches: tuple[Match, ...] = ()
        self._lines = 0

    def show(self, matches: Sequence[Match]) -> None:
        """Other hits."""
        self.beginResetModel()
        self.matches = tuple(matches)
        by_more_than_words = any(reason.space for match in matches for reason in match.reasons)
        self._lines = max((len(match.reasons) for match in matches), default=0) if by_more_than_words else 0
        self.endResetModel()

    def found(self, index: Index) -> Match | None:
        """What a row shows."""
        return self.matches[index.row()] if 0 <= index.row() < len(self.matches) else None

    def row_of(self, segment: str) -> int:
        """The row of a segment, or the first."""
        return next((row for row, match in enumerate(self.matches) if match.hit.segment == segment), 0)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        return 0 if parent.isValid() else len(self.matches)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        match = self.found(index)
        if match is None:
            return None
        if role == ROLE:
            return match.hit
        if role == EVIDENCE:
            return self._evidence(match)
        if role == LINES:
            return self._lines
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(f"{reason.rank}.  {why(reason)}{_space(reason)}" for reason in match.reasons)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return " – ".join(part for part in (match.hit.text, about(match.hit), self._evidence(match)) if part)
        return None

    def _evidence(self, match: Match) -> str:
        """Empty where every hit was found by words alone, whose marks say it; a similarity comes first."""
        return "\n".join(why(reason) for reason in sorted(match.reasons, key=lambda reason: reason.space is None)) if self._lines else ""


def why(reason: Reason) -> str:
    """One way of looking and why it found a hit; a similarity with what it is worth."""
    tier, _, how = reason.why.partition(": ")
    said = f"{say(WAYS[reason.mode])}: {f'{tier_name(tier)}: {tell(how)}' if how else tell(reason.why)}"
    if reason.similarity is None:
        return said
    note = f" · {tell(reason.basis.note)}" if reason.basis else ""
    return f"{said} · {say('similarity {value}', value=f'{reason.similarity:.2f}')}{note}"


def _space(reason: Reason) -> str:
    """Where a similarity was computed: whose vectors, which head."""
    from fieldapp.finding.question import space_name  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)

    return f" · {space_name(reason.space)}" if reason.space is not None else ""


def about(hit: Hit) -> str:
    """Who, which variety, which session, when in it."""
    return " · ".join(part for part in (hit.speaker, hit.variety, hit.session, clock(hit.span.start, hit.rate), tier_name(hit.tier)) if part)


def marked(hit: Hit, *, draft: bool) -> str:
    """The text as rich text, matches in bold, a draft dotted underneath."""
    pieces, at = [], 0
    for start, stop in hit.marks:
        pieces += [html.escape(hit.text[at:start]), "<b>", html.escape(hit.text[start:stop]), "</b>"]
        at = stop
    body = "".join([*pieces, html.escape(hit.text[at:])]).replace("\n", " ")
    return f"<span style='text-decoration: underline; text-decoration-style: dotted'>{body}</span>" if draft else body


class HitPainter(QStyledItemDelegate):
    """Two lines a hit, and its evidence."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours = colours

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines = 2 + index.data(LINES)
        return QSize(200, lines * option.fontMetrics.lineSpacing() + 3 * PADDING + PADDING // 2 * (lines > 2))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        hit = index.data(ROLE)
        if not isinstance(hit, Hit):
            return
        area, metrics = QRectF(option.rect), option.fontMetrics
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setClipRect(area)
        if chosen:
            painter.fillRect(area, QColor(self.colours.accent_soft))
        self._draw_text(painter, hit, area, option.font)
        below = area.top() + 2 * PADDING + metrics.lineSpacing()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(voice_colour(hit.speaker)))
        painter.drawEllipse(QRectF(area.left() + 1.5 * PADDING, below + (metrics.height() - DOT) / 2, DOT, DOT))
        painter.setPen(QColor(self.colours.muted))
        line = QRectF(area.left() + 2 * PADDING + DOT + 4, below, area.width() - 4 * PADDING, metrics.lineSpacing())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, about(hit))
        for number, reason in enumerate(index.data(EVIDENCE).splitlines(), 1):
            said = metrics.elidedText(reason, Qt.TextElideMode.ElideRight, int(line.width()))
            place = line.translated(0, number * metrics.lineSpacing() + PADDING // 2)
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, said)
        painter.setPen(QColor(self.colours.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.restore()

    def _draw_text(self, painter: QPainter, hit: Hit, area: QRectF, font: object) -> None:
        document = QTextDocument()
        document.setDefaultFont(font)  # type: ignore[arg-type]  # the option's own font
        document.setDocumentMargin(0)
        ink = self.colours.muted if hit.state == "draft" or not hit.text else self.colours.text
        body = marked(hit, draft=hit.state == "draft") if hit.text else html.escape(say("no text yet"))
        document.setDefaultStyleSheet(f"b {{ color: {self.colours.accent}; }}")
        document.setHtml(f"<div dir='auto' style='color: {ink}'>{body}</div>")
        painter.translate(QPointF(area.left() + 1.5 * PADDING, area.top() + PADDING))
        document.drawContents(painter)
        painter.translate(-QPointF(area.left() + 1.5 * PADDING, area.top() + PADDING))
