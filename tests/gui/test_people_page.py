"""The people page: cards are kept on leaving, odd codes are told, consent is noted, and a withdrawal shows first what it will touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp.gui import languages
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.people import PeopleCards, ThePage
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.store import consent, people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui


def fill(tx: Transaction) -> None:
    session = sessions.ensure_session(tx, "S")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S.wav", rate=16000, channels=1, bits=16, frames=64000)
    sessions.add_recording(tx, master)
    speaker = people.ensure_person(tx, "W1")
    sessions.take_part(tx, session.id, speaker.id)
    made = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(0, 16000), speaker=speaker.id)
    segments.add_segments(tx, [made])
    texts.set_text(tx, made.id, "transcription", "word")


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path) -> Iterator[ThePage]:
    with Store.create(tmp_path / "book", "book") as store:
        store.do(fill)
    window = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    qtbot.addWidget(window)
    window.show()
    window.desk.open(tmp_path / "book")
    window.show_page("people")
    assert isinstance(window.page, ThePage)
    yield window.page
    window.close()


def store_of(page: ThePage) -> Store:
    assert page.desk.store is not None
    return page.desk.store


def press(page: ThePage, text: str) -> None:
    next(one for one in page.findChildren(QPushButton) if one.text() == text and one.isVisible()).click()


def words(page: ThePage) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def test_what_is_typed_is_kept_on_leaving_the_page(page: ThePage) -> None:
    QTest.keyClicks(page.cards.card.line("name"), "Wang Fang")
    page.cards.card.line("birth_year").setText("1948")
    page.window().show_page("start")  # type: ignore[attr-defined]
    found = people.find_person(store_of(page).reader(), "W1")
    assert found is not None
    assert (found.name, found.birth_year) == ("Wang Fang", 1948)


def test_a_new_person_is_kept_by_the_keyboard_alone(page: ThePage) -> None:
    page.do("people.new")
    QTest.keyClicks(page.cards.card.line("code"), "K2")
    QTest.keyClick(page.cards.card.line("code"), Qt.Key.Key_Return)
    assert people.find_person(store_of(page).reader(), "K2") is not None
    assert page.cards.card.line("code").text() == "K2"


def test_a_year_that_is_no_number_keeps_the_page_and_says_so(page: ThePage) -> None:
    QTest.keyClicks(page.cards.card.line("birth_year"), "long ago")
    window = page.window()
    window.show_page("start")  # type: ignore[attr-defined]
    assert window.page is page  # type: ignore[attr-defined]
    assert "long ago" in window.message.text  # type: ignore[attr-defined]
    page.cards.card.line("birth_year").clear()


def test_two_people_never_get_the_same_code(page: ThePage) -> None:
    page.do("people.new")
    QTest.keyClicks(page.cards.card.line("code"), "W1")
    assert not page.leave()
    assert len(people.persons(store_of(page).reader())) == 1
    page.cards.card.line("code").setText("W2")
    assert page.leave()


def test_odd_codes_of_a_variety_are_told_and_kept(page: ThePage) -> None:
    page.do("people.next")
    page.do("people.new")
    card = page.cards.card
    for name, text in (("name", "Suzhou"), ("language", "xx-nonsense"), ("glottocode", "suzhou")):
        QTest.keyClicks(card.line(name), text)
        QTest.keyClick(card.line(name), Qt.Key.Key_Return)
    assert "Glottocodes are four letters and four digits" in words(page)
    assert "No known language code" in words(page)
    assert [v.glottocode for v in people.varieties(store_of(page).reader())] == ["suzhou"]


def test_people_join_and_leave_a_session(page: ThePage) -> None:
    store = store_of(page)
    store.do(lambda tx: people.ensure_person(tx, "H1"))
    page.do("people.next")
    page.do("people.next")
    line = page.cards.card.line("participants")
    assert line.text() == "W1"
    line.clear()
    QTest.keyClicks(line, "H1 as interviewer")
    assert page.leave()
    session = sessions.sessions(store.reader())[0]
    codes = {p.id: p.code for p in people.persons(store.reader())}
    assert [(codes[who], role) for who, role in sessions.participants(store.reader(), session.id)] == [("H1", "interviewer")]


def test_consent_is_noted_and_can_be_undone(page: ThePage, qtbot: QtBot) -> None:
    store = store_of(page)
    person = people.find_person(store.reader(), "W1")
    assert person is not None
    press(page, "Note: allowed")
    assert [(c.purpose, c.allowed) for c in consent.consents(store.reader(), person.id)] == [("archive", True)]
    page.desk.undo()
    qtbot.waitUntil(lambda: consent.consents(store.reader(), person.id) == [])


def test_a_withdrawal_shows_what_it_touches_before_it_does_anything(page: ThePage) -> None:
    store = store_of(page)
    person = people.find_person(store.reader(), "W1")
    assert person is not None
    press(page, "Note: allowed")
    press(page, "Withdraw ...")
    assert "1 segments with 1 texts are held back" in words(page)
    assert len(consent.consents(store.reader(), person.id)) == 1
    press(page, "Keep everything as it is")
    assert len(consent.consents(store.reader(), person.id)) == 1
    press(page, "Withdraw ...")
    press(page, "Withdraw now")
    said = consent.consents(store.reader(), person.id)
    assert said[0].withdrawn
    assert not said[-1].allowed


def test_consent_hides_while_a_new_card_was_never_kept(page: ThePage) -> None:
    page.do("people.new")
    assert isinstance(page.cards, PeopleCards)
    assert not page.cards.consent.isVisible()


@pytest.mark.parametrize(("typed", "code"), [("cantone", "yue"), ("etr-fonipa", "etr-fonipa"), ("wuu", "wuu"), ("Wu Chin", "wuu")])
def test_a_language_is_found_by_its_name_or_code(typed: str, code: str) -> None:
    assert code in dict(languages.matching(typed))


@pytest.mark.parametrize("typed", ["", "\x00", "zz zz", "%", "a" * 500])
def test_nonsense_finds_no_language_and_breaks_nothing(typed: str) -> None:
    assert languages.matching(typed) == []
