"""A session through the window: prompts by keys, on a real stream, with takes in the fieldbook when it stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from e2e.recorders import recorder_ends_with
from e2e.virtual_mic import VirtualMic
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.record import ThePage
from fieldapp.gui.recording import Wanted
from fieldapp.gui.short_recording import Heard
from fieldapp.session.running import RunningSession
from fieldapp.settings import Settings
from fieldapp.store import people, sessions
from fieldapp.store.rows import RECORDING, SEGMENT

pytestmark = [pytest.mark.gui, pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def window(virtual_mic: VirtualMic, qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with recorder_ends_with(tmp_path / "book"):
        made = MainWindow(Desk(Settings(), tmp_path / "settings.json"))
        qtbot.addWidget(made)
        made.desk.create(tmp_path / "book", "book")
        made.show()
        made.show_page("record")
        yield made
        made.close()


def page_of(window: MainWindow) -> ThePage:
    assert isinstance(window.page, ThePage)
    return window.page


def wait_for_sound(qtbot: QtBot, session: RunningSession, frames: int) -> None:
    """Until so much more has been recorded: a virtual card delivers in bursts."""
    wanted = session.look().frames + frames
    qtbot.waitUntil(lambda: session.look().frames >= wanted, timeout=20_000)


def test_prompts_are_answered_by_keys_and_kept_as_takes(window: MainWindow, virtual_mic: VirtualMic, qtbot: QtBot, tmp_path: Path) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
    soundfile.write(tmp_path / "word.wav", tone, 48000)
    page = page_of(window)
    page.recording.start(Wanted(speaker="W1", variety="Wu", prompts="swadesh-100"))
    qtbot.waitUntil(lambda: page.recording.session is not None, timeout=30_000)
    session = page.recording.session
    assert session is not None
    for key in (Qt.Key.Key_Space, Qt.Key.Key_R, Qt.Key.Key_Space):
        wait_for_sound(qtbot, session, 1)
        virtual_mic.play(tmp_path / "word.wav").wait()
        wait_for_sound(qtbot, session, 24_000)
        QTest.keyClick(window, key)
    qtbot.waitUntil(lambda: session.look().view.place == 2, timeout=5_000)
    window.actions_table.action("record.stop").trigger()
    qtbot.waitUntil(lambda: page.recording.session is None and not page.recording.busy, timeout=30_000)
    assert window.desk.store is not None
    db = window.desk.store.reader()
    found = [(s.take, s.speaker) for s in SEGMENT.each(db, "1 ORDER BY start")]
    speaker = people.find_person(db, "W1")
    assert speaker is not None
    assert [take for take, _ in found][:3] == [1, 1, 2]
    assert {who for _, who in found} == {speaker.id}
    assert [s.name for s in sessions.sessions(db)]


def test_a_closed_window_leaves_the_recorder_recording_and_the_next_one_goes_on(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    page = page_of(window)
    page.recording.start(Wanted(speaker="W1"))
    qtbot.waitUntil(lambda: page.recording.session is not None, timeout=30_000)
    session = page.recording.session
    assert session is not None
    qtbot.waitUntil(lambda: session.look().frames > 48_000, timeout=20_000)
    window.close()
    again = MainWindow(Desk(Settings(), tmp_path / "settings.json"))
    qtbot.addWidget(again)
    again.show()
    again.desk.open(tmp_path / "book")
    again.show_page("record")
    second = page_of(again)
    assert second.recording.left_behind() == (True, 0)
    second.recording.take_over()
    qtbot.waitUntil(lambda: second.recording.session is not None, timeout=30_000)
    following = second.recording.session
    assert following is not None
    qtbot.waitUntil(lambda: following.look().frames > 96_000, timeout=20_000)
    second.recording.stop()
    qtbot.waitUntil(lambda: second.recording.session is None and not second.recording.busy, timeout=30_000)
    assert again.desk.store is not None
    recordings = list(RECORDING.each(again.desk.store.reader()))
    again.close()
    assert len(recordings) == 1
    assert recordings[0].frames > 96_000


def test_the_microphone_is_tested_measured_and_played_back(window: MainWindow, virtual_mic: VirtualMic, qtbot: QtBot, tmp_path: Path) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8 * 48000) / 48000)
    soundfile.write(tmp_path / "voice.wav", tone, 48000)
    mic = page_of(window)._setup.mic
    heard: list[Heard] = []
    levels: list[object] = []
    mic.recording.heard.connect(heard.append)
    mic.recording.levels.connect(levels.append)
    virtual_mic.play(tmp_path / "voice.wav")
    mic.recording.start("", 1.5)
    qtbot.waitUntil(lambda: bool(heard), timeout=40_000)
    assert heard[0].frames >= 48_000
    assert -14 < heard[0].quality.peak_db < -7
    assert levels
    assert "dB" in mic._said.text()
    folder = heard[0].path.parent
    mic.close_sound()
    assert not folder.exists()
