"""Everything about a search beyond what is asked and by which way: filters, order, saved searches. Folded away behind one button. GUI thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.widgets.filters import Filters
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.words import say, sayable

if TYPE_CHECKING:
    from fieldapp.finding.question import Question

SPREADS = {
    "": sayable("The nearest first"),
    "speaker": sayable("The best of every speaker first"),
    "variety": sayable("The best of every variety first"),
}
SAME_MEANING = {
    "any": sayable("The same meaning: as it comes"),
    "first": sayable("The same meaning first"),
    "exclude": sayable("The same meaning left out"),
}
LINE_PX = 200


class FindOptions(QFrame):
    """`changed` comes when a person chooses something else; `saving`, `asked_again` and `forgetting` with the name of a saved search."""

    changed = Signal()
    saving = Signal(str)
    asked_again = Signal(str)
    forgetting = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        self.filters = Filters(self)
        self.filters.changed.connect(self.changed)
        layout.addWidget(self.filters)
        layout.addLayout(self._order())
        layout.addLayout(self._saved())

    def _order(self) -> Flow:
        row = Flow(12)
        self._spread, self._same = (self._choice(name, table) for name, table in ((say("Order"), SPREADS), (say("The same meaning"), SAME_MEANING)))
        self._meaning = QLineEdit(self)
        self._meaning.setPlaceholderText(say("meaning id: that of the hit asked with"))
        self._meaning.setAccessibleName(say("Meaning id"))
        self._meaning.setToolTip(say("Which meaning counts as the same. Empty: that of the segment that is asked with."))
        self._meaning.setFixedWidth(LINE_PX + 80)
        self._meaning.editingFinished.connect(self.changed)
        for widget in (self._spread, self._same, self._meaning):
            row.addWidget(widget)
        return row

    def _choice(self, name: str, table: dict[str, str]) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        for key, title in table.items():
            box.addItem(say(title), key)
        box.activated.connect(self.changed)
        return box

    def _saved(self) -> Flow:
        row = Flow(12)
        self._kept = QComboBox(self)
        self._kept.setAccessibleName(say("Saved searches"))
        self._kept.activated.connect(self._on_kept)
        self._name = QLineEdit(self)
        self._name.setPlaceholderText(say("a name for this search"))
        self._name.setAccessibleName(say("a name for this search"))
        self._name.setFixedWidth(LINE_PX)
        self._name.returnPressed.connect(self._on_save)
        self._save, self._forget = QPushButton(say("Save the search"), self), QPushButton(say("Forget it"), self)
        self._save.clicked.connect(self._on_save)
        self._forget.clicked.connect(self._on_forget)
        self._forget.setAccessibleName(say("Forget the saved search"))
        for widget in (QLabel(say("Saved searches"), self), self._kept, self._forget, self._name, self._save):
            row.addWidget(widget)
        self.show_saved([], writable=False)
        return row

    def show_saved(self, names: list[str], *, writable: bool) -> None:
        """The saved searches of the fieldbook."""
        chosen = self._kept.currentData()
        with QSignalBlocker(self._kept):
            self._kept.clear()
            self._kept.addItem(say("choose one") if names else say("none yet"), "")
            for name in names:
                self._kept.addItem(name, name)
            self._kept.setCurrentIndex(max(0, self._kept.findData(chosen)))
        self._kept.setEnabled(bool(names))
        self._forget.setEnabled(writable and bool(self._kept.currentData()))
        for widget in (self._name, self._save):
            widget.setEnabled(writable)

    def ordered(self, question: Question) -> Question:
        """A question with the chosen order."""
        meaning = self._meaning.text().strip()
        return replace(question, spread=self._spread.currentData(), same_meaning=self._same.currentData(), meaning_id=meaning)

    def show_question(self, question: Question) -> None:
        """Choose what a kept question says."""
        self.filters.show_query(question.query)
        for box, wanted in ((self._spread, question.spread), (self._same, question.same_meaning)):
            box.setCurrentIndex(max(0, box.findData(wanted)))
        self._meaning.setText(question.meaning_id)

    def told(self) -> str:
        """What is chosen, in one line."""
        order = [box.currentText() for box in (self._spread, self._same) if box.currentIndex() > 0]
        return " · ".join([*self.filters.told(), *order])

    @Slot()
    def _on_kept(self) -> None:
        self._forget.setEnabled(self._name.isEnabled() and bool(self._kept.currentData()))
        if self._kept.currentData():
            self.asked_again.emit(self._kept.currentData())

    @Slot()
    def _on_save(self) -> None:
        self.saving.emit(self._name.text().strip())

    @Slot()
    def _on_forget(self) -> None:
        self.forgetting.emit(self._kept.currentData())
