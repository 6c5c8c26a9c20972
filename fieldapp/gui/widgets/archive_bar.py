"""Which archive the fieldbook is made for, and what that archive will still ask for, in plain words. GUI thread; counting is done behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

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

Wanted = dict[str, list[str]]
"""Fields that are missing, by the id of the card."""


class ArchiveBar(QWidget):
    """`use` is told what is missing, whenever that was counted."""

    def __init__(self, desk: Desk, use: Callable[[Wanted], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._use = desk, use
        self._asked = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self._archive = QComboBox(self)
        self._archive.setAccessibleName(say("Made for the archive"))
        self._archive.addItem(say("no archive chosen"), "")
        for one in PROFILES:
            self._archive.addItem(one.title, one.name)
        self._archive.activated.connect(self._on_chosen)
        self._said = QLabel(self)
        self._said.setProperty("role", "muted")
        self._said.setWordWrap(True)
        row.addWidget(QLabel(say("Made for the archive"), self))
        row.addWidget(self._archive)
        row.addWidget(self._said, 1)

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

        self._archive.setEnabled(not store.read_only)
        self._desk.run(lambda _: _counted(store), done)

    def _show(self, archive: str, found: Sequence[Missing]) -> None:
        self._archive.setCurrentIndex(max(0, self._archive.findData(archive)))
        wanted: Wanted = {}
        for one in found:
            wanted.setdefault(one.of, []).append(say(FIELDS[one.field]))
        cards = len(wanted.keys() - {FIELDBOOK})
        if not archive:
            said = say("Choose one, and the cards say what it will ask for.")
        elif not found:
            said = say("Nothing is missing.")
        else:
            said = say("{count} cards lack something the archive asks for.", count=cards) if cards else ""
            of_book = say("The fieldbook itself: {fields}.", fields=", ".join(wanted[FIELDBOOK])) if FIELDBOOK in wanted else ""
            said = f"{said} {of_book}".strip()
        self._said.setText(said)
        set_role(self._said, "look" if found else "muted")
        self._use(wanted)

    @Slot()
    def _on_chosen(self) -> None:
        store, archive = self._desk.store, self._archive.currentData()
        if store is not None:
            self._desk.run(lambda _: store.do(lambda tx: completeness.choose(tx, archive)), lambda _: None)


def _counted(store: Store) -> tuple[str, list[Missing]]:
    archive = completeness.chosen(store.reader())
    known = archive in {one.name for one in PROFILES}
    return (archive, completeness.lacking(store.reader(), archive)) if known else ("", [])
