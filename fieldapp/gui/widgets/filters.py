"""What narrows a search: tier, variety, speaker, checked only, and how exactly letters count. GUI thread."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from fieldapp.gui.words import say
from fieldapp.model import Query

LOOSE = ("marks", "tones", "lookalikes")


class Filters(QWidget):
    """`changed` comes when a person chooses something else."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        rows, row, boxes = QVBoxLayout(self), QHBoxLayout(), QHBoxLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(12)
        self._tier, self._variety, self._speaker = (self._filter(name) for name in (say("All tiers"), say("All varieties"), say("All speakers")))
        self._checked = QCheckBox(say("Checked only"), self)
        self._loose = QCheckBox(say("Ignore tones, marks and look-alikes"), self)
        for widget in (self._tier, self._variety, self._speaker):
            row.addWidget(widget)
        for box in (self._checked, self._loose):
            box.toggled.connect(self.changed)
            boxes.addWidget(box)
        for one in (row, boxes):
            one.addStretch()
            rows.addLayout(one)

    def fill(self, tiers: list[str], varieties: list[str], speakers: list[str]) -> None:
        """Offer what the fieldbook has; what was chosen stays chosen."""
        for box, names in ((self._tier, tiers), (self._variety, varieties), (self._speaker, speakers)):
            chosen = box.currentData()
            while box.count() > 1:
                box.removeItem(1)
            for name in names:
                box.addItem(name, name)
            box.setCurrentIndex(max(0, box.findData(chosen)))

    def narrowed(self, query: Query) -> Query:
        """A query with what was chosen."""

        def of(box: QComboBox) -> tuple[str, ...]:
            return (box.currentData(),) if box.currentData() else ()

        fold = frozenset(LOOSE) if self._loose.isChecked() else frozenset()
        query = replace(query, tiers=of(self._tier), varieties=of(self._variety), speakers=of(self._speaker))
        return replace(query, checked_only=self._checked.isChecked(), fold=fold)

    def _filter(self, everything: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(everything)
        box.addItem(everything, "")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.activated.connect(self.changed)
        return box
