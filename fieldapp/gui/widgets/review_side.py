"""The side of the review page: recordings, segments of the open one as a list or a table, and the queue of what is to be checked in the whole fieldbook."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QLabel, QLineEdit, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from fieldapp.gui.fonts import Fonts
from fieldapp.gui.review.lines import Heading, Line
from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.widgets.row_list import RowList
from fieldapp.gui.widgets.segment_table import SegmentTable
from fieldapp.gui.words import say

VIEWS = ("recordings", "segments", "queue", "table")


class ReviewSide(QWidget):
    """Three lists and a table, one shown. Arrow keys move, what one moves to is opened, and Enter goes to its text."""

    recording_chosen = Signal(str)
    segment_chosen = Signal(str)
    queued_chosen = Signal(str)
    view_changed = Signal(str)
    entered = Signal()

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headings: Sequence[Heading] = ()
        self._recording = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        titles = (say("Recordings"), say("Segments"), say("To check"), say("Table"))
        self._choice = QButtonGroup(self)
        row = Flow(2)
        for number, title in enumerate(titles):
            button = QToolButton(self)
            button.setText(title)
            button.setCheckable(True)
            button.setAccessibleName(title)
            button.setProperty("role", "narrow")
            self._choice.addButton(button, number)
            row.addWidget(button)
        column.addLayout(row)
        self._filter = QLineEdit(self)
        self._filter.setPlaceholderText(say("Narrow the list"))
        self._filter.setAccessibleName(say("Narrow the list"))
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._on_filter)
        column.addWidget(self._filter)
        self._pages = QStackedWidget(self)
        self.lists = tuple(RowList(title, colours, self) for title in titles[:3])
        self.table = SegmentTable(colours, self)
        for shown in (*self.lists, self.table):
            shown.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._pages.addWidget(shown)
        column.addWidget(self._pages, 1)
        self._keys = QLabel(self)
        self._keys.setProperty("role", "muted")
        self._keys.setWordWrap(True)
        column.addWidget(self._keys)
        self._empty = QLabel(say("Nothing is left to check."), self)
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        column.addWidget(self._empty)
        for shown, signal in zip(self.lists, (self.recording_chosen, self.segment_chosen, self.queued_chosen)):
            shown.chosen.connect(signal)
            shown.activated.connect(lambda _: self.entered.emit())
        self._choice.idClicked.connect(lambda number: self.view(VIEWS[number]))
        self.view("recordings")

    @property
    def shown(self) -> str:
        """Which list is in front."""
        return VIEWS[self._pages.currentIndex()]

    def view(self, name: str) -> None:
        """Bring a list to the front."""
        number = VIEWS.index(name)
        self._choice.button(number).setChecked(True)
        self._pages.setCurrentIndex(number)
        self._filter.setVisible(name == "recordings")
        self._empty.setVisible(name == "queue" and not self.lists[2].faces.keys)
        self._keys.setText(
            say("Enter types and confirms   Tab next cell   Esc gives up   Ctrl+Shift+T list")
            if name == "table"
            else say("↑ ↓ choose   Enter to the text")
            if name == "recordings"
            else say("↑ ↓ choose   Enter to the text   Ctrl+Shift+O recordings")
        )
        self.view_changed.emit(name)

    def focus(self) -> None:
        """The keyboard goes to the list in front."""
        (*self.lists, self.table)[self._pages.currentIndex()].setFocus()

    def show_headings(self, headings: Sequence[Heading], recording: str) -> None:
        """The recordings."""
        self._headings, self._recording = headings, recording
        self._on_filter()

    def show_lines(self, lines: Sequence[Line], current: str) -> None:
        """The segments of the open recording."""
        self.lists[1].show_rows(lines, current)

    def show_queue(self, lines: Sequence[Line], current: str) -> None:
        """What is to be checked."""
        self.lists[2].show_rows(lines, current)
        self._empty.setVisible(self.shown == "queue" and not lines)

    def mark(self, recording: str, segment: str) -> None:
        """Mark what is open."""
        self._recording = recording
        for shown, key in zip(self.lists, (recording, segment, segment)):
            shown.mark(key)

    def dress(self, colours: Colours, fonts: Fonts) -> None:
        """Another theme, other fonts."""
        for shown in self.lists:
            shown.painter_of_rows.colours, shown.painter_of_rows.fonts = colours, fonts
            shown.viewport().update()

    @Slot()
    def _on_filter(self) -> None:
        sought = self._filter.text().casefold()
        rows = [one for one in self._headings if sought in f"{one.name} {one.session} {one.date} {one.speakers}".casefold()]
        self.lists[0].show_rows(rows, self._recording)
