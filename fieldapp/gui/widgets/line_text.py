"""How a text of a tier is drawn everywhere: in its own direction, a draft lighter and dotted underneath, cut where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from fieldapp.gui.review.lines import Text, right_to_left
from fieldapp.gui.theme import Colours
from fieldapp.gui.words import say


def draw_line_text(painter: QPainter, area: QRectF, text: str, colours: Colours, *, draft: bool) -> None:
    """One line of text, on the side its script begins on."""
    metrics = QFontMetricsF(painter.font())
    shown = metrics.elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideRight, area.width())
    width = min(area.width(), metrics.horizontalAdvance(shown))
    backwards = right_to_left(text)
    left = area.right() - width if backwards else area.left()
    box = QRectF(left, area.top(), width + 1, area.height())
    before = painter.layoutDirection()
    painter.setPen(QColor(colours.muted if draft else colours.text))
    painter.setLayoutDirection(Qt.LayoutDirection.RightToLeft if backwards else Qt.LayoutDirection.LeftToRight)
    painter.drawText(box, Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
    painter.setLayoutDirection(before)
    if draft and shown:
        under = area.center().y() + metrics.height() / 2
        pen = QPen(QColor(colours.muted), 1.4, Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawLine(QPointF(left, under), QPointF(left + width, under))


def about_text(text: Text) -> str:
    """Who says so, in words."""
    machine = text.source.removeprefix("machine:") if text.source.startswith("machine:") else ""
    if text.draft:
        imported = say("imported draft") if text.source == "import" else say("draft of a person")
        said = say("draft by {model}", model=machine) if machine else imported
    else:
        imported = say("imported") if text.source == "import" else say("written by a person")
        said = say("confirmed") + " · " + (say("written by {model}", model=machine) if machine else imported)
    sure = say("{share} % sure", share=round(text.confidence * 100)) if text.confidence is not None else ""
    return " · ".join(part for part in (said, sure, text.language) if part)
