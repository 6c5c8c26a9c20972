"""The start page: open, new, recent fieldbooks; with one open, what it holds and what to do next."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import Page
from fieldapp.gui.words import say
from fieldapp.model import Changed

COUNTED = (
    ("person", "people"),
    ("variety", "varieties"),
    ("session", "sessions"),
    ("recording", "recordings"),
    ("segment", "segments"),
    ("annotation", "texts"),
)


class ThePage(Page):
    """Left what can be done, right what there is."""

    CARES = Changed.EVERYTHING

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(48, 40, 48, 40)
        layout.setSpacing(16)
        self._title = QLabel(self)
        self._title.setProperty("role", "title")
        self._line = QLabel(self)
        self._line.setWordWrap(True)
        self._line.setProperty("role", "muted")
        layout.addWidget(self._title)
        layout.addWidget(self._line)
        buttons = QHBoxLayout()
        self._open = self._button(say("Open a fieldbook"), "open", primary=True)
        self._new = self._button(say("New fieldbook"), "new")
        for button in (self._open, self._new):
            buttons.addWidget(button)
        buttons.addStretch()
        layout.addLayout(buttons)
        layout.addSpacing(8)
        lower = QHBoxLayout()
        lower.setSpacing(24)
        lower.addWidget(self._recent_panel(), 1)
        lower.addWidget(self._holds_panel(), 1)
        layout.addLayout(lower, 1)

    def _button(self, text: str, deed: str, *, primary: bool = False) -> QPushButton:
        button = QPushButton(text, self)
        if primary:
            button.setProperty("role", "primary")
        button.clicked.connect(lambda: getattr(self.window(), "actions_table").action(deed).trigger())  # noqa: B009  (the window owns the actions)
        return button

    def _recent_panel(self) -> QFrame:
        panel, inside = self._panel(say("Recent fieldbooks"))
        self._recent = QListWidget(panel)
        self._recent.setAccessibleName(say("Recent fieldbooks"))
        self._recent.setFrameShape(QFrame.Shape.NoFrame)
        self._recent.itemActivated.connect(self._on_recent)
        inside.addWidget(self._recent)
        self._no_recent = QLabel(say("Fieldbooks you open are listed here."), panel)
        self._no_recent.setWordWrap(True)
        self._no_recent.setProperty("role", "muted")
        inside.addWidget(self._no_recent)
        return panel

    def _holds_panel(self) -> QFrame:
        panel, inside = self._panel(say("This fieldbook"))
        self._holds = QLabel(panel)
        self._holds.setWordWrap(True)
        self._holds.setAlignment(Qt.AlignmentFlag.AlignTop)
        inside.addWidget(self._holds, 1)
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
        self._recent.clear()
        for folder in self.desk.settings.recent_fieldbooks:
            item = QListWidgetItem(Path(folder).name, self._recent)
            item.setToolTip(folder)
            item.setData(Qt.ItemDataRole.UserRole, folder)
        self._recent.setVisible(self._recent.count() > 0)
        self._no_recent.setVisible(self._recent.count() == 0)
        if store is None:
            self._holds.setText(say("No fieldbook is open."))
            return
        counts = [(store.reader().execute(f"SELECT count(*) FROM {table}").fetchone()[0], say(noun)) for table, noun in COUNTED]  # noqa: S608  (own table names)
        empty = not any(count for count, _ in counts)
        self._holds.setText(say("Nothing yet. Import recordings or record a session.") if empty else "\n".join(f"{count:,} {noun}" for count, noun in counts))

    @Slot(QListWidgetItem)
    def _on_recent(self, item: QListWidgetItem) -> None:
        self.desk.open(Path(item.data(Qt.ItemDataRole.UserRole)))
