"""What one person allows: every word of theirs in order, a row to note a new one, and withdrawing, which first shows what it will touch. GUI thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QListWidget, QPushButton, QScrollArea, QVBoxLayout, QWidget

from fieldapp.erasure import Withdrawn, take_back
from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.card_kinds import day
from fieldapp.gui.widgets.flow import Flow
from fieldapp.gui.words import say, sayable, tell
from fieldapp.model import Consent, ConsentId, Person, new_id
from fieldapp.store import consent
from fieldapp.store.consent import Withdrawal
from fieldapp.store.handed import Handed, handed_over

PURPOSES = (
    ("archive", sayable("keeping it in an archive")),
    ("share", sayable("sharing it with colleagues")),
    ("publish", sayable("publishing it")),
    ("train", sayable("training a model")),
    ("search", sayable("being found in a search")),
    ("listen", sayable("being listened to here")),
    ("transcribe", sayable("being transcribed here")),
    (consent.ANYTHING, sayable("anything")),
)
LIST_PX = 132
ROOMY_LINES = 32
"""So wide, in heights of a line, are two fields with their names beside each other."""


class ConsentBox(QWidget):
    """Under the card of a person. Giving can be undone; withdrawing cannot."""

    noted = Signal()

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._person: Person | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(8)
        heading = QLabel(say("Consent"), self)
        heading.setProperty("role", "heading")
        layout.addWidget(heading)
        self._list = QListWidget(self)
        self._list.setAccessibleName(say("Consent"))
        self._list.setMaximumHeight(LIST_PX)
        layout.addWidget(self._list)
        self._nothing = QLabel(say("Nothing is noted. Until something is, everything stays on this computer and trains nothing."), self)
        self._nothing.setWordWrap(True)
        self._nothing.setProperty("role", "muted")
        layout.addWidget(self._nothing)
        layout.addLayout(self._giving())
        layout.addWidget(self._warning())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(2 if self.width() >= ROOMY_LINES * self.fontMetrics().height() else 1)

    def _arrange(self, pairs: int) -> None:
        """One or two fields beside each other, each with its name."""
        for number, (label, widget) in enumerate(self._fields):
            self._grid.addWidget(label, number // pairs, number % pairs * 2)
            self._grid.addWidget(widget, number // pairs, number % pairs * 2 + 1)
        self._grid.setColumnStretch(3, pairs - 1)

    def _giving(self) -> QVBoxLayout:
        both = QVBoxLayout()
        both.setSpacing(8)
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        self._purpose = QComboBox(self)
        self._purpose.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for name, title in PURPOSES:
            self._purpose.addItem(say(title), name)
        self._audience, self._until, self._evidence = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self._audience.setPlaceholderText(say("anyone"))
        self._until.setPlaceholderText(say("a last day, such as 2030-12-31, or none"))
        self._evidence.setPlaceholderText(say("where it can be heard or seen, such as audio/W1-consent.wav"))
        rows = ((say("Purpose"), self._purpose), (say("To whom"), self._audience), (say("Until"), self._until), (say("Evidence"), self._evidence))
        for label, widget in rows:
            widget.setAccessibleName(label)
        self._fields = [(QLabel(label, self), widget) for label, widget in rows]
        self._grid.setColumnStretch(1, 1)
        self._arrange(2)
        buttons, noting = QHBoxLayout(), Flow(8)
        self._give = QPushButton(say("Note: allowed"), self)
        self._refuse = QPushButton(say("Note: refused"), self)
        self._withdraw = QPushButton(say("Withdraw ..."), self)
        self._give.clicked.connect(lambda: self._note(allowed=True))
        self._refuse.clicked.connect(lambda: self._note(allowed=False))
        self._withdraw.clicked.connect(self._on_withdraw)
        for button in (self._give, self._refuse):
            noting.addWidget(button)
        buttons.addLayout(noting, 1)
        buttons.addWidget(self._withdraw, 0, Qt.AlignmentFlag.AlignBottom)
        both.addLayout(self._grid)
        both.addLayout(buttons)
        return both

    def _warning(self) -> QFrame:
        self._asking = QFrame(self)
        self._asking.setObjectName("message")
        self._asking.setProperty("role", "look")
        layout = QVBoxLayout(self._asking)
        layout.setContentsMargins(16, 12, 16, 12)
        self._will = QLabel(self._asking)
        self._will.setWordWrap(True)
        row = QHBoxLayout()
        self._keep = QPushButton(say("Keep everything as it is"), self._asking)
        self._really = QPushButton(say("Withdraw now"), self._asking)
        self._keep.clicked.connect(self._asking.hide)
        self._really.clicked.connect(self._on_really)
        row.addWidget(self._keep)
        row.addStretch()
        row.addWidget(self._really)
        layout.addWidget(self._will)
        layout.addLayout(row)
        self._asking.hide()
        return self._asking

    def show_person(self, person: Person | None) -> None:
        """Whose consent it is about; None hides everything."""
        if person is None or self._person is None or person.id != self._person.id:
            self._asking.hide()
        self._person = person
        self.setVisible(person is not None)
        store = self._desk.store
        if person is None or store is None:
            return
        self._list.clear()
        for said in consent.consents(store.reader(), person.id):
            self._list.addItem(sentence(said))
        self._list.setVisible(self._list.count() > 0)
        self._nothing.setVisible(self._list.count() == 0)
        for button in (self._give, self._refuse, self._withdraw):
            button.setEnabled(not store.read_only)

    def _note(self, *, allowed: bool) -> None:
        store, person = self._desk.store, self._person
        if store is None or person is None:
            return
        until = self._until.text().strip()
        if odd := day(until):
            self._desk.say(odd, "look")
            return
        said = Consent(
            id=ConsentId(new_id()),
            person=person.id,
            purpose=self._purpose.currentData(),
            allowed=allowed,
            audience=self._audience.text().strip() or consent.ANYONE,
            until=until or None,
            evidence=self._evidence.text().strip(),
        )

        def noted(_: None) -> None:
            self._evidence.clear()
            self._changed(person)

        self._desk.write(lambda tx: consent.give(tx, said), noted, undo=say("consent of {code}", code=person.code))

    def _changed(self, person: Person) -> None:
        if self._person is not None and self._person.id == person.id:
            self.show_person(person)
        self.noted.emit()

    @Slot()
    def _on_withdraw(self) -> None:
        """Show everything it will touch; nothing is done yet."""
        store, person, purpose = self._desk.store, self._person, self._purpose.currentData()
        if store is None or person is None:
            return

        def looked() -> tuple[Withdrawal, list[Handed]]:
            return consent.reach(store.reader(), person.id, purpose), handed_over(store.reader(), person.id)

        self._desk.run(lambda _: looked(), lambda found: self._warn(person, purpose, *found))

    def _warn(self, person: Person, purpose: str, would: Withdrawal, earlier: Sequence[Handed]) -> None:
        if self._person is None or (self._person.id, self._purpose.currentData()) != (person.id, purpose):
            return  # somebody else, or something else, was chosen meanwhile
        lines = [
            say("{code} withdraws consent for {purpose}. From then on:", code=person.code, purpose=self._purpose.currentText()),
            say("· {segments} segments with {texts} texts are held back; sound and texts stay.", segments=f"{would.segments:,}", texts=f"{would.texts:,}"),
            say("· {vectors} vectors and {frames} frame caches are deleted.", vectors=f"{would.vectors_deleted:,}", frames=f"{would.frames_deleted:,}"),
            say("· The history of edits is dropped: nothing done so far can be undone any more."),
        ]
        if earlier:
            lines += [say("· What left this fieldbook before must be called back by you:"), *(f"    {tell(str(one))}" for one in earlier)]
        self._will.setText("\n".join(lines))
        self._asking.show()
        self._keep.setFocus()
        QTimer.singleShot(0, self, self._show_warning)

    @Slot()
    def _show_warning(self) -> None:
        """Bring it into sight, once it has its place."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(self._really)

    @Slot()
    def _on_really(self) -> None:
        store, person = self._desk.store, self._person
        if store is None or person is None:
            return
        purpose, evidence = self._purpose.currentData(), self._evidence.text().strip()
        self._asking.hide()

        def done(taken: Withdrawn) -> str:
            self._changed(person)
            return str(taken.reached)

        self._desk.work(say("Consent"), lambda _: take_back(store, person.code, purpose, evidence=evidence), done)


def sentence(said: Consent) -> str:
    """One word of a person, to be read."""
    purpose = say(dict(PURPOSES).get(said.purpose, said.purpose))
    told = (
        say("{day}: allowed {purpose}", day=said.given[:10], purpose=purpose)
        if said.allowed
        else say("{day}: refused {purpose}", day=said.given[:10], purpose=purpose)
    )
    parts = [told, "" if said.audience == consent.ANYONE else say("to {audience}", audience=said.audience)]
    parts += [say("until {until}", until=said.until) if said.until else "", say("withdrawn {day}", day=said.withdrawn[:10]) if said.withdrawn else ""]
    parts += [say("one segment only") if said.segment else "", say("evidence: {evidence}", evidence=said.evidence) if said.evidence else ""]
    return ", ".join(part for part in parts if part)
