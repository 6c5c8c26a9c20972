"""The find page: what is typed is found while typing, shown with its marks, and played."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QListView
from pytestqt.qtbot import QtBot

from fieldapp.audio.render import Clip
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.review import ThePage as ReviewPage
from fieldapp.gui.widgets.hits import ROLE, marked
from fieldapp.model import Hit, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
RATE = 16000
SAID = ("天气很好", "tʰiɛn˥ tɕʰi˥˩", "شمس sun ʔaʃ-ʃams", "the weather is <fine> & dry")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    folder = tmp_path / "book"
    with Store.create(folder, "book") as store:
        soundfile.write(folder / "audio" / "S.wav", np.zeros(10 * RATE, np.int16), RATE)
        store.do(fill)
    made = MainWindow(Desk(Settings(), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    made.desk.open(folder)
    made.show_page("find")
    yield made
    made.close()


def fill(tx: Transaction) -> None:
    session = Session(id=SessionId(new_id()), name="S")
    sessions.add_session(tx, session)
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S.wav", rate=RATE, channels=1, bits=16, frames=10 * RATE)
    sessions.add_recording(tx, master)
    for number, text in enumerate(SAID):
        speaker = people.ensure_person(tx, f"W{number}")
        segment = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(number * RATE, (number + 1) * RATE), speaker=speaker.id, state="checked")
        segments.add_segments(tx, [segment])
        texts.set_text(tx, segment.id, "transcription", text)


def sought(window: MainWindow, text: str) -> QListView:
    field = window.page.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setText(text)
    found = window.page.findChild(QListView, "hits")
    assert isinstance(found, QListView)
    return found


def shown(found: QListView) -> list[Hit]:
    model = found.model()
    return [model.index(row, 0).data(ROLE) for row in range(model.rowCount())]


@pytest.mark.parametrize(("typed", "text"), [("气", SAID[0]), ("ɕʰi", SAID[1]), ("شمس", SAID[2]), ("WEATHER", SAID[3])])
def test_any_script_is_found_while_it_is_typed(window: MainWindow, qtbot: QtBot, typed: str, text: str) -> None:
    found = sought(window, typed)
    qtbot.waitUntil(lambda: [hit.text for hit in shown(found)] == [text])


def test_only_the_newest_question_is_answered(window: MainWindow, qtbot: QtBot) -> None:
    for typed in ("t", "th", "the"):
        sought(window, typed)
    found = sought(window, "the weather")
    qtbot.waitUntil(lambda: [hit.text for hit in shown(found)] == [SAID[3]])
    QTest.qWait(200)
    assert len(shown(found)) == 1


def test_nothing_found_says_what_to_try(window: MainWindow, qtbot: QtBot) -> None:
    sought(window, "zebra")
    qtbot.waitUntil(lambda: any("Nothing found" in label.text() for label in window.page.findChildren(QLabel)))


def test_enter_plays_the_very_span_that_was_found(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Clip] = []
    monkeypatch.setattr(window.desk.listening, "play", played.extend)
    found = sought(window, "شمس")
    qtbot.waitUntil(lambda: len(shown(found)) == 1)
    found.setFocus()
    QTest.keyClick(found, Qt.Key.Key_Return)
    assert [clip.span for clip in played] == [Span(2 * RATE, 3 * RATE)]


def test_marks_are_bold_and_markup_in_the_text_is_text() -> None:
    hit = Hit(segment=SegmentId("s"), recording=RecordingId("r"), span=Span(0, 1), rate=1, path="", text="<i> sun & rain", marks=((4, 7),))
    assert marked(hit, draft=False) == "&lt;i&gt; <b>sun</b> &amp; rain"


def test_hits_paint_in_every_script(window: MainWindow, qtbot: QtBot) -> None:
    found = sought(window, "s")
    qtbot.waitUntil(lambda: len(shown(found)) >= 1)
    assert not found.grab().isNull()


def test_a_hit_is_shown_on_the_review_page_and_the_question_stays(window: MainWindow, qtbot: QtBot) -> None:
    found = sought(window, "شمس")
    qtbot.waitUntil(lambda: [hit.text for hit in shown(found)] == [SAID[2]])
    window.actions_table.action("find.review").trigger()
    qtbot.waitUntil(lambda: isinstance(window.page, ReviewPage))
    review = window.page
    assert isinstance(review, ReviewPage)
    qtbot.waitUntil(lambda: review.shown.line is not None and review.shown.line.texts["transcription"].text == SAID[2])
    window.show_page("find")
    assert [hit.text for hit in shown(found)] == [SAID[2]]
