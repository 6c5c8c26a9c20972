"""Which archive the fieldbook is made for, and what that archive will still ask for, in plain words. GUI thread; counting is done behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from fieldapp import completeness
from fieldapp.corpus.deposit.missing import Missing
from fieldapp.corpus.deposit.profiles import PROFILES
from fieldapp.gui.desk import Desk
from fieldapp.gui.theme import set_role
from fieldapp.gui.words import say, sayable
from fieldapp.store.store import Store

FIELDS = {
    "title": sayable("Title"),
    "description": sayable("Notes"),
    "licence": sayable("licence"),
    "depositor": sayable("depositor"),
    "date": sayable("Date"),
    "genre": sayable("Genre"),
    "place": sayable("Place"),
    "language": sayable("Variety with a code (ISO 639-3 or Glottocode)"),
    "speakers": sayable("Took part"),
    "equipment": sayable("Equipment"),
    "code": sayable("Code"),
    "gender": sayable("Gender"),
    "birth_year": sayable("Born in"),
    "languages": sayable("Languages"),
}
"""What archives ask for, as the cards call it."""
FIELDBOOK = ""
LETTERS = 14

Wanted = dict[str, list[str]]
"""Fields that are missing, by the id of the card."""


class ArchiveBar(QLabel):
    """Says what is missing of the whole; `use` is told what each card lacks. `choice` is where the archive is chosen, and has its own place."""

    def __init__(self, desk: Desk, use: Callable[[Wanted], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._use = desk, use
        self._asked = 0
        self.choice = QComboBox(parent)
        self.choice.setAccessibleName(say("Made for the archive"))
        self.choice.setToolTip(say("Made for the archive"))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(LETTERS)
        self.choice.addItem(say("no archive chosen"), "")
        for one in PROFILES:
            self.choice.addItem(one.title, one.name)
        self.choice.activated.connect(self._on_chosen)
        self.setWordWrap(True)
        self.hide()

    def refresh(self) -> None:
        """Count again."""
        store = self._desk.store
        if store is None:
            return
        self._asked += 1
        number = self._asked

        def done(found: tuple[str, list[Missing]]) -> None:
            if number == self._asked:
                self._show(*found)

        self.choice.setEnabled(not store.read_only)
        self._desk.run_behind(lambda _: _counted(store), done)

    def _show(self, archive: str, found: Sequence[Missing]) -> None:
        self.choice.setCurrentIndex(max(0, self.choice.findData(archive)))
        wanted: Wanted = {}
        for one in found:
            wanted.setdefault(one.of, []).append(say(FIELDS[one.field]))
        cards = len(wanted.keys() - {FIELDBOOK})
        if found:
            said = say("{count} cards lack something the archive asks for.", count=cards) if cards else ""
            lacks = ", ".join(wanted.get(FIELDBOOK, ()))
            of_book = say("The fieldbook itself: {fields} (Ctrl+K, “About this fieldbook”).", fields=lacks) if lacks else ""
            self.setText(f"{said} {of_book}".strip())
        else:
            self.setText(say("Nothing is missing."))
        set_role(self, "look" if found else "muted")
        self.setVisible(bool(archive))
        self._use(wanted)

    @Slot()
    def _on_chosen(self) -> None:
        store, archive = self._desk.store, self.choice.currentData()
        if store is not None:
            self._desk.run(lambda _: store.do(lambda tx: completeness.choose(tx, archive)), lambda _: None)


def _counted(store: Store) -> tuple[str, list[Missing]]:
    archive = completeness.chosen(store.reader())
    known = archive in {one.name for one in PROFILES}
    return (archive, completeness.lacking(store.reader(), archive)) if known else ("", [])
