"""Before and beside a recording: the microphone's verdict, consent kept as evidence, prompt lists from files, the window for the speaker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fieldapp.audio.quality import CLIPPED, Quality, measure
from fieldapp.elicitation.sitting import View
from fieldapp.gui.desk import Desk, Recorded
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.record import ThePage
from fieldapp.gui.short_recording import Heard
from fieldapp.gui.theme import LIGHT
from fieldapp.gui.widgets import mic_panel
from fieldapp.gui.widgets.consent_panel import keep_evidence
from fieldapp.gui.widgets.mic_panel import verdict
from fieldapp.gui.widgets.speaker_window import SpeakerWindow
from fieldapp.settings import Settings
from fieldapp.store import consent, people, sessions
from fieldapp.store.check import examine

pytestmark = pytest.mark.gui


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThePage]:
    monkeypatch.setattr(mic_panel, "fresh_devices", lambda: {"input": []})  # looking takes a process of its own
    window = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    qtbot.addWidget(window)
    window.show()
    window.desk.create(tmp_path / "book", "book")
    window.show_page("record")
    assert isinstance(window.page, ThePage)
    yield window.page
    window.close()


def heard(folder: Path) -> Heard:
    path = folder / "said.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(16000) / 5), 16000, subtype="PCM_24")
    return Heard(path, 16000, 16000, 1, 24, measure(path), "Zoom H5", "")


@pytest.mark.parametrize(
    ("quality", "said", "good"),
    [
        (Quality(-12.0, -25.0, -65.0, 40.0, 0, ()), "Sounds good.", True),
        (Quality(0.0, -8.0, -60.0, 50.0, 9, (CLIPPED,)), "clipped", False),
        (Quality(-12.0, -25.0, -40.0, 12.0, 0, ()), "room is loud", False),
    ],
)
def test_the_test_is_judged_in_a_sentence(quality: Quality, said: str, good: bool) -> None:
    sentence, fine = verdict(quality)
    assert said in sentence
    assert fine is good


def test_spoken_consent_lies_in_the_fieldbook_as_evidence(page: ThePage, tmp_path: Path) -> None:
    store = page.desk.store
    assert store is not None
    keep_evidence(store, "W1", ["archive", "train"], heard(tmp_path))
    person = people.find_person(store.reader(), "W1")
    assert person is not None
    said = consent.consents(store.reader(), person.id)
    assert [one.purpose for one in said] == ["archive", "train"]
    assert (store.folder / said[0].evidence).is_file()
    assert [r.role for r in sessions.recordings(store.reader())] == ["consent"]
    assert [str(finding) for finding in examine(store.folder, lambda _share, _doing: None) if finding.serious] == []


def test_consent_cannot_be_recorded_before_somebody_is_named(page: ThePage) -> None:
    panel = page._setup.consent
    assert not panel._button.isEnabled()
    page._setup._speaker.setEditText("W1")
    assert panel._button.isEnabled()


def test_whoever_has_allowed_something_is_not_asked_as_if_they_had_not(page: ThePage, qtbot: QtBot, tmp_path: Path) -> None:
    store = page.desk.store
    assert store is not None
    keep_evidence(store, "W1", ["archive", "train"], heard(tmp_path))
    qtbot.waitUntil(lambda: page._setup._allowed == {"W1": 2})
    page._setup._speaker.setEditText("W1")
    assert "W1 has allowed 2 purposes" in page._setup.consent._said.text()
    page._setup._speaker.setEditText("W2")
    assert "Explain" in page._setup.consent._said.text()


def test_after_the_test_of_the_microphone_the_keyboard_is_on_its_button_again(page: ThePage) -> None:
    panel = page._setup.mic
    panel._test.setFocus()
    panel._show_busy(True)
    assert page.window().focusWidget() is panel
    panel._show_busy(False)
    assert page.window().focusWidget() is panel._test


def test_whoever_went_elsewhere_during_the_test_stays_there(page: ThePage) -> None:
    panel = page._setup.mic
    panel._test.setFocus()
    panel._show_busy(True)
    page._setup._speaker.setFocus()
    panel._show_busy(False)
    assert page.window().focusWidget() is page._setup._speaker


def test_tab_goes_from_the_prompts_to_consent_and_then_to_the_microphone(page: ThePage) -> None:
    order: list[QWidget] = []
    here = page._setup._prompts.nextInFocusChain()
    while here is not None and here is not page._setup._prompts:
        order.append(here)
        here = here.nextInFocusChain()
    assert order.index(page._setup.consent._boxes[0]) < order.index(page._setup.mic._devices) < order.index(page._setup._button)


def test_how_many_prompts_a_list_has_is_told_or_why_it_cannot_be_read(page: ThePage, qtbot: QtBot, tmp_path: Path) -> None:
    listed, broken = tmp_path / "animals.csv", tmp_path / "broken.csv"
    listed.write_text("text\ndog\ncat\n", encoding="utf-8")
    broken.touch()
    page._setup.offer_prompts(listed)
    qtbot.waitUntil(lambda: page._setup._listed.text() == "2 prompts.")
    page._setup.offer_prompts(broken)
    qtbot.waitUntil(lambda: page._setup._listed.isVisible() and "2 prompts" not in page._setup._listed.text())


def test_a_prompt_list_from_a_file_is_chosen(page: ThePage, tmp_path: Path) -> None:
    listed = tmp_path / "animals.csv"
    listed.write_text("text\ndog\ncat\n", encoding="utf-8")
    page._setup.offer_prompts(listed)
    assert page._setup.wanted().prompts == str(listed)


def test_the_speaker_sees_the_word_or_the_picture(page: ThePage, qtbot: QtBot) -> None:
    speaker = SpeakerWindow(LIGHT, page.window())
    qtbot.addWidget(speaker)
    speaker.show_item("1", "太阳", QPixmap())
    speaker.open()
    word = speaker.grab().toImage()
    red = QPixmap(40, 40)
    red.fill(QColor("#00ff00"))
    speaker.show_item("2", "sun", red)
    shown = speaker.grab().toImage()
    assert word != shown
    assert shown.pixelColor(shown.width() // 2, shown.height() // 2) == QColor("#00ff00")
    QTest.keyClick(speaker, Qt.Key.Key_Escape)
    assert not speaker.isVisible()


def test_the_speaker_can_press_one_thing_and_hears_their_answer(page: ThePage, qtbot: QtBot) -> None:
    speaker = SpeakerWindow(LIGHT, page.window())
    qtbot.addWidget(speaker)
    speaker.open()
    pressed: list[bool] = []
    speaker.hear.connect(lambda: pressed.append(True))
    QTest.mouseClick(speaker, Qt.MouseButton.LeftButton, pos=speaker.rect().center())
    assert not pressed
    QTest.mouseClick(speaker, Qt.MouseButton.LeftButton, pos=speaker._circle().center().toPoint())
    assert pressed


def test_what_a_key_made_of_a_take_stands_in_the_list_of_takes(page: ThePage) -> None:
    stage, first, second = page._stage, View(0, 3, 1, "", paused=False, over=False), View(1, 3, 1, "", paused=False, over=False)
    stage._row_of(first, 0)
    stage.pressed("mark", "Mark this moment", first)
    stage.pressed("mark", "Mark this moment", first)
    stage.pressed("skip", "Skip", second)
    stage._row_of(second, 1)  # somebody came back to it
    assert [stage._takes.item(row).text() for row in range(3)] == ["2", "2   skipped", "1   ⚑ marked"]
    assert "Skip" in stage._did.text()


def test_a_key_of_a_session_that_is_held_too_long_counts_once(page: ThePage) -> None:
    window = page.window()
    assert isinstance(window, MainWindow)
    repeating = [deed.id for deed, action in window.actions_table.all() if deed.page == "record" and action.autoRepeat()]
    assert not repeating
    assert window.actions_table.action("larger").autoRepeat()


def test_a_count_down_hides_the_prompt_until_it_is_over(page: ThePage, qtbot: QtBot) -> None:
    speaker = SpeakerWindow(LIGHT, page.window())
    qtbot.addWidget(speaker)
    speaker.counts = True
    speaker._timer.setInterval(5)
    speaker.show_item("1", "sun", QPixmap())
    assert speaker.counting == 3
    qtbot.waitUntil(lambda: speaker.counting == 0)
    speaker.show_item("1", "sun", QPixmap())
    assert speaker.counting == 0


def test_the_window_stays_while_consent_is_recorded(page: ThePage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page._setup.consent.recording, "_job", object())
    closed = page.window().close()
    monkeypatch.setattr(page._setup.consent.recording, "_job", None)
    assert not closed


def test_no_other_fieldbook_opens_while_one_is_recorded_into(page: ThePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page.desk, "recorded", lambda: Recorded("0:01"))
    before = page.desk.store
    assert before is not None
    page.desk.create(tmp_path / "other", "other")
    page.window().actions_table.action("close").trigger()  # type: ignore[attr-defined]
    assert page.desk.store == before
    assert not (tmp_path / "other").exists()


def test_while_the_microphone_is_tested_nothing_else_begins(page: ThePage) -> None:
    ready = [page._setup.ready]
    for busy in (True, False):
        page._setup.mic.busy.emit(busy)
        ready.append(page._setup.ready)
    assert ready == [True, False, True]


def test_an_answer_is_kept_behind_the_window_which_stays_open_for_it(page: ThePage, qtbot: QtBot, tmp_path: Path) -> None:
    panel = page._setup.consent
    panel.ask(code="W1", device="")
    store = page.desk.store
    assert store is not None
    gate = threading.Event()
    store.write(lambda _: gate.wait(20))
    panel.recording.heard.emit(heard(tmp_path))
    assert not page.may_close()
    gate.set()
    qtbot.waitUntil(lambda: not panel.busy_with_it)
    assert page.may_close()
    assert [r.role for r in sessions.recordings(store.reader())] == ["consent"]
