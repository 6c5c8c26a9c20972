"""What narrows a search: tier, variety, speaker, session, dates, checked only, and how exactly letters count. GUI thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget

from fieldapp.gui.widgets.card_kinds import day
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.words import say, sayable
from fieldapp.model import Query
from fieldapp.store.fold import FOLDS

EVERYTHING = {
    "tiers": sayable("All tiers"),
    "varieties": sayable("All varieties"),
    "speakers": sayable("All speakers"),
    "sessions": sayable("All sessions"),
}
"""Fields of a query that hold names, and what is said where all may pass."""
BETWEEN = "\n"
DAY_PX = 150


class Filters(QWidget):
    """`changed` comes when a person chooses something else."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        rows, names, more = QVBoxLayout(self), Flow(12), Flow(12)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(12)
        self._named = {name: self._choice(say(everything)) for name, everything in EVERYTHING.items()}
        for choice in self._named.values():
            names.addWidget(choice)
        self.since, self.until = self._day(say("from day")), self._day(say("to day"))
        self._checked = QCheckBox(say("Checked only"), self)
        self._loose = QCheckBox(say("Ignore tones, marks and look-alikes"), self)
        self._folds = frozenset(FOLDS)
        for box in (self._checked, self._loose):
            box.toggled.connect(self.changed)
        for widget in (self.since, self.until, self._checked, self._loose):
            more.addWidget(widget)
        rows.addLayout(names)
        rows.addLayout(more)

    def fill(self, choices: Mapping[str, Sequence[str]]) -> None:
        """Offer what the fieldbook has; what was chosen stays chosen while it is there."""
        for name, box in self._named.items():
            chosen, title = box.currentData(), box.currentText()
            while box.count() > 1:
                box.removeItem(1)
            for one in choices[name]:
                box.addItem(one, one)
            if BETWEEN in chosen:
                box.addItem(title, chosen)
            box.setCurrentIndex(max(0, box.findData(chosen)))

    def narrowed(self, query: Query) -> Query:
        """A query with what was chosen."""
        chosen = {name: tuple(filter(None, box.currentData().split(BETWEEN))) for name, box in self._named.items()}
        query = replace(query, tiers=chosen["tiers"], varieties=chosen["varieties"], speakers=chosen["speakers"], sessions=chosen["sessions"])
        query = replace(query, since=self.since.text().strip(), until=self.until.text().strip(), checked_only=self._checked.isChecked())
        return replace(query, fold=self._folds if self._loose.isChecked() else frozenset())

    def odd(self) -> str:
        """What is wrong with the dates, if anything."""
        return next((found for line in (self.since, self.until) if (found := day(line.text().strip()))), "")

    def show_query(self, query: Query) -> None:
        """Choose what a kept query says; several names, or one that is gone, are one more choice."""
        self.blockSignals(True)
        for name, box in self._named.items():
            wanted = BETWEEN.join(getattr(query, name))
            if box.findData(wanted) < 0:
                box.addItem(wanted.replace(BETWEEN, ", "), wanted)
            box.setCurrentIndex(box.findData(wanted))
        self.since.setText(query.since)
        self.until.setText(query.until)
        self._checked.setChecked(query.checked_only)
        self._loose.setChecked(bool(query.fold))
        self._folds = query.fold or frozenset(FOLDS)
        self.blockSignals(False)

    def told(self) -> list[str]:
        """What narrows the search now, to be read where the choices themselves are folded away."""
        said = [box.currentText() for box in self._named.values() if box.currentData()]
        since, until = self.since.text().strip(), self.until.text().strip()
        said += [say("from {day}", day=since)] * bool(since) + [say("to {day}", day=until)] * bool(until)
        return said + [box.text() for box in (self._checked, self._loose) if box.isChecked()]

    def _choice(self, everything: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(everything)
        box.addItem(everything, "")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.activated.connect(self.changed)
        return box

    def _day(self, name: str) -> QLineEdit:
        line = QLineEdit(self)
        line.setPlaceholderText(name)
        line.setAccessibleName(name)
        line.setToolTip(say("such as 2026-11-21, 2026-11 or 2026; the day of the session"))
        line.setFixedWidth(DAY_PX)
        line.editingFinished.connect(self.changed)
        return line
