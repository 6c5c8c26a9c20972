"""The segments of a recording as the rows of a table: times, speaker, state, and a column for each tier. GUI thread.

A cell is made when it is looked at, so a recording of many thousand segments costs no more than what is in sight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtWidgets import QWidget

from fieldapp.gui.review.lines import TIERS, Line, Lines
from fieldapp.gui.tiers import tier_name
from fieldapp.gui.widgets.hits import Index
from fieldapp.gui.widgets.line_text import about_text
from fieldapp.gui.widgets.row_list import STATES
from fieldapp.gui.widgets.timeline import clock
from fieldapp.gui.words import say, sayable

MARKS = {"pending": "●", "draft": "●", "checked": "✓", "rejected": "–"}
FIXED = {"mark": sayable("State"), "start": sayable("Start"), "stop": sayable("End"), "speaker": sayable("Speaker")}
BEST = "★"
_SEEN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_WRITTEN = _SEEN | Qt.ItemFlag.ItemIsEditable


@dataclass(frozen=True, slots=True)
class Cell:
    """What is drawn: the text, of which column, of which line, and whether nobody confirmed it."""

    text: str
    column: str
    line: Line
    draft: bool = False


class SegmentRows(QAbstractTableModel):
    """`latest` says what the fieldbook holds of a tier, or will in a moment."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = Lines.of(())
        self.columns: tuple[str, ...] = tuple(FIXED)
        self.latest: Callable[[Line, str], str] = _stored
        self.writable = False

    def show(self, lines: Lines, columns: Sequence[str], seen: range) -> None:
        """Other rows or columns, or other contents of the same: then only what changed among the rows that are `seen` is drawn anew."""
        if not self.differs(lines, columns):
            before, self.lines = self.lines, lines
            for row in seen:
                if before[row] != lines[row]:
                    self.dataChanged.emit(self.index(row, 0), self.index(row, len(columns) - 1))
            return
        self.beginResetModel()
        self.lines, self.columns = lines, tuple(columns)
        self.endResetModel()

    def differs(self, lines: Lines, columns: Sequence[str]) -> bool:
        """Whether these are other rows or columns."""
        return tuple(columns) != self.columns or lines.segments != self.lines.segments

    def cell(self, row: int, column: int) -> Cell:
        """What stands there."""
        line, name = self.lines[row], self.columns[column]
        if name in FIXED:
            return Cell(_about(line, name), name, line)
        text = line.texts.get(name)
        return Cell(self.latest(line, name), name, line, draft=text is None or text.draft)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own default)
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        across = orientation == Qt.Orientation.Horizontal
        if across and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        if not across:
            return str(section + 1)
        name = self.columns[section]
        return "" if name == "mark" and role == Qt.ItemDataRole.DisplayRole else column_name(name)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _WRITTEN if index.isValid() and self.writable and self.columns[index.column()] not in FIXED else _SEEN

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not (0 <= index.row() < len(self.lines) and 0 <= index.column() < len(self.columns)):
            return None
        cell = self.cell(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column_name(cell.column)}: {say(STATES.get(cell.line.state, cell.line.state)) if cell.column == 'mark' else cell.text}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return _hint(cell)
        return None


def columns_of(lines: Lines, typed_on: Set[str]) -> tuple[str, ...]:
    """The columns a recording needs: its tiers, the first one, and those that are typed on."""
    own = [tier for tier in TIERS if tier in lines.tiers | typed_on | {TIERS[0]}]
    return (*FIXED, *own, *sorted(lines.tiers - set(TIERS)))


def column_name(column: str) -> str:
    """A column as a person calls it; a tier that only this fieldbook knows as it is called there."""
    return say(FIXED[column]) if column in FIXED else tier_name(column)


def _stored(line: Line, tier: str) -> str:
    text = line.texts.get(tier)
    return text.text if text is not None else ""


def _about(line: Line, column: str) -> str:
    if column == "mark":
        return MARKS.get(line.state, "") + (BEST if line.best else "")
    if column == "speaker":
        return line.speaker
    return clock(line.span.start if column == "start" else line.span.stop, line.rate, places=2)


def _hint(cell: Cell) -> str:
    if cell.column == "mark":
        best = say("This take is the best") if cell.line.best else ""
        return "\n".join(part for part in (say(STATES.get(cell.line.state, cell.line.state)), best) if part)
    text = cell.line.texts.get(cell.column)
    return f"{text.text}\n{about_text(text)}" if text is not None else cell.text
