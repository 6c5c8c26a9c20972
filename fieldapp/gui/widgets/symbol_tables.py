"""Tables of phonetic symbols: consonants by manner and place, vowels by height and backness, everything else in rows of equal length. GUI thread.

A cell holds one symbol, so the arrow keys walk them and a screen reader says each by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontInfo, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from fieldapp.gui.words import say
from fieldapp.writing.chart import Symbol

PER_ROW = 14
SYMBOL_SCALE = 1.35
HEADING_SCALE = 0.8
TEXT = Qt.ItemDataRole.UserRole


class SymbolTable(QTableWidget):
    """`looked_at` when the arrow keys or the mouse come to a symbol, `used` on Enter, Space or a click, `typed` when somebody goes on typing a name."""

    looked_at = Signal(str)
    used = Signal(str)
    typed = Signal(str)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("symbols")
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(1)
        self.horizontalHeader().setMinimumSectionSize(1)
        self.currentItemChanged.connect(self._on_current)
        self.itemClicked.connect(self._on_clicked)

    def show_list(self, symbols: Sequence[Symbol], language: str) -> None:
        """Symbols one after another."""
        self._clear((len(symbols) + PER_ROW - 1) // PER_ROW, min(PER_ROW, max(1, len(symbols))))
        for number, symbol in enumerate(symbols):
            self._put(number // PER_ROW, number % PER_ROW, symbol, language)
        self._first()

    def show_chart(self, symbols: Sequence[Symbol], language: str, word: Callable[[str], str]) -> None:
        """Symbols where they stand by row and column; a column is named in two words, of which the last one parts pairs."""
        rows = list(dict.fromkeys(symbol.row for symbol in symbols))
        pairs = [tuple(symbol.column.rsplit(" ", 1)) for symbol in symbols]
        firsts, seconds = _in_chart_order([first for first, _ in pairs]), list(dict.fromkeys(second for _, second in pairs))
        self._clear(len(rows) + 1, 1 + len(firsts) * len(seconds))
        for number, first in enumerate(firsts):
            self._label(0, 1 + number * len(seconds), word(first), Qt.AlignmentFlag.AlignCenter)
            self.setSpan(0, 1 + number * len(seconds), 1, len(seconds))
        for number, row in enumerate(rows, 1):
            self._label(number, 0, word(row), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for symbol, (first, second) in zip(symbols, pairs, strict=True):
            self._put(1 + rows.index(symbol.row), 1 + firsts.index(first) * len(seconds) + seconds.index(second), symbol, language)
        self._first()

    def fit(self) -> None:
        """Cells as large as their symbols in the present font; headings in the font of everything else, a little smaller."""
        small = QFont(self.window().font())
        small.setPixelSize(round(QFontInfo(small).pixelSize() * HEADING_SCALE))
        small.setFamilies(small.families())  # said outright, or the table's own count
        for item in self._items():
            if not item.data(TEXT):
                item.setFont(small)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    @property
    def current(self) -> str:
        """The symbol one stands on; empty when on none."""
        return str(self.currentIndex().data(TEXT) or "")

    def _clear(self, rows: int, columns: int) -> None:
        self.clear()
        self.clearSpans()
        self.setRowCount(rows)
        self.setColumnCount(columns)

    def _label(self, row: int, column: int, text: str, where: Qt.AlignmentFlag) -> None:
        item = QTableWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setTextAlignment(where)
        item.setForeground(self.palette().placeholderText())
        self.setItem(row, column, item)

    def _put(self, row: int, column: int, symbol: Symbol, language: str) -> None:
        item = QTableWidgetItem(symbol.shown)
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        item.setData(TEXT, symbol.text)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, symbol.name(language))
        item.setToolTip(symbol.name(language))
        self.setItem(row, column, item)

    def _first(self) -> None:
        item = next((item for item in self._items() if item.data(TEXT)), None)
        if item is not None:
            self.setCurrentItem(item)
        self.fit()

    def _items(self) -> list[QTableWidgetItem]:
        """The cells that hold something, row by row."""
        cells: list[QTableWidgetItem | None] = [self.item(row, column) for row in range(self.rowCount()) for column in range(self.columnCount())]
        return [item for item in cells if item is not None]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = event.key(), event.text()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._use(self.current)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._walk(*{Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}[Qt.Key(key)])
        elif text and text.isprintable():
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)

    def _walk(self, down: int, right: int) -> None:
        """To the next symbol in a direction, over places nobody can articulate; up and down may move sideways a little."""
        row, column = self.currentRow() + down, self.currentColumn() + right
        while 0 <= row < self.rowCount() and 0 <= column < self.columnCount():
            for aside in sorted(range(self.columnCount()), key=lambda at: abs(at - column)) if down else [column]:
                item: QTableWidgetItem | None = self.item(row, aside)
                if item is not None and item.data(TEXT):
                    self.setCurrentItem(item)
                    return
            row, column = row + down, column + right

    def _use(self, text: str) -> None:
        if text:
            self.used.emit(text)

    @Slot(QTableWidgetItem, QTableWidgetItem)
    def _on_current(self, item: QTableWidgetItem | None, _before: QTableWidgetItem | None) -> None:
        self.looked_at.emit(str(item.data(TEXT) or "") if item is not None else "")

    @Slot(QTableWidgetItem)
    def _on_clicked(self, item: QTableWidgetItem) -> None:
        self._use(str(item.data(TEXT) or ""))


PLACES = ("bilabial", "labiodental", "dental", "alveolar", "postalveolar", "retroflex", "palatal", "velar", "uvular", "pharyngeal", "glottal")
"""From the lips to the glottis, as the chart has them; data may begin with any of them."""


def _in_chart_order(firsts: Sequence[str]) -> list[str]:
    known = [place for place in PLACES if place in firsts]
    return [*known, *(first for first in dict.fromkeys(firsts) if first not in PLACES)]


def headings() -> dict[str, str]:
    """What rows and columns of the chart are called."""
    return {
        "bilabial": say("bilabial"), "labiodental": say("labiodental"), "dental": say("dental"), "alveolar": say("alveolar"),
        "postalveolar": say("postalveolar"), "retroflex": say("retroflex"), "palatal": say("palatal"), "velar": say("velar"), "uvular": say("uvular"),
        "pharyngeal": say("pharyngeal"), "glottal": say("glottal"), "plosive": say("plosive"), "nasal": say("nasal"), "trill": say("trill"),
        "tap or flap": say("tap or flap"), "fricative": say("fricative"), "lateral fricative": say("lateral fricative"),
        "approximant": say("approximant"), "lateral approximant": say("lateral approximant"), "front": say("front"), "central": say("central"),
        "back": say("back"), "close": say("close (vowel)"), "near-close": say("near-close"), "close-mid": say("close-mid"), "mid": say("mid"),
        "open-mid": say("open-mid"), "near-open": say("near-open"), "open": say("open (vowel)"),
    }  # fmt: skip
