"""Which tiers are wanted: a check box each, side by side, in as many rows as they need. GUI thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QCheckBox, QWidget

from fieldapp.gui.tiers import tier_name
from fieldapp.gui.widgets.flow import Flow


class TierChoice(QWidget):
    """The tabulator comes to them after the widget `before`."""

    def __init__(self, before: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._before = before
        self._boxes: dict[str, QCheckBox] = {}
        self._row = Flow(16)
        self.setLayout(self._row)

    def offer(self, tiers: Sequence[str]) -> None:
        """Those there are; all of them are wanted, unless they are the same as before."""
        if list(tiers) == list(self._boxes):
            return
        for box in self._boxes.values():
            self._row.removeWidget(box)
            box.deleteLater()
        self._boxes = {tier: QCheckBox(tier_name(tier), self) for tier in tiers}
        before = self._before
        for box in self._boxes.values():
            box.setChecked(True)
            self._row.addWidget(box)
            QWidget.setTabOrder(before, box)
            before = box

    @property
    def chosen(self) -> tuple[str, ...]:
        """Those that are wanted; empty for all."""
        kept = tuple(tier for tier, box in self._boxes.items() if box.isChecked())
        return kept if len(kept) < len(self._boxes) else ()
