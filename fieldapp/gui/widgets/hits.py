"""A list of found segments: the text with what matched in bold, below it who, where and when; a draft looks like a draft."""

from __future__ import annotations

import html
import zlib
from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QTextDocument
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fieldapp.gui.theme import VOICES, Colours
from fieldapp.gui.widgets.timeline import clock
from fieldapp.model import Hit

Index = QModelIndex | QPersistentModelIndex
ROLE = Qt.ItemDataRole.UserRole
PADDING = 8
DOT = 8


def voice_colour(speaker: str) -> str:
    """The same colour for the same speaker everywhere; the code always stands beside it."""
    return VOICES[zlib.crc32(speaker.encode()) % len(VOICES)]


class Hits(QAbstractListModel):
    """What was found, best first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hits: tuple[Hit, ...] = ()

    def show(self, hits: Sequence[Hit]) -> None:
        """Other hits."""
        self.beginResetModel()
        self._hits = tuple(hits)
        self.endResetModel()

    def hit(self, index: Index) -> Hit | None:
        """The hit of a row."""
        return self._hits[index.row()] if 0 <= index.row() < len(self._hits) else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        hit = self.hit(index)
        if hit is None:
            return None
        if role == ROLE:
            return hit
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{hit.text} – {about(hit)}"
        return None


def about(hit: Hit) -> str:
    """Who, which variety, which session, when in it."""
    return " · ".join(part for part in (hit.speaker, hit.variety, hit.session, clock(hit.span.start, hit.rate), hit.tier) if part)


def marked(hit: Hit, *, draft: bool) -> str:
    """The text as rich text, matches in bold, a draft dotted underneath."""
    pieces, at = [], 0
    for start, stop in hit.marks:
        pieces += [html.escape(hit.text[at:start]), "<b>", html.escape(hit.text[start:stop]), "</b>"]
        at = stop
    body = "".join([*pieces, html.escape(hit.text[at:])]).replace("\n", " ")
    return f"<span style='text-decoration: underline; text-decoration-style: dotted'>{body}</span>" if draft else body


class HitPainter(QStyledItemDelegate):
    """Two lines a hit."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours = colours

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, 2 * option.fontMetrics.lineSpacing() + 3 * PADDING)

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
        painter.setPen(QColor(self.colours.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.restore()

    def _draw_text(self, painter: QPainter, hit: Hit, area: QRectF, font: object) -> None:
        document = QTextDocument()
        document.setDefaultFont(font)  # type: ignore[arg-type]  # the option's own font
        document.setDocumentMargin(0)
        ink = self.colours.muted if hit.state == "draft" else self.colours.text
        document.setDefaultStyleSheet(f"b {{ color: {self.colours.accent}; }}")
        document.setHtml(f"<div dir='auto' style='color: {ink}'>{marked(hit, draft=hit.state == 'draft')}</div>")
        painter.translate(QPointF(area.left() + 1.5 * PADDING, area.top() + PADDING))
        document.drawContents(painter)
        painter.translate(-QPointF(area.left() + 1.5 * PADDING, area.top() + PADDING))
