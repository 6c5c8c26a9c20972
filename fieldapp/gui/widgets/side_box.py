"""What dialogs that first look and then do have in common: a sentence, a body, progress, buttons. Never modal: a recording goes on. GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.words import say, tell, told
from fieldapp.jobs import Job, Progress

LOOK_MS = 150
STEPS = 1000


class SideBox(QDialog):
    """Work runs behind; closing the box stops it. `body` is where the rest goes, `buttons` the row below."""

    def __init__(self, desk: Desk, title: str, parent: QWidget, *, size: tuple[int, int] = (720, 520)) -> None:
        super().__init__(parent)
        self.desk = desk
        self._job: Job | None = None
        self.setWindowTitle(title)
        self.resize(*size)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        self.said = QLabel(self)
        self.said.setWordWrap(True)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        self._bar = QProgressBar(self)
        self._bar.setAccessibleName(say("Progress"))
        self._bar.hide()
        self.buttons = QHBoxLayout()
        self.buttons.addStretch()
        self.closing = QPushButton(say("Close"), self)
        self.closing.clicked.connect(self.close)
        self.buttons.addWidget(self.closing)
        layout.addWidget(self.said)
        layout.addLayout(self.body, 1)
        layout.addWidget(self._bar)
        layout.addLayout(self.buttons)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._on_look)

    def add_button(self, text: str, then: Callable[[], None], *, role: str = "") -> QPushButton:
        """One more, before the one that closes."""
        button = QPushButton(text, self)
        button.setProperty("role", role)
        button.clicked.connect(then)
        self.buttons.insertWidget(self.buttons.count() - 1, button)
        return button

    def begin(self, work: Callable[[Progress], Any], done: Callable[[Any], None], *, title: str = "") -> None:
        """Do something behind, with its progress in sight. With a title it writes, and is seen with all long work."""

        def over(result: object) -> None:
            self._rest()
            done(result)

        def told_over(result: object) -> str:
            over(result)
            return self.said.text()

        if title:
            self._job = self.desk.works.begin(title, work, told_over, self._on_failed, self._rest)
        else:
            self._job = self.desk.run(work, over, self._on_failed)
        self._bar.setRange(0, 0)
        self._bar.show()
        self._timer.start()

    def _rest(self) -> None:
        self._timer.stop()
        self._bar.hide()

    def _on_failed(self, trouble: Exception) -> None:
        self._rest()
        self.said.setText(told(trouble))
        self.desk.fail(trouble)

    @Slot()
    def _on_look(self) -> None:
        if self._job is not None:
            share, doing = self._job.progress
            self._bar.setRange(0, 0 if share < 0 else STEPS)
            self._bar.setValue(round(share * STEPS))
            self._bar.setFormat(tell(doing))

    def done(self, result: int) -> None:
        if self._job is not None:
            self._job.cancel()
        self._timer.stop()
        super().done(result)
