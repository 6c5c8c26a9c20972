"""Before recording: who speaks, which variety, what is asked, which microphone; and what an earlier start left to be done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QFileDialog, QFormLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.recording import PROMPT_LISTS, Wanted, place_of_list
from fieldapp.gui.widgets.consent_panel import ConsentPanel
from fieldapp.gui.widgets.mic_panel import MicPanel
from fieldapp.gui.widgets.scrolled import scrolled
from fieldapp.gui.words import say, tell, told
from fieldapp.prompts import read_prompts

FROM_FILE = "*"
ROOMY_LINES = 46
PROBLEMS = 2
"""So many of what is odd in a list are told before recording; all of them then."""


class RecordSetup(QWidget):
    """Asks as little as possible: everything may stay empty but the wish to record."""

    start = Signal(object)
    take_over = Signal()
    mend = Signal()

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._writable = self._busy = self._short = False
        self._desk = desk
        self._allowed: Mapping[str, int] = {}
        outer = QVBoxLayout(scrolled(self))
        outer.setContentsMargins(48, 40, 48, 40)
        outer.setSpacing(16)
        title = QLabel(say("Record a session"), self)
        title.setProperty("role", "title")
        outer.addWidget(title)
        outer.addWidget(self._left_over())
        panel = QFrame(self)
        panel.setObjectName("panel")
        form = QFormLayout(panel)
        form.setContentsMargins(24, 24, 24, 24)
        form.setSpacing(12)
        self._speaker = self._choice(say("Speaker"), form, editable=True)
        self._speaker.lineEdit().setPlaceholderText(say("a code, such as W1; never the name"))  # type: ignore[union-attr]  # editable, so it has one
        self._variety = self._choice(say("Variety"), form, editable=True)
        self._variety.lineEdit().setPlaceholderText(say("the language or dialect, by any name"))  # type: ignore[union-attr]  # editable, so it has one
        self._prompts = self._choice(say("Prompts"), form)
        self._prompts.addItem(say("None: free conversation"), "")
        for name in PROMPT_LISTS:
            self._prompts.addItem(name, name)
        self._prompts.addItem(say("From a file ..."), FROM_FILE)
        self._prompts.activated.connect(self._on_prompts)
        self._listed = QLabel(self)
        self._listed.setProperty("role", "muted")
        self._listed.setWordWrap(True)
        form.addRow(self._listed)
        form.setRowVisible(self._listed, False)
        self._form = form
        self.consent = ConsentPanel(desk, self)  # before the microphone, as Tab goes: down the left, then the right
        self.mic = MicPanel(desk, self)
        self._speaker.currentTextChanged.connect(self._on_speaker)
        for part in (self.mic, self.consent):
            part.busy.connect(self._on_short)
        columns = self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        columns.setSpacing(16)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column, widgets in ((left, (panel, self.consent)), (right, (self.mic,))):
            column.setSpacing(16)
            for widget in widgets:
                column.addWidget(widget)
            column.addStretch()
            columns.addLayout(column, 1)
        outer.addLayout(columns)
        row = QHBoxLayout()
        self._button = QPushButton(say("Record"), self)
        self._button.setProperty("role", "record")
        self._button.setToolTip("Ctrl+R")
        self._button.clicked.connect(self._on_start)
        row.addWidget(self._button)
        hint = QLabel(say("Ctrl+R records. Two seconds from before the key are kept. Nothing ends a recording but you."), self)
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        row.addWidget(hint, 1)
        outer.addLayout(row)
        outer.addStretch(1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._speaker.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side, or one below the other where the text is large for the window."""
        super().resizeEvent(event)
        roomy = self.width() >= ROOMY_LINES * self.fontMetrics().height()
        self._columns.setDirection(QBoxLayout.Direction.LeftToRight if roomy else QBoxLayout.Direction.TopToBottom)

    def _choice(self, name: str, form: QFormLayout, *, editable: bool = False) -> QComboBox:
        box = QComboBox(self)
        box.setEditable(editable)
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        form.addRow(name, box)
        return box

    def _left_over(self) -> QWidget:
        self._left = QFrame(self)
        row = QHBoxLayout(self._left)
        row.setContentsMargins(0, 0, 0, 0)
        self._left_text = QLabel(self._left)
        self._left_text.setProperty("role", "look")
        self._go_on = QPushButton(say("Go on with it"), self._left)
        self._go_on.clicked.connect(self.take_over)
        self._mend = QPushButton(say("Close it"), self._left)
        self._mend.clicked.connect(self.mend)
        for widget in (self._left_text, self._go_on, self._mend):
            row.addWidget(widget)
        row.addStretch()
        self._left.hide()
        return self._left

    def offer(self, speakers: list[str], varieties: list[str], allowed: Mapping[str, int], *, writable: bool) -> None:
        """Who and what the fieldbook knows, and how much each has allowed; what was typed stays."""
        self._allowed = allowed
        for box, names in ((self._speaker, speakers), (self._variety, varieties)):
            typed = box.currentText()
            box.clear()
            box.addItems(names)
            box.setEditText(typed)
        self._writable = writable
        self._button.setEnabled(self.ready)
        self.mic.first_look()
        self._on_speaker()

    def left_behind(self, alive: bool, crashed: int) -> None:
        """A recording that is still going on, or masters that were never closed."""
        self._left.setVisible(alive or crashed > 0)
        self._left_text.setText(
            say("A recording of this fieldbook is still going on.") if alive else say("{count} recordings were cut off; their sound is safe.", count=crashed)
        )
        self._go_on.setVisible(alive)
        self._mend.setVisible(not alive)

    def set_busy(self, busy: bool) -> None:
        """While the microphone opens, a second press does nothing."""
        self._busy = busy
        self._button.setEnabled(self.ready)
        self._button.setText(say("One moment ...") if busy else say("Record"))

    @property
    def ready(self) -> bool:
        """Whether a recording can begin: nothing else uses the microphone, and the fieldbook can be written."""
        return self._writable and not self._busy and not self._short

    def wanted(self) -> Wanted:
        """What was chosen."""
        prompts = self._prompts.currentData() or ""
        return Wanted(self._speaker.currentText().strip(), self._variety.currentText().strip(), "" if prompts == FROM_FILE else prompts, self.mic.device)

    def close_sound(self) -> None:
        """The window closes: remove what was recorded on trial."""
        self.mic.close_sound()
        self.consent.close_sound()

    def offer_prompts(self, path: Path) -> None:
        """Choose a list that lies in a file."""
        self._prompts.insertItem(self._prompts.count() - 1, path.name, str(path))
        self._prompts.setCurrentIndex(self._prompts.count() - 2)
        self._tell_prompts()

    @Slot()
    def _on_prompts(self) -> None:
        if self._prompts.currentData() == FROM_FILE:
            self._prompts.setCurrentIndex(0)
            chosen, _ = QFileDialog.getOpenFileName(self, say("A list of prompts"), "", say("Tables (*.csv *.tsv *.json *.txt)"))
            self._prompts.setFocus()
            if chosen:
                self.offer_prompts(Path(chosen))
                return
        self._tell_prompts()

    def _tell_prompts(self) -> None:
        """How many there are, or why the list cannot be read; before somebody sits there and waits."""
        place = place_of_list(self.wanted().prompts)
        self._form.setRowVisible(self._listed, False)
        if place is None:
            return

        def show(sentence: str) -> None:
            if place_of_list(self.wanted().prompts) == place:
                self._listed.setText(sentence)
                self._form.setRowVisible(self._listed, True)

        self._desk.run_behind(
            lambda _: read_prompts(place),
            lambda found: show(" ".join([say("{count} prompts.", count=f"{len(found.items):,}"), *map(tell, found.problems[:PROBLEMS])])),
            lambda trouble: show(told(trouble)),
        )

    @Slot()
    def _on_speaker(self) -> None:
        code = self._speaker.currentText().strip()
        self.consent.ask(code=code, device=self.mic.device, allowed=self._allowed.get(code, 0))

    @Slot(bool)
    def _on_short(self, busy: bool) -> None:
        """One microphone, one recording: while it is tested nothing else begins."""
        self._short = busy
        self._button.setEnabled(self.ready)
        for part in (self.mic, self.consent):
            part.setEnabled(not busy or part.recording.running or part is self.sender())

    @Slot()
    def _on_start(self) -> None:
        self.start.emit(self.wanted())
