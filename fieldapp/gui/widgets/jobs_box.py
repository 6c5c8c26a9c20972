"""What is going on: every long work with how far it is, a way to stop it, and what came of those that are over. GUI thread; it looks, nobody tells it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.theme import set_role
from fieldapp.gui.words import say, tell
from fieldapp.gui.works import FAILED, RUNNING, Work

LOOK_MS = 200
WIDTH_PX, HEIGHT_PX = 560, 320
STEPS = 1000


class JobsBox(QDialog):
    """The newest first; never modal, so that a recording goes on under it."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self.setWindowTitle(say("What is going on"))
        self.resize(WIDTH_PX, HEIGHT_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        self._nothing = QLabel(say("Nothing is going on. Importing, exporting and making vectors are listed here while they run."), self)
        self._nothing.setWordWrap(True)
        self._nothing.setProperty("role", "muted")
        layout.addWidget(self._nothing)
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(0, 1)
        layout.addLayout(self._grid)
        layout.addStretch()
        row = QHBoxLayout()
        close = QPushButton(say("Close"), self)
        close.clicked.connect(self.close)
        row.addStretch()
        row.addWidget(close)
        layout.addLayout(row)
        self._bars: list[tuple[Work, QProgressBar]] = []
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._on_look)
        desk.works.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        """One row for each."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._bars = []
        for row, work in enumerate(reversed(self._desk.works.all)):
            self._add(2 * row, work)
        self._nothing.setVisible(not self._desk.works.all)
        self._timer.start() if self._bars else self._timer.stop()
        self._on_look()

    def _add(self, row: int, work: Work) -> None:
        title = QLabel(work.title, self)
        title.setProperty("role", "heading")
        self._grid.addWidget(title, row, 0)
        if work.state == RUNNING:
            bar, stop = QProgressBar(self), QPushButton(say("Stop"), self)
            bar.setAccessibleName(work.title)
            stop.setAccessibleName(say("Stop: {title}", title=work.title))
            stop.clicked.connect(partial(self._on_stop, work))
            self._grid.addWidget(stop, row, 1)
            self._grid.addWidget(bar, row + 1, 0, 1, 2)
            self._bars.append((work, bar))
        else:
            said = QLabel(work.said, self)
            said.setWordWrap(True)
            set_role(said, "look" if work.state == FAILED else "muted")
            self._grid.addWidget(said, row + 1, 0, 1, 2)

    def _on_stop(self, work: Work) -> None:
        work.job.cancel()

    @Slot()
    def _on_look(self) -> None:
        for work, bar in self._bars:
            share, doing = work.job.progress
            bar.setRange(0, 0 if share < 0 else STEPS)
            bar.setValue(round(share * STEPS))
            bar.setFormat(tell(doing))

    def done(self, result: int) -> None:
        self._timer.stop()
        super().done(result)
