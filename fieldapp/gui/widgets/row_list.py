"""The lists at the side of the review page: recordings, segments, what is to be checked. Two lines a row; a draft looks like a draft.

Lists and not tables, because screen readers read a row of a list as one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QRectF, QSize, QStringListModel, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fieldapp.gui.fonts import Fonts
from fieldapp.gui.review.lines import Heading, Line, Lines
from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.hits import ROLE, Index, voice_colour
from fieldapp.gui.widgets.line_text import draw_line_text
from fieldapp.gui.widgets.timeline import clock
from fieldapp.gui.words import say, sayable

PADDING = 8
DOT = 8
STATES = {"pending": sayable("not looked at"), "draft": sayable("to check"), "checked": sayable("checked"), "rejected": sayable("rejected")}


@dataclass(frozen=True, slots=True)
class Face:
    """What a row shows: text, a line about it, a number or mark that asks to be looked at."""

    key: str
    text: str
    about: str
    speaker: str = ""
    draft: bool = False
    badge: str = ""
    tier: str = ""


DOUBTS = {"machine": sayable("the machine is unsure"), "takes": sayable("differs from other takes"), "neighbours": sayable("near segments say otherwise")}


def heading_face(heading: Heading) -> Face:
    """A recording."""
    count = say("1 segment") if heading.segments == 1 else say("{count} segments", count=f"{heading.segments:,}")
    about = " · ".join(part for part in (heading.date, heading.speakers, clock(heading.seconds * 10, 10, places=0), count) if part)
    return Face(heading.recording, heading.name, about, heading.speakers, badge=f"{heading.to_check:,}" if heading.to_check else "")


def line_face(line: Line) -> Face:
    """A segment."""
    tier = line.first_tier
    text = line.texts.get(tier)
    state = DOUBTS.get(line.doubt) or STATES.get(line.state, line.state)
    about = " · ".join(part for part in (line.prompt, clock(line.span.start, line.rate), line.speaker, say(state)) if part)
    best = (" ⚑" if line.marked else "") + (" ★" if line.best else "")
    shown = text.text if text is not None else say("no text yet")
    return Face(line.segment, shown, about + best, line.speaker, draft=text is None or text.draft, badge="●" if line.to_check else "", tier=tier)


class RowModel(QStringListModel):
    """Rows that keep their place when only their contents change. Qt itself counts them: it asks for every row how many there are when it lays them out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.keys: list[str] = []
        self._rows: Sequence[Heading | Line] = ()

    def show(self, rows: Sequence[Heading | Line]) -> None:
        """Other rows, or other contents of the same. Faces are made when they are looked at: there may be many thousand."""
        keys = rows.segments if isinstance(rows, Lines) else [row.recording if isinstance(row, Heading) else row.segment for row in rows]
        if keys == self.keys:
            self._rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self._rows, self.keys = rows, keys
        self.setStringList([""] * len(keys))

    def face(self, number: int) -> Face:
        """What a row shows."""
        row = self._rows[number]
        return heading_face(row) if isinstance(row, Heading) else line_face(row)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self.keys):
            return None
        row = self.face(index.row())
        if role == ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return f"{row.text} – {row.about}"
        return None


class RowPainter(QStyledItemDelegate):
    """Text above, who and when below, the badge at the right."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours = colours
        self.fonts = Fonts({})

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, 2 * option.fontMetrics.lineSpacing() + 2 * PADDING + 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROLE)
        if not isinstance(row, Face):
            return
        area, high = QRectF(option.rect), option.fontMetrics.lineSpacing()
        painter.save()
        painter.setFont(option.font)
        painter.setClipRect(area)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(self.colours.accent_soft))
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), QColor(self.colours.accent))
        badge = option.fontMetrics.horizontalAdvance(row.badge) + PADDING if row.badge else 0
        inner = QRectF(area.left() + 1.5 * PADDING, area.top() + PADDING, area.width() - 3 * PADDING, high + 3)
        painter.setFont(self.fonts.of(row.tier, option.font))
        draw_line_text(painter, inner.adjusted(0, 0, -badge, 0), row.text, self.colours, draft=row.draft)
        painter.setFont(option.font)
        painter.setPen(QColor(self.colours.amber))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.badge)
        below = inner.translated(0, high + 4)
        if row.speaker:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(voice_colour(row.speaker)))
            painter.drawEllipse(QRectF(below.left(), below.center().y() - DOT / 2, DOT, DOT))
            below.setLeft(below.left() + DOT + 6)
        painter.setPen(QColor(self.colours.muted))
        about = option.fontMetrics.elidedText(row.about, Qt.TextElideMode.ElideRight, int(below.width()))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, about)
        painter.setPen(QColor(self.colours.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.restore()


class RowList(QListView):
    """One of the lists; `chosen` is emitted when a person moves to a row, never when the page does."""

    chosen = Signal(str)

    def __init__(self, name: str, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.faces = RowModel(self)
        self._showing = False
        self._laid: tuple[object, int] = (None, 0)
        self.painter_of_rows = RowPainter(colours, self)
        self.setModel(self.faces)
        self.setItemDelegate(self.painter_of_rows)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)
        self.selectionModel().currentChanged.connect(self._on_current)

    def doItemsLayout(self) -> None:
        """Only for other rows, or rows of another height: a theme asks for it four times, and each time Qt asks the model about all of 20,000 rows."""
        laid = (self.faces.keys, self.sizeHintForRow(0))
        if laid[0] is not self._laid[0] or laid[1] != self._laid[1]:
            self._laid = laid
            super().doItemsLayout()

    def show_rows(self, rows: Sequence[Heading | Line], current: str) -> None:
        """Show rows and mark one."""
        self._showing = True
        self.faces.show(rows)
        self.mark(current)
        self.viewport().update()  # Qt does not do it by itself after a layout that was left out

    def mark(self, key: str) -> None:
        """Mark a row without choosing it."""
        self._showing = True
        keys = self.faces.keys
        self.setCurrentIndex(self.faces.index(keys.index(key)) if key in keys else QModelIndex())
        self._showing = False

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, index: QModelIndex, _before: QModelIndex) -> None:
        row = index.data(ROLE)
        if not self._showing and isinstance(row, Face):
            self.chosen.emit(row.key)
