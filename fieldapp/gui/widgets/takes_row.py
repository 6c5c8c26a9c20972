"""Below the tiers: which prompt was answered, all takes of it by one speaker, with the best one to choose, and what was answered aloud. GUI thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from fieldapp.gui.review.lines import Answer, Line
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.widgets.labels import CutLabel
from fieldapp.gui.words import say
from fieldapp.session.oral import CAREFUL


class TakesRow(QWidget):
    """Empty, and without height, for a segment that has nothing of it."""

    take_chosen = Signal(str)
    answer_chosen = Signal(str)
    best_chosen = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._prompt = CutLabel(self)
        self._row = Flow()
        column.addWidget(self._prompt)
        column.addLayout(self._row)
        self.hide()

    def show_takes(self, line: Line | None, takes: Sequence[Line], answers: Sequence[Answer]) -> None:
        """Those of the current segment."""
        while self._row.count():
            item = self._row.takeAt(0)
            old = item.widget() if item is not None else None
            if old is not None:
                old.hide()
                old.deleteLater()
        self._show_prompt(line)
        if line is not None and len(takes) > 1:
            for take in takes:
                self._add_take(take, line.segment)
            self._button(say("This one is best"), say("This one is best")).clicked.connect(self.best_chosen)
        for answer in answers:
            self._add_answer(answer)
        self.setVisible(bool(self._row.count()) or not self._prompt.isHidden())

    def _show_prompt(self, line: Line | None) -> None:
        """Of a list that was answered word by word nobody remembers which word this is."""
        asked = say("Prompt: {prompt}", prompt=line.prompt) if line is not None and line.prompt else ""
        marked = say("⚑ marked while recording") if line is not None and line.marked else ""
        self._prompt.setText("   ".join(part for part in (asked, marked) if part))
        self._prompt.setVisible(bool(asked or marked))

    def _add_take(self, take: Line, current: str) -> None:
        text = say("Take {number}", number=take.take) + (" ★" if take.best else "")
        button = self._button(text, text + (" " + say("best") if take.best else ""))
        button.setCheckable(True)
        button.setChecked(take.segment == current)
        button.clicked.connect(lambda _checked=False, segment=take.segment: self.take_chosen.emit(segment))

    def _add_answer(self, answer: Answer) -> None:
        kind = say("careful speech") if answer.kind == CAREFUL else say("spoken translation")
        named = " ".join(part for part in (kind, str(answer.take), answer.speaker) if part)
        button = self._button(f"▶ {named}" + (" ★" if answer.best and answer.take > 1 else ""), say("Play: {answer}", answer=named))
        button.clicked.connect(lambda _checked=False, segment=answer.segment: self.answer_chosen.emit(segment))

    def _button(self, text: str, named: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setAccessibleName(named)
        button.setProperty("role", "tool")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard in the typing field
        self._row.addWidget(button)
        return button
