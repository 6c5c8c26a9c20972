"""The start page: open, new, a demo, recent fieldbooks; with one open, what it holds, what was left undone and what to do next."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.models import Offer, offers
from fieldapp.gui.pages import Page
from fieldapp.gui.theme import set_role
from fieldapp.gui.widgets.scrolled import scrolled
from fieldapp.gui.words import say, sayable
from fieldapp.model import Changed
from fieldapp.store.store import Store

COUNTED = (
    ("person", sayable("people")),
    ("variety", sayable("varieties")),
    ("session", sayable("sessions")),
    ("recording", sayable("recordings")),
    ("segment", sayable("segments")),
    ("annotation", sayable("texts")),
)
ONLY = {"session": "WHERE NOT EXISTS (SELECT 1 FROM recording r WHERE r.session = session.id AND r.role = 'consent')"}
"""Spoken consent is kept with a session of its own, which nobody calls one."""
STEPS = (
    ("page.people", sayable("Note who speaks, and what they allow")),
    ("page.record", sayable("Record a session")),
    ("import", sayable("Import recordings")),
    ("page.find", sayable("Find words")),
    ("page.export", sayable("Hand over to other programs")),
)


class ThePage(Page):
    """Left what there is to open, right what is open."""

    CARES = Changed.EVERYTHING

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._looked: Store | None = None
        layout = QVBoxLayout(scrolled(self))
        layout.setContentsMargins(48, 40, 48, 40)
        layout.setSpacing(16)
        self._title, self._line = QLabel(self), QLabel(self)
        self._title.setProperty("role", "title")
        self._line.setWordWrap(True)
        self._line.setProperty("role", "muted")
        layout.addWidget(self._title)
        layout.addWidget(self._line)
        layout.addWidget(self._left_over())
        buttons = QHBoxLayout()
        self._open = self._button(say("Open a fieldbook"), "open")
        self._new = self._button(say("New fieldbook"), "new")
        self._demo = self._button(say("Look around in a demo"), "demo")
        for button in (self._open, self._new, self._demo):
            buttons.addWidget(button)
        buttons.addStretch()
        layout.addLayout(buttons)
        self._keys = QLabel(say("Ctrl+N new   Ctrl+O open   Tab and Space reach everything here"), self)
        self._keys.setProperty("role", "muted")
        self._keys.setWordWrap(True)
        layout.addWidget(self._keys)
        layout.addSpacing(8)
        lower = QHBoxLayout()
        lower.setSpacing(24)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(16)
            lower.addLayout(column, 1)
        left.addWidget(self._recent_panel(), 1)
        left.addWidget(self._model_panel())
        right.addWidget(self._holds_panel(), 1)
        layout.addLayout(lower, 1)

    def _button(self, text: str, deed: str) -> QPushButton:
        button = QPushButton(text, self)
        button.clicked.connect(lambda: self.desk.asked.emit(deed))
        return button

    def _left_over(self) -> QFrame:
        self._left = QFrame(self)
        row = QHBoxLayout(self._left)
        row.setContentsMargins(0, 0, 0, 0)
        self._left_text = QLabel(self._left)
        self._left_text.setProperty("role", "look")
        row.addWidget(self._left_text)
        row.addWidget(self._button(say("Show it"), "page.record"))
        row.addStretch()
        self._left.hide()
        return self._left

    def _recent_panel(self) -> QFrame:
        panel, inside = self._panel(say("Recent fieldbooks"))
        self._recent = QListWidget(panel)
        self._recent.setAccessibleName(say("Recent fieldbooks"))
        self._recent.setProperty("role", "plain")
        self._recent.itemActivated.connect(self._on_recent)
        self._recent.itemClicked.connect(self._on_recent)
        inside.addWidget(self._recent, 1)
        self._no_recent = QLabel(say("Fieldbooks you open are listed here."), panel)
        self._no_recent.setWordWrap(True)
        self._no_recent.setProperty("role", "muted")
        inside.addWidget(self._no_recent)
        inside.addStretch()
        return panel

    def _model_panel(self) -> QFrame:
        panel, inside = self._panel(say("Who listens"))
        self._models = QComboBox(panel)
        self._models.setAccessibleName(say("Speech model"))
        self._models.activated.connect(self._on_model)
        self._model_about = QLabel(say("Looking for speech models ..."), panel)
        self._model_about.setWordWrap(True)
        self._model_about.setProperty("role", "muted")
        inside.addWidget(self._models)
        inside.addWidget(self._model_about)
        self._models.hide()
        self.desk.run(lambda _: offers(), self._on_offers)
        return panel

    def _holds_panel(self) -> QFrame:
        panel, inside = self._panel(say("This fieldbook"))
        self._holds = QLabel(panel)
        self._holds.setWordWrap(True)
        self._holds.setProperty("role", "muted")
        inside.addWidget(self._holds)
        self._counts = QWidget(panel)
        grid = QGridLayout(self._counts)
        grid.setContentsMargins(0, 0, 0, 8)
        grid.setSpacing(4)
        self._numbers: list[QLabel] = []
        for number, (_, noun) in enumerate(COUNTED):
            row, column = divmod(number, 3)
            count, what = QLabel(self._counts), QLabel(say(noun), self._counts)
            count.setProperty("role", "title")
            what.setProperty("role", "muted")
            grid.addWidget(count, row * 2, column)
            grid.addWidget(what, row * 2 + 1, column)
            grid.setColumnStretch(column, 1)
            self._numbers.append(count)
        inside.addWidget(self._counts)
        self._steps = QWidget(panel)
        steps = QVBoxLayout(self._steps)
        steps.setContentsMargins(0, 0, 0, 0)
        steps.setSpacing(8)
        heading = QLabel(say("What next"), self._steps)
        heading.setProperty("role", "heading")
        steps.addWidget(heading)
        self._step_buttons = [self._button(say(title), deed) for deed, title in STEPS]
        for button, (deed, _) in zip(self._step_buttons, STEPS):
            button.setProperty("role", "primary-step" if deed == "page.record" else "step")
            steps.addWidget(button)
        inside.addWidget(self._steps)
        inside.addStretch()
        return panel

    def _panel(self, heading: str) -> tuple[QFrame, QVBoxLayout]:
        panel = QFrame(self)
        panel.setObjectName("panel")
        inside = QVBoxLayout(panel)
        inside.setContentsMargins(16, 16, 16, 16)
        label = QLabel(heading, panel)
        label.setProperty("role", "heading")
        inside.addWidget(label)
        return panel, inside

    def refresh(self) -> None:
        store = self.desk.store
        self._title.setText(store.folder.name if store else "Fieldapp")
        self._line.setText(str(store.folder) if store else say("Record, transcribe, find and hand over. Open a fieldbook or make a new one."))
        self._show_recent()
        set_role(self._new, "primary" if store is None else "")
        self._demo.setVisible(store is None)
        self._counts.setVisible(store is not None)
        self._steps.setVisible(store is not None)
        if store is None:
            self._left.hide()
            self._looked = None
            self._holds.setText(
                say("No fieldbook is open. A fieldbook is one folder that holds everything: sound, texts, people, consent. Copy the folder and all is copied.")
            )
            return
        self._holds.setText(say("Nothing yet. Import recordings or record a session."))
        self._count(store)
        for button, (deed, _) in zip(self._step_buttons, STEPS):
            button.setEnabled(not store.read_only or deed in ("page.find", "page.export"))
        if self._looked is not store and not store.read_only:
            self._looked = store
            self.desk.run(lambda _: _unfinished(store), self._on_unfinished)

    def _count(self, store: Store) -> None:
        """Behind: in a large fieldbook it takes a moment."""

        def done(counts: list[int]) -> None:
            if self.desk.store is store:
                for label, count in zip(self._numbers, counts):
                    label.setText(f"{count:,}")
                self._holds.setVisible(not any(counts))

        self.desk.run_behind(lambda _: [_count(store.reader(), table) for table, _ in COUNTED], done)

    def _show_recent(self) -> None:
        self._recent.clear()
        for folder in self.desk.settings.recent_fieldbooks:
            item = QListWidgetItem(Path(folder).name, self._recent)
            item.setToolTip(folder)
            item.setData(Qt.ItemDataRole.UserRole, folder)
        self._recent.setVisible(self._recent.count() > 0)
        self._no_recent.setVisible(self._recent.count() == 0)

    def _on_unfinished(self, found: tuple[bool, int]) -> None:
        alive, crashed = found
        self._left.setVisible(alive or crashed > 0)
        self._left_text.setText(
            say("A recording of this fieldbook is still going on.") if alive else say("{count} recordings were cut off; their sound is safe.", count=crashed)
        )

    def _on_offers(self, found: list[Offer]) -> None:
        self._models.clear()
        for offer in found:
            self._models.addItem(offer.title, offer)
        names = [offer.name for offer in found]
        if self.desk.settings.model in names:
            self._models.setCurrentIndex(names.index(self.desk.settings.model))
        elif found:
            self._models.insertItem(0, say("choose ..."), None)
            self._models.setCurrentIndex(0)
        self._models.setVisible(bool(found))
        self._tell_model()

    def _tell_model(self) -> None:
        offer = self._models.currentData()
        nothing = say("No speech model is installed. Recording, finding and exporting work without one; fieldapp model add OWNER/NAME installs one.")
        self._model_about.setText(offer.about if offer else nothing if not self._models.count() else say("Choose who writes drafts of what is said."))

    @Slot()
    def _on_model(self) -> None:
        offer = self._models.currentData()
        if offer is not None:
            self.desk.change_settings(replace(self.desk.settings, model=offer.name))
        self._tell_model()

    @Slot(QListWidgetItem)
    def _on_recent(self, item: QListWidgetItem) -> None:
        self.desk.open(Path(item.data(Qt.ItemDataRole.UserRole)))


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table} {ONLY.get(table, '')}").fetchone()[0])  # noqa: S608  (own words)


def _unfinished(store: Store) -> tuple[bool, int]:
    """Whether a recorder still records, and how many masters a crash left open; loads the recording parts, so not in the GUI thread."""
    from fieldapp.session import recovery  # noqa: PLC0415

    found = recovery.unfinished(store)
    return any(one.alive for one in found), sum(not one.alive for one in found)
