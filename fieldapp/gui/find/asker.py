"""Asks the fieldbook's questions in the background and listens to the newest answer only. Lives in the GUI thread and never waits in it.

An answer is asked for anew only when rows changed that could change it, at most once in a while: a recording that goes on commits
several times a minute, and a search by meaning takes more than one by words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from fieldapp.errors import FieldError
from fieldapp.gui.desk import Desk
from fieldapp.gui.words import told
from fieldapp.jobs import Job, Progress
from fieldapp.model import Changed

if TYPE_CHECKING:
    from fieldapp.finding.question import Answer, Question

CALM_MS = 250
"""An answer that takes longer is announced."""
WORDS = Changed.ANNOTATIONS | Changed.SEGMENTS | Changed.PEOPLE | Changed.VARIETIES | Changed.SESSIONS | Changed.CONSENT
"""What an answer by words depends on; others depend on vectors, too."""
WORDS_MS, ELSE_MS = 500, 4000
"""So long is waited after a change before the question is asked anew; whatever changes meanwhile waits with it."""


class Asker(QObject):
    """`answered` comes with the question and its answer, `refused` with a sentence, `slow` when somebody should be told to wait."""

    answered = Signal(object, object)
    refused = Signal(str)
    slow = Signal()

    def __init__(self, desk: Desk, page: QWidget) -> None:
        super().__init__(page)
        self._desk, self._page = desk, page
        self._number = 0
        self._job: Job | None = None
        self.question: Question | None = None
        """What was asked last, for as long as nothing else is."""
        self._stale = False
        self._calm, self._again = QTimer(self), QTimer(self)
        for timer, then in ((self._calm, self.slow), (self._again, self._on_again)):
            timer.setSingleShot(True)
            timer.timeout.connect(then)
        self._calm.setInterval(CALM_MS)
        desk.rows_changed.connect(self._on_rows)

    def ask(self, question: Question) -> None:
        """Another question; whatever was asked before is no longer wanted."""
        self._start(question)
        self._calm.start()

    def listen(self, work: Callable[[Progress], object], then: Callable[[Any], None]) -> None:
        """Something else that leads to a question, such as hearing a voice."""
        self.forget()
        self._behind(work, then)
        self._calm.start()

    def forget(self) -> None:
        """Nothing is asked any more."""
        self._number += 1
        self.question = None
        self._stale = False
        for timer in (self._calm, self._again):
            timer.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def catch_up(self) -> None:
        """The page is seen again: ask anew what changed while it was not."""
        if self._stale:
            self._wait()

    def _start(self, question: Question) -> None:
        finding = self._desk.finding
        self.forget()
        if finding is not None:
            self.question = question
            self._behind(lambda _: finding.answer(question), lambda answer: self._on_answer(question, answer))

    def _behind(self, work: Callable[[Progress], object], then: Callable[[Any], None]) -> None:
        number = self._number

        def done(found: object) -> None:
            if number == self._number:
                self._calm.stop()
                then(found)

        def failed(trouble: Exception) -> None:
            if not isinstance(trouble, FieldError):
                self._desk.fail(trouble)
            elif number == self._number:
                self._calm.stop()
                self.refused.emit(told(trouble))

        self._job = self._desk.run(work, done, failed)

    def _on_answer(self, question: Question, answer: Answer) -> None:
        self.answered.emit(question, answer)

    @Slot(object)
    def _on_rows(self, changed: Changed) -> None:
        if self.question is not None and changed & (WORDS if self._by_words else WORDS | Changed.VECTORS):
            self._stale = True
            if self._page.isVisible():
                self._wait()

    @property
    def _by_words(self) -> bool:
        return self.question is not None and self.question.query.mode == "words"

    def _wait(self) -> None:
        if not self._again.isActive():
            self._again.start(WORDS_MS if self._by_words else ELSE_MS)

    @Slot()
    def _on_again(self) -> None:
        if self._job is not None and not self._job.over:  # the answer on its way may be old by then, too
            self._wait()
        elif self.question is not None and self._page.isVisible():
            self._start(self.question)
