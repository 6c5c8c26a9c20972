"""What is asked and how: a word typed, a word spoken or a sound file dropped, and the four ways to look. GUI thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.short_recording import Heard, ShortRecording
from fieldapp.gui.theme import set_role
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.words import say, sayable

LONGEST_S = 20.0
MODES = {"words": sayable("Words"), "meaning": sayable("Meaning"), "sound": sayable("Sound"), "hybrid": sayable("Hybrid")}
ABOUT = {
    "words": sayable("Texts that hold what is typed"),
    "meaning": sayable("What means the same as a text, a voice or a hit"),
    "sound": sayable("What sounds like a voice or a hit"),
    "hybrid": sayable("Every way at once"),
}


class AskBar(QWidget):
    """`asked` comes with another way to look, `typed` while somebody types, `sounded` with a file to be heard, `forgotten` when it is no longer asked with."""

    typed = Signal()
    asked = Signal()
    entered = Signal()
    sounded = Signal(object)
    forgotten = Signal()

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self.mode = "words"
        self.setAcceptDrops(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(self._typing())
        layout.addLayout(self._ways())
        self.recording = ShortRecording(desk, self)
        self.recording.heard.connect(self._on_heard)
        self.recording.failed.connect(self._on_ended)
        self.choose("words")

    def showEvent(self, event: QShowEvent) -> None:
        """Whoever comes here wants to type; what stands there is replaced by it."""
        super().showEvent(event)
        if not event.spontaneous():
            self.field.setFocus()
            self.field.selectAll()

    def _typing(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(say("A word in any tier, script or language"))
        self.field.setAccessibleName(say("Search"))
        self.field.setClearButtonEnabled(True)
        self.field.setAcceptDrops(False)  # a dropped sound is for the bar
        self.field.textChanged.connect(self.typed)
        self.field.returnPressed.connect(self.entered)
        self._speak = QPushButton(say("Speak"), self)
        self._speak.setToolTip(say("Say what you look for; press again to end. A sound file can be dropped here, too."))
        self._speak.clicked.connect(self.speak)
        self._file = QPushButton(say("Sound file …"), self)
        self._file.clicked.connect(self.choose_file)
        row.addWidget(self.field, 1)
        row.addWidget(self._speak)
        row.addWidget(self._file)
        return row

    def _ways(self) -> Flow:
        self.ways = row = Flow(12)
        self._buttons: dict[str, QToolButton] = {}
        for name, title in MODES.items():
            button = QToolButton(self)
            button.setText(say(title))
            button.setToolTip(say(ABOUT[name]))
            button.setCheckable(True)
            button.setProperty("role", "tool")
            button.clicked.connect(partial(self._on_way, name))
            self._buttons[name] = button
            row.addWidget(button)
        self._sound = QPushButton(self)
        self._sound.setToolTip(say("Forget the sound that is asked with"))
        self._sound.clicked.connect(self.forgotten)
        row.addWidget(self._sound)
        self.show_sound("")
        return row

    def choose(self, mode: str) -> None:
        """Another way to look."""
        self.mode = mode
        for name, button in self._buttons.items():
            button.setChecked(name == mode)

    def show_sound(self, name: str) -> None:
        """Name the voice or segment that is asked with; empty for none."""
        self._sound.setText(f"✕  {name}")
        self._sound.setVisible(bool(name))

    def write(self, text: str) -> None:
        """Put a text into the field, without asking."""
        self.field.blockSignals(True)
        self.field.setText(text)
        self.field.blockSignals(False)

    @Slot()
    def speak(self) -> None:
        """Record a query from the chosen microphone, or end it."""
        if self.recording.running:
            self.recording.finish()
        elif self._desk.recorded() is not None:
            self._desk.say(say("A recording is running and needs the microphone. Drop a sound file instead."), "look")
        else:
            self._speak.setText(say("Speak now; press again to end"))
            set_role(self._speak, "record")
            self.recording.start("", LONGEST_S)

    @Slot()
    def choose_file(self) -> None:
        """A sound file as the query."""
        chosen, _ = QFileDialog.getOpenFileName(self, say("A sound to look for"))
        if chosen:
            self.sounded.emit(Path(chosen))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        urls = event.mimeData().urls()
        if len(urls) == 1 and Path(urls[0].toLocalFile()).is_file():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.sounded.emit(Path(event.mimeData().urls()[0].toLocalFile()))

    def _on_way(self, name: str) -> None:
        self.choose(name)
        self.asked.emit()

    @Slot(object)
    def _on_heard(self, heard: Heard) -> None:
        self._on_ended()
        self.sounded.emit(heard.path)

    @Slot()
    def _on_ended(self) -> None:
        self._speak.setText(say("Speak"))
        set_role(self._speak, "")
