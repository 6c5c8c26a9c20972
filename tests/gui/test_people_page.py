"""The people page: cards are kept on leaving, odd codes are told, consent is noted, and a withdrawal shows first what it will touch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp import paths
from fieldapp.gui import languages
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.people import PeopleCards, ThePage, VarietyCards
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


def test_what_is_typed_is_kept_on_leaving_the_page(page: ThePage, qtbot: QtBot) -> None:
    QTest.keyClicks(page.cards.card.line("name"), "Wang Fang")
    page.cards.card.line("birth_year").setText("1948")
    page.window().show_page("start")  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: [(one.name, one.birth_year) for one in people.persons(store_of(page).reader())] == [("Wang Fang", 1948)])


def test_a_card_that_is_looked_at_again_before_it_is_written_shows_what_was_typed(page: ThePage, qtbot: QtBot) -> None:
    store = store_of(page)
    store.do(lambda tx: people.ensure_person(tx, "H1"))
    qtbot.waitUntil(lambda: page.cards._list.count() == 2)
    page.cards._list.setCurrentRow(1)
    QTest.keyClicks(page.cards.card.line("name"), "Wang Fang")
    gate = threading.Event()
    store.write(lambda _: gate.wait(20))
    page.cards._list.setCurrentRow(0)
    assert page.cards.card.line("name").text() == ""
    page.cards._list.setCurrentRow(1)
    assert page.cards.card.line("name").text() == "Wang Fang"
    gate.set()
    qtbot.waitUntil(lambda: [one.name for one in people.persons(store.reader())] == ["", "Wang Fang"])


def test_a_card_that_could_not_be_written_comes_back_with_what_was_typed(page: ThePage, qtbot: QtBot) -> None:
    store = store_of(page)
    store.do(lambda tx: people.ensure_person(tx, "H1"))
    qtbot.waitUntil(lambda: page.cards._list.count() == 2)
    page.cards._list.setCurrentRow(1)
    QTest.keyClicks(page.cards.card.line("name"), "Wang Fang")
    line = page.cards.card.line("code")
    line.setText("K2")
    gate = threading.Event()

    def taken_meanwhile(tx: Transaction) -> None:
        gate.wait(20)
        people.ensure_person(tx, "K2")

    store.write(taken_meanwhile)
    page.cards._list.setCurrentRow(0)
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda _level, text: "already somebody with the code K2" in text):
        gate.set()
    qtbot.waitUntil(lambda: line.text() == "K2")
    assert page.cards.card.line("name").text() == "Wang Fang"
    assert page.cards.card.changed
    line.setText("K3")
    assert page.leave()
    qtbot.waitUntil(lambda: {one.code: one.name for one in people.persons(store.reader())} == {"H1": "", "K2": "", "K3": "Wang Fang"})


def test_a_new_person_is_kept_by_the_keyboard_alone(page: ThePage, qtbot: QtBot) -> None:
    page.do("people.new")
    QTest.keyClicks(page.cards.card.line("code"), "K2")
    QTest.keyClick(page.cards.card.line("code"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: people.find_person(store_of(page).reader(), "K2") is not None)
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


def test_odd_codes_of_a_variety_are_told_and_kept(page: ThePage, qtbot: QtBot) -> None:
    page.do("people.next")
    page.do("people.new")
    card = page.cards.card
    for name, text in (("name", "Suzhou"), ("language", "xx-nonsense"), ("glottocode", "suzhou")):
        QTest.keyClicks(card.line(name), text)
        QTest.keyClick(card.line(name), Qt.Key.Key_Return)
    assert "Glottocodes are four letters and four digits" in words(page)
    assert "No known language code" in words(page)
    qtbot.waitUntil(lambda: [v.glottocode for v in people.varieties(store_of(page).reader())] == ["suzhou"])


def test_people_join_and_leave_a_session(page: ThePage, qtbot: QtBot) -> None:
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
    qtbot.waitUntil(lambda: [(codes[who], role) for who, role in sessions.participants(store.reader(), session.id)] == [("H1", "interviewer")])


def test_consent_is_noted_and_can_be_undone(page: ThePage, qtbot: QtBot) -> None:
    store = store_of(page)
    person = people.find_person(store.reader(), "W1")
    assert person is not None
    press(page, "Note: allowed")
    qtbot.waitUntil(lambda: [(c.purpose, c.allowed) for c in consent.consents(store.reader(), person.id)] == [("archive", True)])
    page.desk.undo()
    qtbot.waitUntil(lambda: consent.consents(store.reader(), person.id) == [])


def test_a_withdrawal_shows_what_it_touches_before_it_does_anything(page: ThePage, qtbot: QtBot) -> None:
    store = store_of(page)
    person = people.find_person(store.reader(), "W1")
    assert person is not None
    press(page, "Note: allowed")
    qtbot.waitUntil(lambda: len(consent.consents(store.reader(), person.id)) == 1)
    press(page, "Withdraw ...")
    qtbot.waitUntil(lambda: "1 segments with 1 texts are held back" in words(page))
    assert len(consent.consents(store.reader(), person.id)) == 1
    press(page, "Keep everything as it is")
    assert len(consent.consents(store.reader(), person.id)) == 1
    press(page, "Withdraw ...")
    qtbot.waitUntil(lambda: any(one.text() == "Withdraw now" and one.isVisible() for one in page.findChildren(QPushButton)))
    press(page, "Withdraw now")
    qtbot.waitUntil(lambda: bool(consent.consents(store.reader(), person.id)[0].withdrawn))
    assert not consent.consents(store.reader(), person.id)[-1].allowed


def test_a_card_that_was_changed_is_put_back_by_undo_and_changed_again_by_redo(page: ThePage, qtbot: QtBot) -> None:
    store = store_of(page)
    page.cards.card.line("name").setFocus()
    QTest.keyClicks(page.cards.card.line("name"), "Wang Fang")
    assert page.leave()
    page.desk.undo()
    qtbot.waitUntil(lambda: [one.name for one in people.persons(store.reader())] == [""])
    qtbot.waitUntil(lambda: page.cards.card.line("name").text() == "")
    page.desk.redo()
    qtbot.waitUntil(lambda: [one.name for one in people.persons(store.reader())] == ["Wang Fang"])
    assert "the card of W1" in page.window().message.text  # type: ignore[attr-defined]


def test_who_left_a_session_is_back_after_undo(page: ThePage, qtbot: QtBot) -> None:
    store = store_of(page)
    page.do("people.next")
    page.do("people.next")
    line = page.cards.card.line("participants")
    QTest.keyClicks(line, ", ")
    line.clear()
    QTest.keyClicks(line, " ")
    assert page.leave()
    session = sessions.sessions(store.reader())[0]
    qtbot.waitUntil(lambda: sessions.participants(store.reader(), session.id) == [])
    page.desk.undo()
    qtbot.waitUntil(lambda: len(sessions.participants(store.reader(), session.id)) == 1)


def test_somebody_new_is_not_undone_from_under_a_segment(page: ThePage, qtbot: QtBot) -> None:
    store = store_of(page)
    page.do("people.new")
    QTest.keyClicks(page.cards.card.line("code"), "K2")
    assert page.leave()
    qtbot.waitUntil(lambda: people.find_person(store.reader(), "K2") is not None)
    made = people.find_person(store.reader(), "K2")
    assert made is not None
    segment = segments.segments(store.reader(), store.reader().execute("SELECT id FROM recording").fetchone()[0])[0]
    store.do(lambda tx: segments.update_segment(tx, replace(segment, speaker=made.id)))
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda _level, text: "belongs to it by now" in text):
        page.desk.undo()
    assert people.find_person(store.reader(), "K2") is not None


def test_glottolog_is_loaded_from_a_file_and_then_checks_and_fills(page: ThePage, qtbot: QtBot, tmp_path: Path) -> None:
    table = tmp_path / "languages.csv"
    table.write_text("Glottocode,Name,ISO639P3code,Latitude,Longitude\naaaa1111,Suzhou,wuu,31.3,120.6\n", encoding="utf-8")
    page.do("people.next")
    assert isinstance(page.cards, VarietyCards)
    kind = page.cards._variety
    page.cards.glottolog.load(table)
    qtbot.waitUntil(lambda: kind.glottolog is not None)
    page.do("people.new")
    card = page.cards.card
    QTest.keyClicks(card.line("name"), "Suzhou")
    QTest.keyClicks(card.line("glottocode"), "zzzz9999")
    QTest.keyClick(card.line("glottocode"), Qt.Key.Key_Return)
    assert "does not know this code" in words(page)
    card.line("glottocode").clear()
    assert kind._languoids("suz") == ["aaaa1111   Suzhou"]
    kind._choose(card, "aaaa1111")
    assert [card.line(name).text() for name in ("glottocode", "iso639_3", "latitude", "longitude")] == ["aaaa1111", "wuu", "31.3", "120.6"]
    assert (paths.data() / "glottolog.csv").is_file()


def test_a_file_that_is_no_glottolog_is_a_sentence_and_changes_nothing(page: ThePage, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "languages.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    page.do("people.next")
    assert isinstance(page.cards, VarietyCards)
    with qtbot.waitSignal(page.desk.said, check_params_cb=lambda _level, text: "no columns Glottocode and Name" in text):
        page.cards.glottolog.load(tmp_path / "languages.csv")
    assert not (paths.data() / "glottolog.csv").exists()


def test_cards_say_what_the_chosen_archive_will_ask_for(page: ThePage, qtbot: QtBot) -> None:
    archive = next(one for one in page.findChildren(QComboBox) if one.accessibleName() == "Made for the archive")
    archive.setCurrentIndex(archive.findData("elar"))
    archive.activated.emit(archive.currentIndex())
    qtbot.waitUntil(lambda: "The archive will ask for: Gender, Born in, Languages" in words(page))
    assert page.cards._list.item(0).text() == "W1   (3 missing)"
    page.cards.card.line("gender").setFocus()
    QTest.keyClicks(page.cards.card.line("gender"), "f")
    assert page.leave()
    qtbot.waitUntil(lambda: "The archive will ask for: Born in, Languages" in words(page))
    archive.setCurrentIndex(0)
    archive.activated.emit(0)
    qtbot.waitUntil(lambda: "The archive will ask for" not in words(page))


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
