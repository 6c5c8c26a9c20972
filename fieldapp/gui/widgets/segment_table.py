"""The segments beside the sound as a table one types in: Enter or F2 opens a cell, Tab keeps it and opens the next, Enter confirms, Escape gives up.

Nothing is stored here. While a cell is typed in, rows that come and go wait until it is left. GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemDelegate, QHeaderView, QTableView, QWidget

from fieldapp.gui.fonts import Fonts
from fieldapp.gui.review.lines import TIERS, Lines
from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.segment_cells import NO_HINT, PADDING, CellField, CellPainter
from fieldapp.gui.widgets.segment_rows import FIXED, SegmentRows, columns_of
from fieldapp.gui.words import say
from fieldapp.writing.keyboards import Keyboard

WIDTHS = {"mark": 2.2, "start": 3.9, "stop": 3.9, "speaker": 4.0}
"""Of columns, in heights of a line of text; a tier has at least LEAST_TIER."""
LEAST_TIER = 6.5
KEPT_AFTER_MS = 600


class SegmentTable(QTableView):
    """`chosen` and `tier_chosen` when a person moves, never when the page does; `typed` with line, tier, text and whether it was confirmed."""

    chosen = Signal(str)
    tier_chosen = Signal(str)
    typed = Signal(object, str, str, bool)
    refused = Signal()
    widths_changed = Signal()

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = SegmentRows(self)
        self.keyboard_of: Callable[[str], Keyboard | None] = lambda _: None
        self.painter_of_cells = CellPainter(self, colours)
        self._widths: dict[str, float] = {}
        self._showing = False
        self._typed_on: set[str] = set()
        self._field: CellField | None = None
        self._later: tuple[Lines, str, str] | None = None
        self._kept = QTimer(self)
        self._kept.setSingleShot(True)
        self._kept.setInterval(KEPT_AFTER_MS)
        self._kept.timeout.connect(self.widths_changed)
        self._build()

    def _build(self) -> None:
        name = say("Table of the segments")
        self.setAccessibleName(name)
        self.setModel(self.rows)
        self.setItemDelegate(self.painter_of_cells)
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setEditTriggers(QTableView.EditTrigger.DoubleClicked)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        for button in self.findChildren(QAbstractButton):
            button.setAccessibleName(name)
        down, across = self.verticalHeader(), self.horizontalHeader()
        down.hide()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        across.setStretchLastSection(True)
        across.setHighlightSections(False)
        across.setMinimumSectionSize(24)
        for header in (down, across):
            header.setAccessibleName(name)
        across.sectionResized.connect(self._on_resized)
        self.selectionModel().currentChanged.connect(self._on_current)

    @property
    def widths(self) -> Mapping[str, float]:
        """Of the columns a person made wider or narrower, in heights of a line."""
        return self._widths

    def dress(self, colours: Colours, fonts: Fonts, widths: Mapping[str, float]) -> None:
        """Another theme, text size or fonts; widths as they were kept."""
        self.painter_of_cells.dress(colours, fonts)
        self._widths = dict(widths)
        self._lay_out()
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_widths"):  # Qt tells of its font before the table is built
            self._lay_out()

    def show_lines(self, lines: Lines, tier: str, segment: str, *, fresh: bool = False) -> None:
        """The segments of the open recording; `fresh` when it is another one, whose tiers may be others."""
        if fresh:
            self._typed_on.clear()
        self._typed_on.add(tier)
        columns = columns_of(lines, self._typed_on)
        differs = self.rows.differs(lines, columns)
        if differs and self._field is not None:
            self._later = lines, tier, segment
            return
        self._later = None
        self._showing = True
        self.rows.show(lines, columns, self._seen())
        self._showing = False
        if differs:
            self._lay_out()
        self.mark(segment, tier)

    def _seen(self) -> range:
        """The rows in sight."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        count = len(self.rows.lines)
        return range(max(0, first), last + 1 if last >= 0 else count) if self.isVisible() and first >= 0 else range(0)

    def mark(self, segment: str, tier: str) -> None:
        """Mark the current segment and tier without choosing them; the cursor stays in a column of times, people, or tiers of this fieldbook's own."""
        row, now, columns = self.rows.lines.places.get(segment, -1), self.currentIndex(), self.rows.columns
        column = now.column() if now.isValid() else -1
        if (column < 0 or columns[column] in TIERS) and tier in columns:
            column = columns.index(tier)
        self._showing = True
        self.setCurrentIndex(self.rows.index(row, max(0, column)) if row >= 0 else QModelIndex())
        self._showing = False

    def keep_widths_soon(self) -> None:
        """`widths_changed` comes when nobody drags any more."""
        self._kept.start()

    def keep(self) -> None:
        """Hand on what is being typed, and leave the cell."""
        if self._field is not None:
            self.put(self._field, confirmed=False)
            self.closeEditor(self._field, NO_HINT)

    def edit_here(self) -> None:
        """Type in the current cell, or in the first text of its row."""
        index = self.currentIndex()
        if not self.rows.writable:
            self.refused.emit()
        elif index.isValid():
            if self.rows.columns[index.column()] in FIXED:
                index = self.rows.index(index.row(), len(FIXED))
                self.setCurrentIndex(index)
            self.edit(index)

    def typing_in(self, field: CellField) -> None:
        """A cell is open."""
        self._field = field

    def put(self, field: CellField, *, confirmed: bool) -> None:
        """Hand a text on, if anything was typed or it is confirmed."""
        text = field.text
        if confirmed or text != field.base:
            field.base = text
            self.typed.emit(field.line, field.tier, text, confirmed)

    def step(self, field: CellField, way: int) -> None:
        """Keep the text and open the next one, in the next row after the last tier."""
        now, tiers = self.currentIndex(), len(self.rows.columns) - len(FIXED)
        self.keep()
        place = now.row() * tiers + now.column() - len(FIXED) + way
        if 0 <= place < len(self.rows.lines) * tiers:
            self.setCurrentIndex(self.rows.index(place // tiers, len(FIXED) + place % tiers))
            self.edit_here()

    def confirm(self, field: CellField) -> None:
        """The text is right: the page goes on to the next segment to check, which is typed in then."""
        self.closeEditor(field, NO_HINT)
        before = self.currentIndex().row()
        self.put(field, confirmed=True)
        if self.currentIndex().row() != before and self.isVisible():
            self.setFocus()
            self.edit_here()

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """However a cell is left: rows that waited are shown."""
        self._field = None
        super().closeEditor(editor, hint)
        if self._later is not None:
            self.show_lines(*self._later)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_F2:
            event.accept()  # elsewhere on the page it leads to the typing field
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_here()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        """Rows as high as the text in the fonts of its tiers, columns as wide as a person had them."""
        tall = max(QFontMetrics(self.painter_of_cells.fonts.of(tier, self.font())).lineSpacing() for tier in TIERS)
        self._showing = True
        self.verticalHeader().setDefaultSectionSize(tall + 2 * PADDING)
        self._showing = False
        self._lay_columns()

    def _lay_columns(self) -> None:
        """As wide as a person had them; the other tiers share the room that is left."""
        high, columns = self.fontMetrics().height(), self.rows.columns
        known = {column: round(self._widths.get(column, WIDTHS.get(column, 0.0)) * high) for column in columns}
        open_ones = [column for column in columns if not known[column]]
        share = (self.viewport().width() - sum(known.values())) // max(1, len(open_ones))
        self._showing = True
        for number, column in enumerate(columns):
            self.setColumnWidth(number, known[column] or max(share, round(LEAST_TIER * high)))
        self._showing = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_columns()

    @Slot(int, int, int)
    def _on_resized(self, number: int, _before: int, now: int) -> None:
        if not self._showing and number < len(self.rows.columns) - 1:  # the last one takes what room is left
            self._widths[self.rows.columns[number]] = round(now / self.fontMetrics().height(), 2)
            self.keep_widths_soon()

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, index: QModelIndex, before: QModelIndex) -> None:
        if self._showing or not index.isValid():
            return
        if index.row() != before.row() or not before.isValid():
            self.chosen.emit(self.rows.lines.segments[index.row()])
        column = self.rows.columns[index.column()]
        if column in TIERS:
            self.tier_chosen.emit(column)
