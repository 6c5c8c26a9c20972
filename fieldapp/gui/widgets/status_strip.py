"""The strip under every page: whether it records and for how long, the fieldbook, the disk, the model. GUI thread; it pulls."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.models import installed
from fieldapp.gui.theme import set_role
from fieldapp.gui.words import say

RECORDING_MS = 200
CALM_MS = 5000
LITTLE_BYTES = 5 * 10**9


class StatusStrip(QWidget):
    """Red only while something is recorded or lost; amber where somebody should look."""

    asked = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._slow = 0
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        self._recording = QPushButton(self)
        self._recording.setProperty("role", "badge")
        self._recording.setAccessibleName(say("Go to the recording"))
        self._recording.clicked.connect(lambda: self.asked.emit("page.record"))
        self._recording.hide()
        self._where, self._disk, self._model, self._lag = (QLabel(self) for _ in range(4))
        self._working = QPushButton(self)
        self._working.setProperty("role", "plain")
        self._working.setAccessibleName(say("What is going on"))
        self._working.clicked.connect(lambda: self.asked.emit("jobs"))
        self._working.hide()
        for widget in (self._recording, self._working, self._where, self._disk, self._model, self._lag):
            row.addWidget(widget)
        row.addStretch()
        hint = QLabel(say("Ctrl+1–6 pages   Ctrl+K finds every command"), self)
        row.addWidget(hint)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start(CALM_MS)
        desk.conditions_changed.connect(self.refresh)
        desk.settings_changed.connect(self.refresh)
        desk.works.changed.connect(self._on_works)

    @Slot()
    def refresh(self) -> None:
        """Look at everything again."""
        self._set_pace()
        store = self._desk.store
        self._where.setText(store.folder.name if store else say("no fieldbook open"))
        try:
            free = shutil.disk_usage(store.folder if store else Path.home()).free
        except OSError:
            free = 0
        self._disk.setText(say("{gigabytes} GB free", gigabytes=f"{free / 1e9:.0f}" if free >= LITTLE_BYTES else f"{free / 1e9:.1f}"))
        set_role(self._disk, "look" if free < LITTLE_BYTES else "")
        name = self._desk.settings.model
        self._model.setText(say("model: {name}", name=name) if installed(name) else say("no speech model"))
        self._show_recording()

    def _set_pace(self) -> None:
        self._timer.setInterval(RECORDING_MS if "recording" in self._desk.conditions() or self._desk.works.running else CALM_MS)

    @Slot()
    def _on_works(self) -> None:
        self._set_pace()
        self._show_works()

    def _show_works(self) -> None:
        """The one that began first, how far it is, and how many more there are."""
        running = self._desk.works.running
        self._working.setVisible(bool(running))
        if running:
            share = running[0].job.progress[0]
            far = f"  {share:.0%}" if share >= 0 else ""
            more = f"  +{len(running) - 1}" if running[1:] else ""
            self._working.setText(f"{running[0].title}{far}{more}")

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()

    @Slot()
    def _on_tick(self) -> None:
        self._slow += self._timer.interval()
        if self._slow >= CALM_MS:
            self._slow = 0
            self.refresh()
        else:
            self._show_recording()
            self._show_works()

    def _show_recording(self) -> None:
        state = self._desk.recorded()
        self._recording.setVisible(state is not None)
        if state is not None:
            self._recording.setText(f"●  {say('REC')}  {state.clock}" if not state.trouble else say("not recording: {why}", why=state.trouble))
            self._recording.setAccessibleDescription(state.clock)
        lag = state.lag if state is not None else ""
        self._lag.setText(lag)
        self._lag.setVisible(bool(lag))
