"""Answers that sounded like another item than the one shown: listened to, and decided one by one. GUI thread; a decision to relabel is one step of undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, Slot
from PySide6.QtWidgets import QListWidget, QWidget

from fieldapp.audio.render import clips_of
from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.side_box import SideBox
from fieldapp.gui.widgets.timeline import clock
from fieldapp.gui.words import say
from fieldapp.session.doubts import Doubted, dismiss, doubts, relabel
from fieldapp.store import sessions
from fieldapp.store.details import hits_of
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Row:
    """One doubt and what is said of its segment."""

    doubted: Doubted
    about: str


class DoubtsBox(SideBox):
    """Space plays; the two buttons decide and go on to the next."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(desk, say("Was it the right item?"), parent)
        assert desk.store is not None
        self._store = desk.store
        self._rows: list[Row] = []
        self._list = QListWidget(self)
        self._list.setAccessibleName(say("Doubted answers"))
        self._list.activated.connect(self._on_play)
        self._list.currentRowChanged.connect(self._on_row)
        self.body.addWidget(self._list)
        self._play = self.add_button(say("▶ Play"), self._on_play)
        self._shown = self.add_button("", self._on_dismiss)
        self._heard = self.add_button("", self._on_relabel)
        self._read()

    def _read(self) -> None:
        store = self._store
        self.begin(lambda _: _open(store), self._show)

    def _show(self, rows: list[Row]) -> None:
        at = self._list.currentRow()
        self._rows = rows
        self._list.clear()
        self._list.addItems([row.about for row in rows])
        self._list.setCurrentRow(min(max(at, 0), len(rows) - 1))
        self.said.setText(
            say("{count} answers sounded like another item while they were recorded. Listen, and decide.", count=len(rows))
            if rows
            else say("No answer is doubted. While recording with live text, answers that sound like another item are collected here.")
        )
        for widget in (self._list, self._play, self._shown, self._heard):
            widget.setVisible(bool(rows))
        self._on_row()
        (self._list if rows else self.closing).setFocus()

    @property
    def _row(self) -> Row | None:
        at = self._list.currentRow()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    @Slot()
    def _on_row(self, _at: int = 0) -> None:
        row = self._row
        writable = row is not None and not self._store.read_only
        self._play.setEnabled(row is not None)
        for button, meaning in ((self._shown, row.doubted.shown if row else ""), (self._heard, row.doubted.heard if row else "")):
            button.setText(say("It is “{meaning}”", meaning=meaning) if meaning else "–")
            button.setEnabled(writable)

    @Slot()
    def _on_play(self, _index: QModelIndex | None = None) -> None:
        row = self._row
        if row is not None:
            segment, store = row.doubted.segment, self._store
            self.desk.listening.play(clips_of(store.folder, sessions.parts(store.reader(), segment.recording), segment.span))

    @Slot()
    def _on_dismiss(self) -> None:
        self._decide(dismiss, "")

    @Slot()
    def _on_relabel(self) -> None:
        self._decide(relabel, say("another item"))

    def _decide(self, deed: Callable[[Transaction, Doubted], None], step: str) -> None:
        row, store = self._row, self._store
        if row is not None:
            self.desk.run(lambda _: store.do(lambda tx: deed(tx, row.doubted), undo=step), lambda _: self._read())


def _open(store: Store) -> list[Row]:
    found = doubts(store.reader())
    hits = hits_of(store.reader(), [one.segment.id for one in found])
    rows = []
    for one in found:
        hit = hits[one.segment.id]
        told = say("shown: {shown}, sounded like: {heard}", shown=one.shown, heard=one.heard)
        where = " · ".join(part for part in (hit.speaker, hit.session, clock(hit.span.start, hit.rate), hit.text) if part)
        rows.append(Row(one, f"{told}   {where}"))
    return rows
