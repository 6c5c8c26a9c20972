"""Below the tiers: all takes of a prompt by one speaker, with the best one to choose, and what was answered aloud to the segment. GUI thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from fieldapp.gui.review.lines import Answer, Line
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.words import say
from fieldapp.session.oral import CAREFUL


class TakesRow(QWidget):
    """Empty, and without height, for a segment that has neither."""

    take_chosen = Signal(str)
    answer_chosen = Signal(str)
    best_chosen = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._row = Flow()
        self._row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(self._row)
        self.hide()

    def show_takes(self, takes: Sequence[Line], current: str, answers: Sequence[Answer]) -> None:
        """Those of the current segment."""
        while self._row.count():
            item = self._row.takeAt(0)
            old = item.widget() if item is not None else None
            if old is not None:
                old.hide()
                old.deleteLater()
        if len(takes) > 1:
            for take in takes:
                self._add_take(take, current)
            self._button(say("This one is best"), say("This one is best")).clicked.connect(self.best_chosen)
        for answer in answers:
            self._add_answer(answer)
        self.setVisible(bool(self._row.count()))

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
