"""A card: the fields of one person, variety or session, made from a table of fields. What is typed is kept when the card is left. GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from fieldapp.errors import WrongUsage
from fieldapp.gui.words import say

LINES_PX = 60


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a card. `kind`: line, lines, whole (a whole number), number, list (separated by commas) or choice (by id)."""

    name: str
    label: str
    hint: str = ""
    kind: str = "line"
    check: Callable[[str], str] | None = None
    """Says what is odd about the text, or nothing."""


class Card(QWidget):
    """Shows one value; `values` reads the fields back. `left` is emitted when a field was changed and left."""

    left = Signal()

    def __init__(self, fields: Sequence[Field], parent: QWidget) -> None:
        super().__init__(parent)
        self._fields = fields
        self.changed = False
        self._inputs: dict[str, QWidget] = {}
        self._odd: dict[str, QLabel] = {}
        self.form = QFormLayout()
        self.form.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self.form)
        for field in fields:
            self._add(field)

    def _add(self, field: Field) -> None:
        made: QWidget
        if field.kind == "lines":
            made = lines = QPlainTextEdit(self)
            lines.setMaximumHeight(LINES_PX)
            lines.setTabChangesFocus(True)
            lines.setPlaceholderText(say(field.hint) if field.hint else "")
            lines.textChanged.connect(self._on_changed)
        elif field.kind == "choice":
            made = box = QComboBox(self)
            box.activated.connect(self._on_chosen)
        else:
            made = line = QLineEdit(self)
            line.setPlaceholderText(say(field.hint) if field.hint else "")
            line.textEdited.connect(self._on_changed)
            line.editingFinished.connect(self._on_left)
        made.setAccessibleName(say(field.label))
        self._inputs[field.name] = made
        self.form.addRow(say(field.label), made)
        if field.check is not None:
            odd = QLabel(self)
            odd.setProperty("role", "look")
            odd.setWordWrap(True)
            odd.hide()
            self._odd[field.name] = odd
            self.form.addRow("", odd)

    def line(self, name: str) -> QLineEdit:
        """The input of a one-line field."""
        found = self._inputs[name]
        assert isinstance(found, QLineEdit)
        return found

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """What a choice field offers: ids and titles."""
        box = self._inputs[name]
        assert isinstance(box, QComboBox)
        chosen = box.currentData()
        box.clear()
        box.addItem("", None)
        for identity, title in choices:
            box.addItem(title, identity)
        box.setCurrentIndex(max(0, box.findData(chosen)))

    def show_value(self, value: Any) -> None:
        """Fill the fields from an object that has them, or from a mapping."""
        for field in self._fields:
            got = value[field.name] if isinstance(value, dict) else getattr(value, field.name)
            made = self._inputs[field.name]
            if isinstance(made, QComboBox):
                made.setCurrentIndex(max(0, made.findData(got)))
            else:
                text = ", ".join(got) if isinstance(got, list | tuple) else "" if got is None else str(got)
                made.setPlainText(text) if isinstance(made, QPlainTextEdit) else made.setText(text)  # type: ignore[attr-defined]
        self.changed = False
        self.judge()

    def set_text(self, name: str, text: str) -> None:
        """Type into a field for the person."""
        self.line(name).setText(text)
        self.changed = True

    def values(self) -> dict[str, Any]:
        """What the fields say; a number that is none is refused with a sentence."""
        read: dict[str, Any] = {}
        for field in self._fields:
            made = self._inputs[field.name]
            if isinstance(made, QComboBox):
                read[field.name] = made.currentData()
                continue
            text = (made.toPlainText() if isinstance(made, QPlainTextEdit) else self.line(field.name).text()).strip()
            read[field.name] = _understood(field, text)
        return read

    def judge(self) -> None:
        """Say beside each field what is odd about it; nothing is refused."""
        for field in self._fields:
            if field.check is not None:
                odd = field.check(self.line(field.name).text().strip())
                self._odd[field.name].setText(odd)
                self._odd[field.name].setVisible(bool(odd))

    @Slot()
    def _on_changed(self) -> None:
        self.changed = True

    @Slot()
    def _on_chosen(self) -> None:
        self.changed = True
        self.left.emit()

    @Slot()
    def _on_left(self) -> None:
        if self.changed:
            self.judge()
            self.left.emit()


def _understood(field: Field, text: str) -> Any:
    if field.kind == "list":
        return tuple(part.strip() for part in text.replace(";", ",").replace("、", ",").replace("，", ",").split(",") if part.strip())
    if field.kind not in ("whole", "number"):
        return text
    if not text:
        return None
    try:
        return int(text) if field.kind == "whole" else float(text.replace(",", "."))
    except ValueError as odd:
        raise WrongUsage(say("“{text}” in the field {label} is no number.", text=text, label=say(field.label))) from odd
