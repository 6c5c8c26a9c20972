"""Taking a second fieldbook in: first what would come, every conflict as it was, as it is here and there; then the merge, as decided. GUI thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QPlainTextEdit, QTreeWidget, QTreeWidgetItem, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.side_box import SideBox
from fieldapp.gui.words import say, sayable
from fieldapp.store.merge import Conflict, Merged, merge
from fieldapp.store.merge.result import BOTH_CHANGED, DELETED_HERE, DELETED_THERE, INVALID, TWO_TEXTS, UNKNOWN

KINDS = {
    BOTH_CHANGED: sayable("both changed it"),
    UNKNOWN: sayable("it differs, and nothing tells who changed it"),
    DELETED_HERE: sayable("deleted here, changed there"),
    DELETED_THERE: sayable("deleted there, here it stays"),
    TWO_TEXTS: sayable("both wrote a text on this tier; both stay"),
    INVALID: sayable("no valid row; it cannot be taken"),
}
TABLES = {
    "person": sayable("people"),
    "variety": sayable("varieties"),
    "session": sayable("sessions"),
    "recording": sayable("recordings"),
    "segment": sayable("segments"),
    "annotation": sayable("texts"),
}
"""What the rows of a table are called; those nobody knows by sight keep their own names."""
DECIDABLE = (BOTH_CHANGED, UNKNOWN, DELETED_HERE)
KEY = Qt.ItemDataRole.UserRole
WIDTHS_PX = (280, 200, 200)
NOTES = 20


class MergeBox(SideBox):
    """Nothing is written before somebody says so, and a backup is made then."""

    def __init__(self, desk: Desk, other: Path, parent: QWidget) -> None:
        super().__init__(desk, say("Merge a fieldbook"), parent, size=(960, 600))
        assert desk.store is not None
        self._store, self._other = desk.store, other
        self._tree = QTreeWidget(self)
        self._tree.setAccessibleName(say("Conflicts"))
        self._tree.setHeaderLabels([say("Where (ticked: take theirs)"), say("It was"), say("Here"), say("There")])
        self._tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._tree.setAlternatingRowColors(True)
        for column, width in enumerate(WIDTHS_PX):
            self._tree.setColumnWidth(column, width)
        self._report = QPlainTextEdit(self)
        self._report.setReadOnly(True)
        self._report.setTabChangesFocus(True)
        self._report.setAccessibleName(say("Report"))
        self.body.addWidget(self._tree, 3)
        self.body.addWidget(self._report, 1)
        self._all = self.add_button(say("Tick all"), self._on_all)
        self._merge = self.add_button(say("Merge"), self._on_merge, role="primary")
        self._look()

    def _look(self) -> None:
        self.said.setText(say("Looking at what would come from {other} …", other=self._other))
        self._tree.hide()
        self._show_buttons(ready=False)
        store, other = self._store, self._other
        self.begin(lambda _: merge(store, other, dry=True), self._on_looked)

    def _on_looked(self, merged: Merged) -> None:
        self._show_conflicts(merged.conflicts)
        come, changed = sum(merged.added.values()), sum(merged.updated.values())
        said = say("{new} new rows and {changed} changed ones would come in; {same} are the same.", new=f"{come:,}", changed=f"{changed:,}",
                   same=f"{sum(merged.same.values()):,}")  # fmt: skip
        more = say("{count} conflicts: what is here stays, unless you tick them.", count=len(merged.conflicts)) if merged.conflicts else ""
        self.said.setText(f"{said} {more}".strip())
        self._report.setPlainText("\n".join(_lines(merged)) or say("Nothing speaks against it."))
        self._show_buttons(ready=True)
        (self._tree if merged.conflicts else self._merge).setFocus()

    def _show_conflicts(self, conflicts: list[Conflict]) -> None:
        self._tree.clear()
        self._tree.setVisible(bool(conflicts))
        for conflict in conflicts:
            item = QTreeWidgetItem(self._tree, [f"{conflict.where or conflict.key}: {say(KINDS.get(conflict.kind, conflict.kind))}"])
            item.setFirstColumnSpanned(True)
            if conflict.kind in DECIDABLE:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(0, Qt.CheckState.Unchecked)
                item.setData(0, KEY, conflict.key)
            for one in conflict.disputes:
                QTreeWidgetItem(item, [one.field, *(_shown(value) for value in (one.base, one.ours, one.theirs))])
            item.setExpanded(True)
        first = self._tree.topLevelItem(0)
        if first is not None:
            self._tree.setCurrentItem(first)

    def _decidable(self) -> list[QTreeWidgetItem]:
        every = (self._tree.topLevelItem(row) for row in range(self._tree.topLevelItemCount()))
        return [item for item in every if item is not None and item.data(0, KEY)]

    @Slot()
    def _on_all(self) -> None:
        for item in self._decidable():
            item.setCheckState(0, Qt.CheckState.Checked)

    @Slot()
    def _on_merge(self) -> None:
        if self.desk.recorded() is not None:
            self.desk.say(say("A recording is running. Stop it before you merge."), "look")
            return
        theirs = [str(item.data(0, KEY)) for item in self._decidable() if item.checkState(0) == Qt.CheckState.Checked]
        store, other = self._store, self._other
        self._show_buttons(ready=False)
        self.begin(lambda _: merge(store, other, theirs=theirs), self._on_merged, title=say("Merge"))

    def _on_merged(self, merged: Merged) -> None:
        self._show_conflicts(merged.conflicts)
        for item in self._decidable():
            item.setData(0, Qt.ItemDataRole.CheckStateRole, None)
        said = say("{new} new rows came in, {changed} were changed.", new=f"{sum(merged.added.values()):,}", changed=f"{sum(merged.updated.values()):,}")
        left = say("{count} conflicts are left as they were here; theirs is kept in {file}.", count=len(merged.conflicts), file=merged.report or "")
        before = say("The state before is kept in {file}.", file=merged.backup) if merged.backup else ""
        self.said.setText(" ".join(part for part in (said, left if merged.conflicts else "", before) if part))
        self._report.setPlainText("\n".join(_lines(merged)))
        self.closing.setFocus()

    def _show_buttons(self, *, ready: bool) -> None:
        self._all.setEnabled(ready and bool(self._decidable()))
        self._merge.setEnabled(ready)


def _lines(merged: Merged) -> list[str]:
    counted = (
        (say("New:"), merged.added), (say("Changed there only:"), merged.updated), (say("Changed here only, stays:"), merged.kept),
        (say("Left out:"), merged.left_out),
    )  # fmt: skip
    lines = [
        f"{what} " + ", ".join(f"{count:,} {say(TABLES.get(table, table))}" for table, count in counts.items() if count)
        for what, counts in counted
        if sum(counts.values())
    ]
    return [*lines, *merged.notes[:NOTES]]


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
