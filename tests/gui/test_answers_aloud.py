"""Answers aloud on the review page: recorded by the recorder's own process, found at their segment, played from there, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from e2e.recorders import recorder_ends_with
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from fieldapp.audio.render import Clip
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.review import ThePage
from fieldapp.gui.recording import Recording as WindowRecording
from fieldapp.gui.widgets.oral_bar import OralBar
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.session.respeaking import Phase
from fieldapp.settings import Settings
from fieldapp.store import people, segments, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
RATE = 16000


def fill(tx: Transaction) -> None:
    session = sessions.ensure_session(tx, "S")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S.wav", rate=RATE, channels=1, bits=16, frames=6 * RATE)
    sessions.add_recording(tx, master)
    speaker = people.ensure_person(tx, "W1").id
    states = ("draft", "rejected", "draft")
    made = [
        Segment(id=SegmentId(new_id()), recording=master.id, span=Span(2 * n * RATE, (2 * n + 1) * RATE), speaker=speaker, state=s)
        for n, s in enumerate(states)
    ]
    segments.add_segments(tx, made)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(120 * 48000) / 48000)
    soundfile.write(tmp_path / "voice.wav", tone, 48000, subtype="PCM_24")
    monkeypatch.setattr(WindowRecording, "source", lambda _self, _device: {"source": str(tmp_path / "voice.wav"), "speed": 1.0})
    with Store.create(tmp_path / "book", "book") as store:
        soundfile.write(tmp_path / "book" / "audio" / "S.wav", np.zeros(6 * RATE, np.int16), RATE)
        store.do(fill)
    with recorder_ends_with(tmp_path / "book"):
        made = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
        monkeypatch.setattr(made.desk.listening, "play", lambda *_a, **_k: None)
        qtbot.addWidget(made)
        made.resize(1280, 800)
        made.show()
        made.desk.open(tmp_path / "book")
        made.show_page("review")
        qtbot.waitUntil(lambda: len(page(made).shown.lines) == 3 and page(made).book.whole)
        yield made
        made.close()


def page(window: MainWindow) -> ThePage:
    assert isinstance(window.page, ThePage)
    return window.page


def bar(window: MainWindow) -> OralBar:
    found = window.page.findChild(OralBar)
    assert isinstance(found, OralBar)
    return found


def begin(window: MainWindow, qtbot: QtBot, who: str = "W2") -> None:
    window.actions_table.action("review.aloud").trigger()
    bar(window)._who.setCurrentText(who)
    start = next(one for one in bar(window).findChildren(QPushButton) if one.text() == "Record answers")
    QTest.keyClick(start, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page(window).speaking._course is not None, timeout=60_000)


def speak(window: MainWindow, qtbot: QtBot) -> None:
    """Space held for half a second of recorded sound."""
    session = page(window).speaking._recording.session
    assert session is not None
    QTest.keyPress(bar(window), Qt.Key.Key_Space)
    course = page(window).speaking._course
    assert course is not None
    assert course.phase is Phase.SPEAKING
    until = session.look().frames + 24_000
    qtbot.waitUntil(lambda: session.look().frames >= until, timeout=60_000)
    QTest.keyRelease(bar(window), Qt.Key.Key_Space)


@pytest.mark.slow
def test_answers_are_recorded_by_holding_space_and_lie_at_their_segment(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _, third = (line.segment for line in page(window).shown.lines)
    begin(window, qtbot)
    speak(window, qtbot)
    assert page(window).shown.current == 2  # the rejected one is passed over
    window.show_page("find")
    assert window.page is page(window)  # not while answers are recorded
    speak(window, qtbot)  # the last one: it ends by itself
    qtbot.waitUntil(lambda: not bar(window).isVisible(), timeout=60_000)
    assert window.desk.store is not None
    db = window.desk.store.reader()
    speaker = people.find_person(db, "W2")
    assert speaker is not None
    for segment in (first, third):
        (answer,) = segments.oral_annotations(db, segment)
        assert (answer.metadata["oral"], answer.speaker, answer.take) == ("careful", speaker.id, 1)
        master = sessions.recording(db, answer.recording)
        assert (master.role, master.state) == ("careful", "closed")
        sound, rate = soundfile.read(window.desk.store.folder / master.path)
        heard = sound[answer.span.start : answer.span.stop]
        assert len(heard) > 0.3 * rate
        assert np.sqrt((heard**2).mean()) > 0.1
    played: list[Clip] = []
    monkeypatch.setattr(window.desk.listening, "play", lambda clips, **_: played.extend(clips))
    page(window).go(first)
    qtbot.waitUntil(lambda: bool(page(window).answers.get(first)))
    qtbot.waitUntil(lambda: any(one.isVisible() for one in page(window).stage.takes.findChildren(QToolButton)))
    button = next(one for one in page(window).stage.takes.findChildren(QToolButton) if one.isVisible())
    assert button.accessibleName() == "Play: careful speech 1 W2"
    button.click()
    qtbot.waitUntil(lambda: bool(played))
    (answer,) = segments.oral_annotations(db, first)
    assert played[0].span == answer.span
    assert [line.segment for line in page(window).speaking._targets("careful")] == [first]
    assert [line.segment for line in page(window).speaking._targets("translation")] == [first, third]


@pytest.mark.slow
def test_ended_in_the_middle_what_was_answered_is_kept(window: MainWindow, qtbot: QtBot) -> None:
    first = page(window).shown.lines[0].segment
    begin(window, qtbot, "")
    speak(window, qtbot)
    QTest.keyClick(bar(window), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not bar(window).isVisible(), timeout=60_000)
    assert window.desk.store is not None
    db = window.desk.store.reader()
    assert [answer.take for answer in segments.oral_annotations(db, first)] == [1]
    assert not page(window).speaking.running
    window.show_page("find")
    assert not isinstance(window.page, ThePage)


def test_a_microphone_that_cannot_be_opened_is_said_and_nothing_is_left_behind(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    window.desk.said.connect(lambda _level, text: said.append(text))
    monkeypatch.setattr(WindowRecording, "source", lambda _self, _device: {"source": "nowhere.wav", "speed": 1.0})
    window.actions_table.action("review.aloud").trigger()
    bar(window).start.emit("careful", "")
    qtbot.waitUntil(lambda: bool(said) and not page(window).speaking.running, timeout=60_000)
    assert window.desk.store is not None
    assert [one.role for one in sessions.recordings(window.desk.store.reader())] == ["master"]
    assert not bar(window).isVisible()


def test_the_question_can_be_refused(window: MainWindow) -> None:
    window.actions_table.action("review.aloud").trigger()
    assert bar(window).isVisible()
    QTest.keyClick(bar(window), Qt.Key.Key_Escape)
    assert not bar(window).isVisible()
    assert page(window).stage.field.hasFocus()


def test_a_take_is_chosen_by_its_button(window: MainWindow) -> None:
    lines = page(window).shown.lines
    page(window).stage.takes.show_takes(lines, lines[0].segment, ())
    second = page(window).stage.takes.findChildren(QToolButton)[1]
    second.click()
    assert page(window).shown.current == 1
