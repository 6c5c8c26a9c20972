"""The people page: who speaks and what they allow, the varieties they speak, the sessions they took part in. Everything typed is kept on leaving."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from fieldapp.corpus.glottolog import Glottolog
from fieldapp.gui.actions import Deed
from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import Page
from fieldapp.gui.widgets.archive_bar import ArchiveBar, Wanted
from fieldapp.gui.widgets.card_kinds import PersonKind, SessionKind, VarietyKind
from fieldapp.gui.widgets.cards import Cards
from fieldapp.gui.widgets.consent_box import ConsentBox
from fieldapp.gui.widgets.glottolog_box import GlottologBox
from fieldapp.gui.words import say
from fieldapp.model import Changed


class PeopleCards(Cards):
    """People, with their consent under the card."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(desk, PersonKind(), parent)
        self.consent = ConsentBox(desk, self)
        self.put_under(self.consent)

    def shown(self) -> None:
        self.consent.show_person(self.value)


class VarietyCards(Cards):
    """Varieties, with the catalogue of languages under the card."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        self._variety = VarietyKind()
        super().__init__(desk, self._variety, parent)
        self.glottolog = GlottologBox(desk, self._use, self)
        self.put_under(self.glottolog)

    def shown(self) -> None:
        if self.isVisible():
            self.glottolog.look()

    def _use(self, found: Glottolog) -> None:
        self._variety.glottolog = found
        self.card.judge()


class ThePage(Page):
    """Three lists of cards."""

    CARES = Changed.PEOPLE | Changed.VARIETIES | Changed.SESSIONS | Changed.CONSENT | Changed.SETTINGS
    DEEDS = (
        Deed("people.new", "New card", "Ctrl+Shift+N", page="people", needs="writable"),
        Deed("people.narrow", "Narrow the list", "Ctrl+F", page="people", needs="fieldbook"),
        Deed("people.next", "Next list", "Ctrl+PgDown", page="people", needs="fieldbook"),
    )

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 32, 16)
        self._tabs = QTabWidget(self)
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        self._tabs.tabBar().setAccessibleName(say("Lists"))
        self._tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._cards = (PeopleCards(desk, self), VarietyCards(desk, self), Cards(desk, SessionKind(), self))
        for cards, title in zip(self._cards, (say("People"), say("Varieties"), say("Sessions"))):
            self._tabs.addTab(cards, title)
        self._tabs.currentChanged.connect(self._on_tab)
        self._before = 0
        self._archive = ArchiveBar(desk, self._on_wanted, self)
        layout.setSpacing(12)
        self._tabs.setCornerWidget(self._archive.choice)
        layout.addWidget(self._tabs, 1)
        layout.addWidget(self._archive)

    @property
    def cards(self) -> Cards:
        """The list that is shown."""
        return self._cards[self._tabs.currentIndex()]

    def refresh(self) -> None:
        self.cards.refresh()  # the other lists when they are shown
        self._archive.refresh()

    def _on_wanted(self, wanted: Wanted) -> None:
        for cards in self._cards:
            cards.show_wanted(wanted)

    def do(self, deed: str) -> None:
        if deed == "people.new" and self.cards is self._cards[-1]:
            self.desk.say(say("Sessions come from recording and importing."))
        elif deed == "people.new":
            self.cards.add()
        elif deed == "people.narrow":
            self.cards.focus_list()
        else:
            self._tabs.setCurrentIndex((self._tabs.currentIndex() + 1) % self._tabs.count())

    def leave(self) -> bool:
        return all(cards.keep() for cards in self._cards)

    def _on_tab(self, number: int) -> None:
        if not self._cards[self._before].keep():
            self._tabs.setCurrentIndex(self._before)
            return
        self._before = number
        self.cards.refresh()
