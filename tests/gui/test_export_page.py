"""The export page: it says beforehand what may leave, writes what may, and tells what stayed and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtWidgets import QLabel, QListWidget, QPlainTextEdit
from pytestqt.qtbot import QtBot

from fieldapp.corpus.exporters import EXPORTERS
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.export import ThePage
from fieldapp.model import Consent, ConsentId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.store import consent, people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
RATE = 16000


def fill(tx: Transaction) -> None:
    session = Session(id=SessionId(new_id()), name="S")
    sessions.add_session(tx, session)
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S.wav", rate=RATE, channels=1, bits=16, frames=4 * RATE)
    sessions.add_recording(tx, master)
    for number, code in enumerate(("W1", "W2")):
        speaker = people.ensure_person(tx, code)
        made = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(number * RATE, (number + 1) * RATE), speaker=speaker.id, state="checked")
        segments.add_segments(tx, [made])
        texts.set_text(tx, made.id, "transcription", f"word {number}")
    allowed = people.ensure_person(tx, "W1")
    consent.give(tx, Consent(id=ConsentId(new_id()), person=allowed.id, purpose="archive", allowed=True))


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path) -> Iterator[ThePage]:
    folder = tmp_path / "book"
    with Store.create(folder, "book") as store:
        soundfile.write(folder / "audio" / "S.wav", np.zeros(4 * RATE, np.int16), RATE)
        store.do(fill)
    window = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    qtbot.addWidget(window)
    window.show()
    window.desk.open(folder)
    window.show_page("export")
    assert isinstance(window.page, ThePage)
    yield window.page
    window.close()


def words(page: ThePage) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel))


def test_it_says_beforehand_how_much_may_leave(page: ThePage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "1 of 2 segments may leave" in words(page))


def test_a_training_set_counts_only_those_who_allow_training(page: ThePage, qtbot: QtBot) -> None:
    listed = page.findChildren(QListWidget)[0]
    listed.setCurrentRow([name for name, _ in EXPORTERS].index("kaldi"))
    qtbot.waitUntil(lambda: "0 of 2 segments may leave" in words(page))


def test_every_format_of_the_registry_is_offered_by_its_title(page: ThePage, qtbot: QtBot) -> None:
    listed = page.findChildren(QListWidget)[0]
    assert listed.count() == len(EXPORTERS)
    qtbot.waitUntil(lambda: "ELAN" in listed.item(0).text())


def test_an_export_writes_what_may_leave_and_tells_what_stayed(page: ThePage, qtbot: QtBot, tmp_path: Path) -> None:
    page._folder.setText(str(tmp_path / "out"))
    page.do("export.run")
    report = page.findChild(QPlainTextEdit)
    assert isinstance(report, QPlainTextEdit)
    qtbot.waitUntil(lambda: "Consent held back" in report.toPlainText(), timeout=20_000)
    assert "W2 has not allowed 'archive'" in report.toPlainText()
    assert [path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_a_folder_inside_the_fieldbook_is_refused_and_nothing_is_written(page: ThePage, qtbot: QtBot, tmp_path: Path) -> None:
    page._folder.setText(str(tmp_path / "book" / "out"))
    page.do("export.run")
    report = page.findChild(QPlainTextEdit)
    assert isinstance(report, QPlainTextEdit)
    qtbot.waitUntil(lambda: "inside the fieldbook" in report.toPlainText(), timeout=20_000)
    assert not (tmp_path / "book" / "out").exists()
    assert page._button.isEnabled()
