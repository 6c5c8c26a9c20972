"""The cells of the table of segments: how one is drawn, and the field one types in. GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemDelegate, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fieldapp.gui.fonts import Fonts
from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.hits import Index, voice_colour
from fieldapp.gui.widgets.line_text import draw_line_text
from fieldapp.gui.widgets.segment_rows import FIXED, Cell, column_name
from fieldapp.gui.widgets.typing_field import TypingField
from fieldapp.gui.words import say
from fieldapp.writing.keyboards import Keyboard

if TYPE_CHECKING:
    from fieldapp.gui.widgets.segment_table import SegmentTable

PADDING = 6
DOT = 8
LEAST_FIELD = 14
MOST_LINES = 4
NO_HINT = QAbstractItemDelegate.EndEditHint.NoHint


class CellField(TypingField):
    """Typing in a cell, with the keyboard of its tier; it knows which text it holds, whatever becomes of the rows."""

    def __init__(self, cell: Cell, keyboard: Keyboard | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.line, self.tier = cell.line, cell.column
        self.setAccessibleName(f"{say('Text of the segment')}: {column_name(cell.column)}")
        self.use_keyboard(keyboard)
        self.setPlainText(cell.text)
        self.base = self.text
        self.fit()
        self.selectAll()

    def fit(self) -> None:
        """As high as its lines, few of them."""
        lines = min(max(1, self.document().blockCount()), MOST_LINES)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 24)


class CellPainter(QStyledItemDelegate):
    """Draws a cell in the font and direction of its text, and lets one type in it."""

    def __init__(self, table: SegmentTable, colours: Colours) -> None:
        super().__init__(table)
        self._table = table
        self.dress(colours, Fonts({}))

    def dress(self, colours: Colours, fonts: Fonts) -> None:
        """Another theme, other fonts."""
        self.colours, self.fonts = colours, fonts
        self._ink = {name: QColor(getattr(colours, name)) for name in ("accent", "accent_soft", "amber", "line", "muted", "text")}

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell, area, ink = self._table.rows.cell(index.row(), index.column()), QRectF(option.rect), self._ink
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, ink["accent_soft"])
        inner = area.adjusted(PADDING, 0, -PADDING, -1)
        if cell.column in FIXED:
            self._draw_fixed(painter, inner, cell, option)
        elif cell.text:
            painter.setFont(self.fonts.of(cell.column, option.font))
            draw_line_text(painter, inner, cell.text, self.colours, draft=cell.draft)
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), ink["line"])
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(ink["accent"], 2))
            painter.drawRect(area.adjusted(1, 1, -1, -2))

    def _draw_fixed(self, painter: QPainter, inner: QRectF, cell: Cell, option: QStyleOptionViewItem) -> None:
        painter.setFont(option.font)
        if cell.column == "speaker" and cell.text:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(voice_colour(cell.text)))
            painter.drawEllipse(QRectF(inner.left(), inner.center().y() - DOT / 2, DOT, DOT))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            inner = inner.adjusted(DOT + 6, 0, 0, 0)
        painter.setPen(self._ink["amber" if cell.column == "mark" and cell.line.to_check else "text" if cell.column == "speaker" else "muted"])
        text = cell.text if cell.column == "mark" else option.fontMetrics.elidedText(cell.text, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        cell = self._table.rows.cell(index.row(), index.column())
        field = CellField(cell, self._table.keyboard_of(cell.column), parent)
        field.setFont(self.fonts.of(cell.column, option.font))
        field.play.connect(lambda: self._table.step(field, 1))
        field.play_on.connect(lambda: self._table.step(field, -1))
        field.confirm.connect(lambda: self._table.confirm(field))
        field.leave.connect(lambda: self._table.closeEditor(field, NO_HINT))
        self._table.typing_in(field)
        return field

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """At least a few words wide, and inside what is seen of the table."""
        around = self._table.viewport().rect()
        wide = min(around.width(), max(option.rect.width(), LEAST_FIELD * option.fontMetrics.height()))
        area = QRect(option.rect.left(), option.rect.top(), wide, editor.height())
        area.moveRight(min(area.right(), around.right()))
        area.moveBottom(min(area.bottom(), max(around.bottom(), area.height() - 1)))
        editor.setGeometry(area)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """The field was filled when it was made; what arrives later does not touch it."""

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, CellField):
            self._table.put(editor, confirmed=False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress:  # the field says itself what its keys mean
            return False
        return super().eventFilter(watched, event)
