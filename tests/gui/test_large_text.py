"""Text of twice its size on a small screen: no page has to be scrolled sideways, and no note is cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtWidgets import QApplication, QScrollArea, QTabBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.theme import dress
from fieldapp.gui.widgets import mic_panel
from fieldapp.gui.widgets.labels import CutLabel, WholeLabel
from fieldapp.gui.widgets.review_side import ReviewSide
from fieldapp.gui.widgets.sidebar import SideBar
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.store import people, segments, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui


def fill(tx: Transaction) -> None:
    session = sessions.ensure_session(tx, "S")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S.wav", rate=16000, channels=1, bits=16, frames=64000)
    sessions.add_recording(tx, master)
    segments.add_segments(tx, [Segment(id=SegmentId(new_id()), recording=master.id, span=Span(0, 16000), speaker=people.ensure_person(tx, "W1").id)])
    people.ensure_variety(tx, "Wu")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(mic_panel, "fresh_devices", lambda: {"input": []})
    with Store.create(tmp_path / "book", "book") as store:
        soundfile.write(tmp_path / "book" / "audio" / "S.wav", np.zeros(64000, np.int16), 16000)
        store.do(fill)
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    dress(application, "light", 200)
    made = MainWindow(Desk(Settings(language="en", theme="light", text_percent=200), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.desk.open(tmp_path / "book")
    yield made
    made.close()
    dress(application, "light", 100)


def sideways(page: QWidget) -> list[str]:
    return [type(area.parent()).__name__ for area in page.findChildren(QScrollArea) if area.isVisible() and area.horizontalScrollBar().maximum()]


@pytest.mark.parametrize("name", ["start", "record", "people", "export"])
def test_no_page_has_to_be_scrolled_sideways(window: MainWindow, qtbot: QtBot, name: str) -> None:
    window.show_page(name)
    qtbot.waitUntil(lambda: not window.desk.busy)
    QApplication.processEvents()
    assert window.width() <= 1280
    for tab in range(max((tabs.count() for tabs in window.page.findChildren(QTabBar)), default=1)):
        for tabs in window.page.findChildren(QTabBar):
            tabs.setCurrentIndex(tab)
        QApplication.processEvents()
        assert sideways(window.page) == []


def test_a_note_takes_as_much_room_as_its_text_needs(qtbot: QtBot) -> None:
    note = WholeLabel()
    qtbot.addWidget(note)
    note.resize(200, 20)
    note.show_text("a sentence that is much longer than the width it has, so that it needs several lines")
    assert note.minimumHeight() >= 3 * note.fontMetrics().lineSpacing()


def test_a_cut_line_says_the_rest_in_its_tool_tip(qtbot: QtBot) -> None:
    label = CutLabel()
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.setText("draft, not confirmed")
    label.grab()
    assert label.toolTip() == "draft, not confirmed"
    label.resize(400, 20)
    label.grab()
    assert label.toolTip() == ""


def test_words_stand_below_their_icons_where_the_window_is_narrow_for_its_text(window: MainWindow) -> None:
    bar = window.findChild(SideBar)
    assert bar is not None
    narrow = bar.sizeHint().width()
    window.resize(1920, 1200)
    QApplication.processEvents()
    assert narrow < 0.7 * bar.sizeHint().width()


def test_the_lists_of_review_are_chosen_in_two_rows_at_most(window: MainWindow, qtbot: QtBot) -> None:
    window.show_page("review")
    qtbot.waitUntil(lambda: not window.desk.busy)
    QApplication.processEvents()
    side = window.page.findChild(ReviewSide)
    assert side is not None
    assert len({button.y() for button in side.findChildren(QToolButton) if button.property("role") == "narrow"}) <= 2
