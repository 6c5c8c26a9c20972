"""The IPA chooser: a panel beside the typing field with the chart, a search by name and what was used last. GUI thread.

Everything goes by keys: type a name, arrows walk, Enter inserts and stays, Ctrl+Tab is the next part, Escape goes back to the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QStackedWidget, QTabWidget, QToolButton, QVBoxLayout

from fieldapp.gui.widgets.symbol_tables import SYMBOL_SCALE, SymbolTable, headings
from fieldapp.gui.words import say
from fieldapp.writing.chart import Chart, Symbol
from fieldapp.writing.keyboards import Keyboard


class SymbolChooser(QFrame):
    """`chosen` with each symbol; `closed` when the text gets the keyboard back.

    It is made without a parent: below one that wears a style sheet each of its tables would be dressed again with every widget that holds it.
    """

    chosen = Signal(str)
    closed = Signal()

    def __init__(self, chart: Chart, language: str) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAutoFillBackground(True)
        self._chart, self._language = chart, language
        self._keyboard: Keyboard | None = None
        self._recent: tuple[str, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(8)
        column.addLayout(self._head())
        self._parts = QTabWidget(self)
        self._parts.setAccessibleName(say("Parts of the chart"))
        self._parts.setDocumentMode(True)
        self._parts.tabBar().setDrawBase(False)
        self._parts.tabBar().setAccessibleName(say("Parts of the chart"))
        self._tables: dict[str, SymbolTable] = {}
        words = headings()
        for group, title in (("recent", say("Recent")), *group_titles().items()):
            table = self._table(title)
            self._tables[group] = table
            if group in ("consonants", "vowels"):
                table.show_chart(chart.of(group), language, lambda word: words.get(word, word))
            elif group != "recent":
                table.show_list(chart.of(group), language)
            self._parts.addTab(table, title)
        self._results = self._table(say("Symbols found"))
        self._faces = QStackedWidget(self)
        self._faces.addWidget(self._parts)
        self._faces.addWidget(self._results)
        column.addWidget(self._faces, 1)
        self._parts.setCurrentWidget(self._tables["consonants"])
        self._parts.currentChanged.connect(self._on_part)
        self._search.textChanged.connect(self._on_search)
        self.hide()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._search = QLineEdit(self)
        self._search.setAccessibleName(say("Find a symbol by name"))
        self._search.setPlaceholderText(say("Find a symbol by name"))
        self._search.setClearButtonEnabled(True)
        self._search.installEventFilter(self)
        self._picture = QLabel(self)
        self._about = QLabel(self)
        self._about.setProperty("role", "muted")
        close = QToolButton(self)
        close.setText("✕")
        close.setAccessibleName(say("Close the symbols"))
        close.setProperty("role", "tool")
        close.clicked.connect(self.leave)
        row.addWidget(self._search, 1)
        row.addWidget(self._picture)
        row.addWidget(self._about, 2)
        row.addWidget(close)
        return row

    def _table(self, title: str) -> SymbolTable:
        table = SymbolTable(title, self)
        table.looked_at.connect(self._on_looked_at)
        table.used.connect(self.chosen)
        table.typed.connect(self._on_typed)
        return table

    @property
    def table(self) -> SymbolTable:
        """The symbols in front."""
        front = self._faces.currentWidget()
        return self._results if front is self._results else self._tables[list(self._tables)[self._parts.currentIndex()]]

    def open(self, recent: Sequence[str], keyboard: Keyboard | None) -> None:
        """Show it, ready for a name to be typed."""
        self.show_recent(recent)
        self._keyboard = keyboard
        self._search.clear()
        self.show()
        self.raise_()
        self._search.setFocus()
        self._picture.clear()
        self._about.setText(say("Arrows walk   Enter inserts   Esc back to the text"))

    def show_recent(self, recent: Sequence[str]) -> None:
        """What was used last."""
        if tuple(recent) != self._recent:
            self._recent = tuple(recent)
            known = [self._chart.get(text) for text in recent]
            self._tables["recent"].show_list([symbol for symbol in known if symbol is not None], self._language)

    def dress(self, families: Sequence[str]) -> None:
        """Another text size or font: symbols a good deal larger than text."""
        size = round(self.fontInfo().pixelSize() * SYMBOL_SCALE)
        for table in (*self._tables.values(), self._results):
            font = table.font()
            font.setFamilies(families)
            font.setPixelSize(size)
            table.setFont(font)
            table.fit()
        font = self._picture.font()
        font.setFamilies(families)
        font.setPixelSize(round(size * 1.2))
        self._picture.setFont(font)

    @Slot()
    def leave(self) -> None:
        """Hide; the text has the keyboard."""
        self.hide()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.table.current:
                self.chosen.emit(self.table.current)
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.table.setFocus()
                return True
        return False

    @Slot(str)
    def _on_search(self, sought: str) -> None:
        found = self._chart.search(sought, self._keyboard.table.items() if self._keyboard is not None else ())
        self._faces.setCurrentWidget(self._results if sought.strip() else self._parts)
        self._results.show_list(found, self._language)
        self._on_looked_at(self.table.current)
        if sought.strip() and not found:
            self._about.setText(say("No symbol has that name."))

    @Slot(int)
    def _on_part(self) -> None:
        self._on_looked_at(self.table.current)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        """Somebody goes on typing a name while the symbols have the keyboard."""
        self._search.setFocus()
        self._search.insert(text)

    @Slot(str)
    def _on_looked_at(self, text: str) -> None:
        symbol = self._chart.get(text)
        self._picture.setText(symbol.shown if symbol is not None else "")
        self._about.setText(self._told(symbol) if symbol is not None else "")

    def _told(self, symbol: Symbol) -> str:
        keys = self._keyboard.keys_of(symbol.text) if self._keyboard is not None else ""
        return "  ·  ".join(part for part in (symbol.name(self._language), symbol.codes, say("keys {keys}", keys=keys) if keys else "") if part)


def group_titles() -> dict[str, str]:
    """The parts of the chart as a person calls them."""
    return {
        "consonants": say("Consonants"),
        "vowels": say("Vowels"),
        "other": say("Other symbols"),
        "diacritics": say("Diacritics"),
        "tones": say("Tones and stress"),
    }
