"""The bar of oral annotation: before, what is said aloud and by whom; then one sentence about what Space does now, and the level. GUI thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from fieldapp.gui.theme import Colours, set_role
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.widgets.meter import Meter
from fieldapp.gui.words import say
from fieldapp.session.oral import CAREFUL, TRANSLATION
from fieldapp.session.respeaking import Phase

STEPS = {Qt.Key.Key_R: "again", Qt.Key.Key_S: "skip", Qt.Key.Key_B: "back"}


class OralBar(QFrame):
    """While answers are recorded it has the keyboard: `space` says down or up, `step` again, skip or back, `stop` Escape."""

    start = Signal(str, str)
    space = Signal(bool)
    step = Signal(str)
    stop = Signal()

    def __init__(self, colours: Colours, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAccessibleName(say("Answer aloud"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._faces = QStackedLayout(self)
        self._faces.addWidget(self._before())
        self._faces.addWidget(self._during(colours))
        self.hide()

    def _before(self) -> QWidget:
        face = QWidget(self)
        column = QVBoxLayout(face)
        column.setContentsMargins(12, 8, 12, 8)
        self._kind = QComboBox(face)
        self._kind.setAccessibleName(say("What is said"))
        self._kind.view().setAccessibleName(say("What is said"))
        self._kind.addItem(say("Careful speech"), CAREFUL)
        self._kind.addItem(say("Spoken translation"), TRANSLATION)
        self._who = QComboBox(face)
        self._who.setEditable(True)
        self._who.setAccessibleName(say("Who speaks"))
        self._who.view().setAccessibleName(say("Who speaks"))
        edit = self._who.lineEdit()
        assert edit is not None
        edit.setPlaceholderText(say("Who speaks"))
        edit.setAccessibleName(say("Who speaks"))
        begin = QPushButton(say("Record answers"), face)
        begin.setProperty("role", "record")
        begin.clicked.connect(lambda: self.start.emit(str(self._kind.currentData()), self._who.currentText().strip()))
        cancel = QPushButton(say("Not now"), face)
        cancel.clicked.connect(self.stop)
        hint = QLabel(say("From this segment on, each is played; then Space records the answer. Use headphones."), face)
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        row = Flow(8)
        for widget in (self._kind, self._who, begin, cancel):
            row.addWidget(widget)
        column.addLayout(row)
        column.addWidget(hint)
        return face

    def _during(self, colours: Colours) -> QWidget:
        face = QWidget(self)
        column = QVBoxLayout(face)
        column.setContentsMargins(12, 8, 12, 8)
        row = QHBoxLayout()
        row.setSpacing(16)
        self._said = QLabel(face)
        self._said.setWordWrap(True)
        self._place = QLabel(face)
        self._place.setProperty("role", "muted")
        self.meter = Meter(colours, face)
        hint = QLabel(say("R hear again   S skip   B back   Esc end"), face)
        hint.setProperty("role", "muted")
        row.addWidget(self._said, 1)
        row.addWidget(self._place)
        column.addLayout(row)
        below = QHBoxLayout()
        below.setSpacing(16)
        below.addWidget(hint)
        below.addWidget(self.meter, 1)
        column.addLayout(below)
        return face

    def ask(self, speakers: Sequence[str], likely: str) -> None:
        """Ask what is said aloud, and by whom."""
        self._who.clear()
        self._who.addItems(list(speakers))
        self._who.setCurrentText(likely)
        self._faces.setCurrentIndex(0)
        self.show()
        self._kind.setFocus()

    def show_waiting(self) -> None:
        """The microphone is being opened."""
        self._faces.setCurrentIndex(1)
        self._said.setText(say("Opening the microphone ..."))
        set_role(self._said, "heading")
        self._place.clear()
        self.setFocus()

    def show_phase(self, phase: Phase, place: int, count: int) -> None:
        """What Space does now."""
        texts = {
            Phase.LISTENING: say("Listen. Space: enough heard"),
            Phase.READY: say("Hold Space and speak, or tap it to begin"),
            Phase.SPEAKING: say("● Speak. Let Space go, or tap it, when you are done"),
            Phase.OVER: say("That was the last one"),
        }
        self._faces.setCurrentIndex(1)
        self._said.setText(texts[phase])
        set_role(self._said, "recording" if phase is Phase.SPEAKING else "heading")
        self._place.setText(say("{place} of {count}", place=min(place + 1, count), count=count))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.stop.emit()
        elif self._faces.currentIndex() == 0 or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.space.emit(True)
        elif key in STEPS:
            self.step.emit(STEPS[key])

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self._faces.currentIndex() == 1:
            if not event.isAutoRepeat():
                self.space.emit(False)
        else:
            super().keyReleaseEvent(event)
