"""The small dialogs: a merge with its conflicts three ways, sound that is missing, answers that were doubted, an archive that is dropped."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QListWidget, QPlainTextEdit, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot

from fieldapp.elicitation.events import DOUBT, DOUBT_DISMISSED
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.widgets.book_box import BookBox
from fieldapp.gui.widgets.doubts_box import DoubtsBox
from fieldapp.gui.widgets.import_box import ImportBox
from fieldapp.gui.widgets.merge_box import KEY, MergeBox
from fieldapp.gui.widgets.missing_box import MissingBox
from fieldapp.model import Event, EventId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.store import about, backup, people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
B = TypeVar("B", bound=QDialog)
RATE = 16000


def fill(tx: Transaction) -> None:
    session = sessions.ensure_session(tx, "S")
    data = sound()
    master = Recording(
        id=RecordingId("M"), session=session.id, path="audio/S.wav", rate=RATE, channels=1, bits=16, frames=2 * RATE, bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
    sessions.add_recording(tx, master)
    who = people.ensure_person(tx, "W1").id
    made = Segment(id=SegmentId("G"), recording=master.id, span=Span(0, RATE), speaker=who, meaning_id="sun", state="draft")
    segments.add_segments(tx, [made])
    texts.set_text(tx, made.id, "note", "first")
    value = {"segment": "G", "shown": "sun", "heard": "moon"}
    sessions.add_events(tx, [Event(id=EventId(new_id()), recording=master.id, frame=RATE, kind=DOUBT, value=value)])


def sound() -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(2 * RATE, np.int16), RATE, format="WAV")
    return buffer.getvalue()


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(backup, "is_due", lambda folder: False)
    with Store.create(tmp_path / "book", "book") as store:
        (tmp_path / "book" / "audio" / "S.wav").write_bytes(sound())
        store.do(fill)
    shutil.copytree(tmp_path / "book", tmp_path / "theirs")
    made = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    made.desk.open(tmp_path / "book")
    yield made
    made.close()


def box(window: MainWindow, kind: type[B]) -> B:
    found = next(one for one in window._dialogs.values() if isinstance(one, kind))
    assert found.isVisible()
    assert not found.isModal()
    return found


def button(box: QDialog, text: str) -> QPushButton:
    return next(one for one in box.findChildren(QPushButton) if one.text() == text)


def said(box: QDialog) -> str:
    return "\n".join(label.text() for label in box.findChildren(QLabel) if label.isVisible())


def store_of(window: MainWindow) -> Store:
    assert window.desk.store is not None
    return window.desk.store


def note(store: Store, text: str) -> None:
    store.do(lambda tx: texts.set_text(tx, SegmentId("G"), "note", text), undo="Type")


def noted(store: Store) -> str:
    return texts.texts(store.reader(), "G")[0].text


@pytest.mark.parametrize("ticked", [False, True])
def test_a_conflict_is_shown_three_ways_and_decided(window: MainWindow, qtbot: QtBot, tmp_path: Path, *, ticked: bool) -> None:
    note(store_of(window), "ours")
    with Store.open(tmp_path / "theirs") as theirs:
        note(theirs, "theirs")
        theirs.do(lambda tx: people.ensure_person(tx, "K2"))
    window.merge_with(tmp_path / "theirs")
    shown = box(window, MergeBox)
    tree = shown.findChild(QTreeWidget)
    assert isinstance(tree, QTreeWidget)
    qtbot.waitUntil(lambda: "1 conflicts: what is here stays" in said(shown))
    assert people.find_person(store_of(window).reader(), "K2") is None
    conflict = tree.topLevelItem(0)
    assert conflict is not None
    assert conflict.data(0, KEY)
    field = conflict.child(0)
    assert field is not None
    assert [field.text(column) for column in range(4)] == ["text", "first", "ours", "theirs"]
    if ticked:
        button(shown, "Tick all").click()
        assert conflict.checkState(0) == Qt.CheckState.Checked
    button(shown, "Merge").click()
    qtbot.waitUntil(lambda: "new rows came in" in said(shown))
    assert noted(store_of(window)) == ("theirs" if ticked else "ours")
    assert people.find_person(store_of(window).reader(), "K2") is not None
    assert "The state before is kept in" in said(shown)


def test_a_folder_that_is_no_fieldbook_is_a_sentence(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    window.merge_with(tmp_path / "empty")
    qtbot.waitUntil(lambda: "fieldbook" in said(box(window, MergeBox)).lower() and bool(window.message.text))
    assert not button(box(window, MergeBox), "Merge").isEnabled()


def test_missing_sound_is_told_on_opening_and_brought_back(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    book = tmp_path / "book"
    window.desk.close_fieldbook()
    (tmp_path / "disk").mkdir()
    shutil.move(book / "audio" / "S.wav", tmp_path / "disk" / "old name.wav")
    with qtbot.waitSignal(window.desk.said, check_params_cb=lambda _level, text: "1 sound files are missing" in text):
        window.desk.open(book)
    window.actions_table.action("missing").trigger()
    shown = box(window, MissingBox)
    listed = shown.findChild(QListWidget)
    assert isinstance(listed, QListWidget)
    qtbot.waitUntil(lambda: listed.count() == 1 and listed.item(0).text() == "audio/S.wav")
    shown.look_in(tmp_path / "disk")
    qtbot.waitUntil(lambda: "1 came back, 0 are still missing." in said(shown))
    assert (book / "audio" / "S.wav").read_bytes() == sound()


def test_nothing_missing_says_so(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_table.action("missing").trigger()
    qtbot.waitUntil(lambda: "Every sound file is where it belongs." in said(box(window, MissingBox)))


def test_a_doubted_answer_is_relabelled_and_the_step_undone(window: MainWindow, qtbot: QtBot) -> None:
    store = store_of(window)
    window.actions_table.action("doubts").trigger()
    shown = box(window, DoubtsBox)
    qtbot.waitUntil(lambda: "1 answers sounded like another item" in said(shown))
    button(shown, "It is “moon”").click()
    qtbot.waitUntil(lambda: "No answer is doubted." in said(shown))
    assert segments.segment(store.reader(), "G").meaning_id == "moon"
    window.desk.undo()
    qtbot.waitUntil(lambda: segments.segment(store.reader(), "G").meaning_id == "sun")


def test_a_doubt_is_dismissed_for_good(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_table.action("doubts").trigger()
    shown = box(window, DoubtsBox)
    qtbot.waitUntil(lambda: "1 answers sounded like another item" in said(shown))
    button(shown, "It is “sun”").click()
    qtbot.waitUntil(lambda: "No answer is doubted." in said(shown))
    kinds = [event.kind for event in sessions.events(store_of(window).reader(), "M")]
    assert DOUBT_DISMISSED in kinds


def test_a_dropped_archive_comes_in_with_its_annotations(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    wav = io.BytesIO()
    soundfile.write(wav, np.ones(RATE, np.int16), RATE, format="WAV")
    with zipfile.ZipFile(tmp_path / "village.zip", "w") as archive:
        archive.writestr("village/word.wav", wav.getvalue())
        archive.writestr("village/word.srt", "1\n00:00:00,100 --> 00:00:00,900\nsun\n")
    window.bring_in([tmp_path / "village.zip"])
    shown = box(window, ImportBox)
    store = store_of(window)
    qtbot.waitUntil(button(shown, "Import").isEnabled)
    button(shown, "Import").click()
    qtbot.waitUntil(lambda: len(sessions.recordings(store.reader())) == 2 and any(one.text() == "Close" for one in shown.findChildren(QPushButton)))
    assert [row[0] for row in store.reader().execute("SELECT text FROM annotation WHERE text = 'sun'")] == ["sun"]
    report = shown.findChild(QPlainTextEdit)
    assert isinstance(report, QPlainTextEdit)
    assert "word.srt: 1 segments and 1 texts" in report.toPlainText()
    shown.close()
    qtbot.waitUntil(lambda: not list((store.folder / "derived").glob("unpacked-*")))


def test_a_hostile_archive_is_refused_with_its_reason(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../out.wav", "x")
    window.bring_in([tmp_path / "bad.zip"])
    shown = box(window, ImportBox)
    qtbot.waitUntil(lambda: "bad.zip" in said(shown))
    assert not button(shown, "Import").isEnabled()
    assert not (tmp_path / "out.wav").exists()


def test_what_is_said_of_the_whole_fieldbook_is_kept(window: MainWindow, qtbot: QtBot) -> None:
    store = store_of(window)
    window.actions_table.action("book").trigger()
    shown = box(window, BookBox)
    assert shown._card.line("title").text() == "book"
    shown._card.line("licence").setText("CC BY 4.0")
    button(shown, "Keep").click()
    qtbot.waitUntil(lambda: about.described(store.reader())["licence"] == "CC BY 4.0")
    qtbot.waitUntil(shown.isHidden)
