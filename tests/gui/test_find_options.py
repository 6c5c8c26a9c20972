"""What lies behind the find page's buttons: filters, order, saved searches, the basket, why a hit was found; and when a question is asked anew."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile
from finding.toybook import STEPS, toy
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from fieldapp import cli
from fieldapp.audio.render import Clip
from fieldapp.finding.question import SAME_MEANING as ORDERS
from fieldapp.finding.question import SPREADS as WAYS
from fieldapp.gui.desk import Desk
from fieldapp.gui.find.asker import Asker
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.find import ThePage
from fieldapp.gui.widgets.ask_bar import AskBar
from fieldapp.gui.widgets.basket_bar import BasketBar
from fieldapp.gui.widgets.evidence_view import EvidenceView
from fieldapp.gui.widgets.find_options import SAME_MEANING, SPREADS, FindOptions
from fieldapp.gui.widgets.hit_list import HitList
from fieldapp.model import Hit, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.store import consent, people, saved, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
RATE = 16000
W = TypeVar("W", bound=QWidget)
SAID = (("W1", "2024-05-01", "sun one"), ("W1", "2024-05-01", "sun two"), ("W1", "2024-05-01", "sun three"), ("K2", "2026-01-02", "the sun here four"))


def fill(tx: Transaction) -> None:
    for number, (code, date, text) in enumerate(SAID):
        session = sessions.find_session(tx.db, date) or Session(id=SessionId(new_id()), name=date, date=date)
        if sessions.find_session(tx.db, date) is None:
            sessions.add_session(tx, session)
        path = f"audio/{number}.wav"
        master = Recording(id=RecordingId(new_id()), session=session.id, path=path, rate=RATE, channels=1, bits=16, frames=RATE)
        sessions.add_recording(tx, master)
        made = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(0, RATE), speaker=people.ensure_person(tx, code).id)
        segments.add_segments(tx, [made])
        texts.set_text(tx, made.id, "transcription", text)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with Store.create(tmp_path / "book", "book") as store:
        for number in range(len(SAID)):
            soundfile.write(tmp_path / "book" / "audio" / f"{number}.wav", np.zeros(RATE, np.int16), RATE)
        store.do(fill)
    with opened(qtbot, tmp_path) as made:
        yield made


@contextlib.contextmanager
def opened(qtbot: QtBot, folder: Path) -> Iterator[MainWindow]:
    made = MainWindow(Desk(Settings(language="en"), folder / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    made.desk.open(folder / "book")
    made.show_page("find")
    yield made
    made.close()


def part(window: MainWindow, kind: type[W]) -> W:
    found = window.page.findChild(kind)
    assert isinstance(found, kind)
    return found


def shown(window: MainWindow) -> list[str]:
    return [match.hit.text for match in part(window, HitList)._hits.matches]


def button(window: MainWindow, text: str) -> QAbstractButton:
    return next(one for one in window.page.findChildren(QAbstractButton) if one.text().startswith(text))


def box(window: MainWindow, name: str) -> QComboBox:
    return next(one for one in window.page.findChildren(QComboBox) if one.accessibleName() == name)


def line(window: MainWindow, name: str) -> QLineEdit:
    return next(one for one in window.page.findChildren(QLineEdit) if one.accessibleName() == name)


def pick(box: QComboBox, wanted: str) -> None:
    row = next(row for row in range(box.count()) if wanted in box.itemText(row))
    box.setCurrentIndex(row)
    box.activated.emit(row)


def says(window: MainWindow, words: str) -> bool:
    return any(words in label.text() for label in window.page.findChildren(QLabel) if label.isVisible())


def search(window: MainWindow, qtbot: QtBot, text: str, hits: int) -> None:
    part(window, AskBar).field.setText(text)
    qtbot.waitUntil(lambda: len(shown(window)) == hits)


def the_store(window: MainWindow) -> Store:
    assert window.desk.store is not None
    return window.desk.store


def test_every_order_of_the_search_is_offered() -> None:
    assert set(SPREADS) == set(WAYS)
    assert set(SAME_MEANING) == set(ORDERS)


def test_options_are_folded_and_what_is_chosen_stays_in_sight(window: MainWindow, qtbot: QtBot) -> None:
    assert not part(window, FindOptions).isVisible()
    search(window, qtbot, "sun", 4)
    QTest.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert part(window, FindOptions).isVisible()
    pick(box(window, "All speakers"), "K2")
    qtbot.waitUntil(lambda: shown(window) == ["the sun here four"])
    button(window, "Options").click()
    assert not part(window, FindOptions).isVisible()
    assert says(window, "K2")


def test_the_best_of_every_speaker_comes_first(window: MainWindow, qtbot: QtBot) -> None:
    search(window, qtbot, "sun", 4)
    assert shown(window).index("the sun here four") > 1
    pick(box(window, "Order"), "every speaker")
    qtbot.waitUntil(lambda: "the sun here four" in shown(window)[:2])


def test_days_narrow_and_what_is_no_day_is_told(window: MainWindow, qtbot: QtBot) -> None:
    search(window, qtbot, "sun", 4)
    button(window, "Options").click()
    QTest.keyClicks(line(window, "from day"), "2025")
    QTest.keyClick(line(window, "from day"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown(window) == ["the sun here four"])
    line(window, "from day").setText("last year")
    QTest.keyClick(line(window, "from day"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: says(window, "Dates look like"))
    assert shown(window) == []


def test_a_search_is_saved_asked_again_and_forgotten(window: MainWindow, qtbot: QtBot) -> None:
    store = the_store(window)
    search(window, qtbot, "sun", 4)
    button(window, "Options").click()
    qtbot.waitUntil(lambda: box(window, "All speakers").count() == 3)
    pick(box(window, "All speakers"), "W1")
    pick(box(window, "Order"), "every variety")
    qtbot.waitUntil(lambda: len(shown(window)) == 3)
    QTest.keyClicks(line(window, "a name for this search"), "suns of W1")
    QTest.keyClick(line(window, "a name for this search"), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "suns of W1" in saved.saved_searches(store.reader()))
    pick(box(window, "All speakers"), "All")
    search(window, qtbot, "four", 1)
    qtbot.waitUntil(lambda: box(window, "Saved searches").count() == 2)
    pick(box(window, "Saved searches"), "suns of W1")
    qtbot.waitUntil(lambda: len(shown(window)) == 3)
    assert (part(window, AskBar).field.text(), box(window, "All speakers").currentText()) == ("sun", "W1")
    button(window, "Forget it").click()
    qtbot.waitUntil(lambda: saved.saved_searches(store.reader()) == {})


def test_a_search_the_window_saved_is_asked_again_on_the_command_line(window: MainWindow, qtbot: QtBot, capsys: pytest.CaptureFixture[str]) -> None:
    store = the_store(window)
    search(window, qtbot, "sun", 4)
    part(window, FindOptions).saving.emit("suns")
    qtbot.waitUntil(lambda: "suns" in saved.saved_searches(store.reader()))
    assert cli.main(["search", str(store.folder), "--saved", "suns", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 4


def test_a_search_without_a_name_is_a_sentence(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.desk.said, check_params_cb=lambda _level, text: "name" in text):
        part(window, FindOptions).saving.emit("")


def test_the_basket_is_filled_looked_into_and_emptied(window: MainWindow, qtbot: QtBot) -> None:
    store = the_store(window)
    search(window, qtbot, "two", 1)
    button(window, "Into the basket").click()
    qtbot.waitUntil(lambda: button(window, "Basket").text() == "Basket: 1")
    search(window, qtbot, "sun", 4)
    QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: shown(window) == ["sun two"])
    assert part(window, BasketBar).isVisible()
    button(window, "Take the hit out").click()
    qtbot.waitUntil(lambda: shown(window) == [] and saved.basket(store.reader()) == [])
    button(window, "Basket").click()
    qtbot.waitUntil(lambda: len(shown(window)) == 4)


def test_a_basket_is_emptied_only_when_asked_twice(window: MainWindow, qtbot: QtBot) -> None:
    store = the_store(window)
    found = store.reader().execute("SELECT id FROM segment").fetchall()
    store.do(lambda tx: saved.add_to_basket(tx, [SegmentId(row[0]) for row in found]))
    button(window, "Basket").click()
    qtbot.waitUntil(lambda: len(shown(window)) == 4)
    button(window, "Empty the basket").click()
    assert saved.baskets(store.reader()) == {"basket": 4}
    button(window, "Really empty it").click()
    qtbot.waitUntil(lambda: saved.baskets(store.reader()) == {})


def test_what_a_withdrawn_speaker_said_is_not_shown_in_the_basket(window: MainWindow, qtbot: QtBot) -> None:
    store = the_store(window)
    found = store.reader().execute("SELECT id FROM segment").fetchall()
    store.do(lambda tx: saved.add_to_basket(tx, [SegmentId(row[0]) for row in found]))
    who = people.find_person(store.reader(), "K2")
    assert who is not None
    store.do(lambda tx: consent.withdraw(tx, who.id, consent.ANYTHING))
    button(window, "Basket").click()
    qtbot.waitUntil(lambda: len(shown(window)) == 3)
    assert says(window, "1 more are held back")


def test_a_basket_goes_to_the_export_page_alone(window: MainWindow, qtbot: QtBot) -> None:
    store = the_store(window)
    search(window, qtbot, "two", 1)
    button(window, "Into the basket").click()
    qtbot.waitUntil(lambda: saved.baskets(store.reader()) == {"basket": 1})
    button(window, "Basket").click()
    qtbot.waitUntil(lambda: button(window, "Hand over").isEnabled())
    button(window, "Hand over").click()
    qtbot.waitUntil(lambda: window.page.objectName() == "export")
    qtbot.waitUntil(lambda: box(window, "What").currentText() == "the basket “basket”: 1 segments")
    formats = part(window, QListWidget)
    formats.setCurrentRow(next(row for row in range(formats.count()) if formats.item(row).data(Qt.ItemDataRole.UserRole) == "csv"))
    qtbot.waitUntil(lambda: says(window, "of 1 segments may leave"))
    pick(box(window, "What for"), "my own work")
    out = store.folder.parent / "given"
    line(window, "Folder").setText(str(out))
    window.page.do("export.run")
    qtbot.waitUntil(lambda: any(out.rglob("*.csv")))
    written = "".join(one.read_text(encoding="utf-8-sig") for one in out.rglob("*.csv"))
    assert "sun two" in written
    assert "sun one" not in written


def test_a_commit_that_changes_what_is_shown_asks_anew_and_another_does_not(window: MainWindow, qtbot: QtBot) -> None:
    store = the_store(window)
    search(window, qtbot, "sun", 4)
    asker = part_of(window)
    store.do(lambda tx: people.ensure_variety(tx, "Wu"))
    segment = store.reader().execute("SELECT segment FROM annotation WHERE text = 'sun two'").fetchone()[0]
    store.do(lambda tx: texts.set_text(tx, segment, "transcription", "moon two"))
    qtbot.waitUntil(lambda: len(shown(window)) == 3)
    before = asker.question
    store.do(lambda tx: saved.save_search(tx, "x", {}))
    QTest.qWait(50)
    assert not asker._again.isActive()
    assert asker.question is before


def test_a_page_behind_another_asks_nothing_until_it_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    store = the_store(window)
    search(window, qtbot, "sun", 4)
    window.show_page("start")
    segment = store.reader().execute("SELECT segment FROM annotation WHERE text = 'sun two'").fetchone()[0]
    store.do(lambda tx: texts.set_text(tx, segment, "transcription", "moon two"))
    QTest.qWait(50)
    page = window._pages["find"]
    assert isinstance(page, ThePage)
    assert not page._asker._again.isActive()
    window.show_page("find")
    qtbot.waitUntil(lambda: len(shown(window)) == 3)


def part_of(window: MainWindow) -> Asker:
    assert isinstance(window.page, ThePage)
    return window.page._asker


def test_why_a_hit_was_found_is_drawn_and_its_stretch_played(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = toy(tmp_path / "book")
    book.store.close()
    soundfile.write(tmp_path / "book" / "audio" / "toy.wav", np.zeros(RATE, np.int16), RATE)
    with opened(qtbot, tmp_path) as window:
        played: list[Clip] = []
        monkeypatch.setattr(window.desk.listening, "play", played.extend)
        assert isinstance(window.page, ThePage)
        window.page._like = next(iter(book.said.values()))
        part(window, AskBar).choose("meaning")
        window.page._on_search()
        qtbot.waitUntil(lambda: len(shown(window)) > 3)
        QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: says(window, "is what sounds most like the query"))
        strip = part(window, EvidenceView).strip
        assert [len(row.seconds) for row in strip._rows] == [STEPS // 2] * 2
        assert "Frame by frame" in strip.accessibleDescription()
        assert not strip.grab().isNull()
        hit: Hit = part(window, HitList)._hits.matches[0].hit
        button(window, "Play what sounds alike").click()
        assert all(hit.span.start <= clip.span.start < clip.span.stop <= hit.span.stop for clip in played)


def test_what_was_found_by_words_says_so(window: MainWindow, qtbot: QtBot) -> None:
    search(window, qtbot, "two", 1)
    button(window, "Why?").click()
    qtbot.waitUntil(lambda: says(window, "Found by words, whose marks say it"))
    search(window, qtbot, "nothing at all", 0)
    qtbot.waitUntil(lambda: says(window, "Choose a hit"))
