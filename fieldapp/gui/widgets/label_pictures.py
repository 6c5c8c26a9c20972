"""Texts of tiers as little pictures that are drawn once: scrolling moves a hundred of them, and setting each anew would take longer than a frame. GUI thread.

A picture is kept by text, font, colours and, where the text is cut, its width; what was not looked at for longest goes first.
"""

from __future__ import annotations

import math
from collections import OrderedDict

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPixmap

from fieldapp.gui.review.lines import right_to_left
from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.line_text import draw_line_text

KEPT_PIXELS, KEPT_WIDTHS = 6_000_000, 20_000
AIR_PX = 4
"""Left and right of a text: some letters reach beyond their own room."""


class LabelPictures:
    """Call `begin` with the painter, its font set, then `draw` each text of it."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()
        self._wide: dict[tuple[str, str], float] = {}
        self._pixels = 0
        self._ratio = 1.0
        self._style = ""

    @property
    def pictures(self) -> int:
        """How many are kept."""
        return len(self._pictures)

    def begin(self, painter: QPainter, colours: Colours) -> None:
        """Texts in this font and these colours follow."""
        self._font, self._colours = QFont(painter.font()), colours
        self._metrics = QFontMetricsF(self._font)
        self._ratio = painter.device().devicePixelRatioF()
        self._style = f"{self._font.key()} {colours.text} {colours.muted}"

    def draw(self, painter: QPainter, area: QRectF, text: str, *, draft: bool) -> None:
        """One line of text, on the side its script begins on, at a whole pixel."""
        room, high = math.floor(area.width()), math.ceil(area.height())
        wide = self._wide.get((self._style, text))
        if wide is None:
            if len(self._wide) > KEPT_WIDTHS:
                self._wide.clear()
            wide = self._wide[self._style, text] = self._metrics.horizontalAdvance(text.replace("\n", " "))
        shown = min(room, math.ceil(wide) + 1)
        picture = self._picture(text, shown, high, draft=draft)
        left = area.left() + room - shown if right_to_left(text) else area.left()
        painter.drawPixmap(QPointF(round(left) - AIR_PX, area.top()), picture)

    def _picture(self, text: str, wide: int, high: int, *, draft: bool) -> QPixmap:
        key = (self._style, self._ratio, text, wide, high, draft)
        found = self._pictures.get(key)
        if found is not None:
            self._pictures.move_to_end(key)
            return found
        made = QPixmap(math.ceil((wide + 2 * AIR_PX) * self._ratio), math.ceil(high * self._ratio))
        made.setDevicePixelRatio(self._ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setFont(self._font)
        draw_line_text(painter, QRectF(AIR_PX, 0, wide, high), text, self._colours, draft=draft)
        painter.end()
        self._pictures[key] = made
        self._pixels += made.width() * made.height()
        while self._pixels > KEPT_PIXELS:
            _, old = self._pictures.popitem(last=False)
            self._pixels -= old.width() * old.height()
        return made
