"""The found segments, what can be done with one of them, and why it was found. GUI thread; evidence is computed behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QTimer, Signal, Slot
from PySide6.QtWidgets import QListView, QPushButton, QVBoxLayout, QWidget

from fieldapp.audio.render import clips_of
from fieldapp.errors import FieldError
from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.evidence_view import EvidenceView
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.widgets.hits import HitPainter, Hits
from fieldapp.gui.words import say, told
from fieldapp.model import Span
from fieldapp.store import sessions

if TYPE_CHECKING:
    from fieldapp.finding.explain import Carried, Evidence
    from fieldapp.finding.question import Match, Question

WAIT_MS = 150
"""Somebody who goes down the list with the arrow keys does not want the evidence of every hit."""


class HitList(QWidget):
    """`like` and `collected` come with the hit they are about."""

    like = Signal(object)
    collected = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._question: Question | None = None
        self._stretch: tuple[str, Span] | None = None
        self._asked = 0
        self._hits = Hits(self)
        self.list = self._made_list()
        self.view = EvidenceView(desk.colours, self)
        self.view.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.view)
        layout.addLayout(self._doings())
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(WAIT_MS)
        self._wait.timeout.connect(self._explain)
        desk.settings_changed.connect(self._on_settings)

    def _made_list(self) -> QListView:
        made = QListView(self)
        made.setObjectName("hits")
        made.setModel(self._hits)
        self._painter = HitPainter(self._desk.colours, made)
        made.setItemDelegate(self._painter)
        made.setUniformItemSizes(True)
        made.setAccessibleName(say("Hits"))
        made.activated.connect(self._on_activated)
        made.selectionModel().currentChanged.connect(self._on_current)
        return made

    def _doings(self) -> Flow:
        row = Flow(12)
        self._doing: dict[str, QPushButton] = {}
        for name, title in (("play", say("▶ Play")), ("stretch", say("Play what sounds alike")), ("like", say("More like this")),
                            ("explain", say("Why?")), ("collect", say("Into the basket")), ("review", say("Review it"))):  # fmt: skip
            button = QPushButton(title, self)
            button.clicked.connect(partial(self.do, name))
            self._doing[name] = button
            row.addWidget(button)
        self._doing["explain"].setCheckable(True)
        self._doing["explain"].setAccessibleName(say("Show why the hit was found"))
        self._show_doings()
        return row

    @property
    def match(self) -> Match | None:
        """The chosen hit."""
        return self._hits.found(self.list.currentIndex())

    def show_matches(self, matches: tuple[Match, ...], question: Question | None) -> None:
        """Other hits; the one that was chosen stays chosen if it is among them. `question` is what can be explained."""
        before, self._question = self.match, question
        if matches != self._hits.matches:
            self._hits.show(matches)
            if matches:
                self.list.setCurrentIndex(self._hits.index(self._hits.row_of(before.hit.segment if before else "")))
        self._on_current()

    def do(self, name: str) -> None:
        """Something with the chosen hit."""
        match = self.match
        if name == "explain":
            self.view.setVisible(self.view.isHidden())
            self._on_current()
        elif match is not None:
            acts: dict[str, Callable[[Match], None]] = {
                "play": lambda one: self._play(one, one.hit.span), "stretch": self._play_stretch, "like": self.like.emit, "collect": self.collected.emit,
                "review": lambda one: self._desk.review(one.hit.recording, one.hit.segment),
            }  # fmt: skip
            acts[name](match)

    def _stretch_of(self, match: Match) -> Span | None:
        """What sounded alike in it, as the search said or the evidence does."""
        shown = self._stretch[1] if self._stretch is not None and self._stretch[0] == match.hit.segment else None
        return match.stretch or shown

    def _show_doings(self) -> None:
        match = self.match
        for button in self._doing.values():
            button.setEnabled(match is not None)
        self._doing["stretch"].setEnabled(match is not None and self._stretch_of(match) is not None)
        self._doing["collect"].setEnabled(match is not None and "writable" in self._desk.conditions())
        self._doing["explain"].setEnabled(match is not None or not self.view.isHidden())
        self._doing["explain"].setChecked(not self.view.isHidden())

    def _play(self, match: Match, span: Span) -> None:
        store = self._desk.store
        if store is not None:
            self._desk.listening.play(clips_of(store.folder, sessions.parts(store.reader(), match.hit.recording), span))

    def _play_stretch(self, match: Match) -> None:
        span = self._stretch_of(match)
        if span is not None:
            self._play(match, span)

    # --- why it was found ---

    @Slot()
    def _explain(self) -> None:
        match, question, finding = self.match, self._question, self._desk.finding
        self._asked += 1
        number = self._asked
        if match is None or finding is None:
            self.view.refuse(say("Choose a hit to see why it was found."))
        elif question is None:
            self.view.refuse(say("What lies in the basket was put there by hand."))
        else:

            def done(found: Evidence | Carried | None) -> None:
                if number == self._asked:
                    self._show_evidence(match, found)

            def failed(trouble: Exception) -> None:
                if not isinstance(trouble, FieldError):
                    self._desk.fail(trouble)
                elif number == self._asked:
                    self.view.refuse(told(trouble))

            self.view.wait()
            self._desk.run(lambda _: finding.explain(question, match.hit.segment), done, failed)

    def _show_evidence(self, match: Match, found: Evidence | Carried | None) -> None:
        from fieldapp.finding.explain import Evidence  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)
        from fieldapp.finding.sounding import within  # noqa: PLC0415

        self.view.show_evidence(found)
        if isinstance(found, Evidence):
            self._stretch = match.hit.segment, within(match.hit, found.begin, found.end)
        self._show_doings()

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        match = self._hits.found(index)
        if match is not None:
            self._play(match, match.hit.span)

    @Slot()
    def _on_current(self) -> None:
        self._show_doings()
        if not self.view.isHidden():
            self._wait.start()

    @Slot()
    def _on_settings(self) -> None:
        self._painter.colours = self.view.strip.colours = self._desk.colours
        self.list.viewport().update()
        self.view.strip.update()
