"""A new user with nothing but a keyboard: from the first window to an exported session of twenty prompts, following what the pages say.

Every key is a real key event to whatever window has the focus. A key that a page tells is pressed only while its hint is in sight; what the test waits for
is read from the screen, too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QFileDialog, QLabel, QListWidget, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from e2e.recorders import recorder_ends_with
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.recording import Recording
from fieldapp.gui.widgets import mic_panel
from fieldapp.settings import Settings
from fieldapp.store import texts
from fieldapp.store.rows import EVENT, RECORDING, SEGMENT
from fieldapp.store.store import Store

pytestmark = [pytest.mark.gui, pytest.mark.e2e, pytest.mark.slow, pytest.mark.qt_log_ignore("This plugin does not support", extend=True)]
RATE, MINUTES, SPEED = 16_000, 10, 4.0
PROMPTS, AGAIN, SKIPPED, HEARD, MENDED = 20, 3, 5, 8, 18
PATIENCE_MS = 60_000
CTRL = Qt.KeyboardModifier.ControlModifier
KEYS = {"Enter": Qt.Key.Key_Return, "Space": Qt.Key.Key_Space, "Tab": Qt.Key.Key_Tab, ".": Qt.Key.Key_Period, "↑": Qt.Key.Key_Up, "↓": Qt.Key.Key_Down}


class Person:
    """Reads the screen, presses keys."""

    def __init__(self, qtbot: QtBot, window: QWidget) -> None:
        self._qtbot, self._window = qtbot, window

    def screen(self) -> str:
        """All words in sight."""
        said: list[str] = []
        for window in QApplication.topLevelWidgets():
            for widget in window.findChildren(QWidget) if window.isVisible() else ():
                if widget.isVisible() and isinstance(widget, QLabel | QAbstractButton):
                    said.append(widget.text())
                elif widget.isVisible() and isinstance(widget, QComboBox):
                    said.append(widget.currentText())
                elif widget.isVisible() and isinstance(widget, QPlainTextEdit):
                    said.append(widget.toPlainText())
                elif widget.isVisible() and isinstance(widget, QListWidget) and widget.currentItem() is not None:
                    said.append(widget.currentItem().text())
        return "\n".join(said)

    def sees(self, words: str) -> None:
        """Wait until they are in sight."""
        self.waits(lambda: words in self.screen(), f"never saw {words!r}")

    def waits(self, until: Callable[[], bool], why: str = "") -> None:
        """Wait for something on the screen."""
        try:
            self._qtbot.waitUntil(until, timeout=PATIENCE_MS)
        except Exception as trouble:
            raise AssertionError(f"{why}; in sight:\n{self.screen()}") from trouble

    def presses(self, *keys: str) -> None:
        """`Ctrl+3`, `Enter`, `Space`, `R` ..."""
        for key in keys:
            *held, last = key.split("+")
            code = KEYS.get(last) or Qt.Key[f"Key_{last}"]
            target = QApplication.activePopupWidget() or QApplication.activeModalWidget()
            window = target.windowHandle() if target is not None else QGuiApplication.focusWindow()
            assert window is not None
            QTest.keyClick(window, code, CTRL if held else Qt.KeyboardModifier.NoModifier)

    def follows(self, hint: str, key: str) -> None:
        """Press a key because a page says so."""
        self.sees(hint)
        assert re.search(r"(?<!\w)" + re.escape(key), hint), f"{hint!r} does not name {key!r}"
        self.presses(key)

    def types(self, words: str) -> None:
        """Letter by letter."""
        for letter in words:
            target = QApplication.activeModalWidget()
            window = target.windowHandle() if target is not None else QGuiApplication.focusWindow()
            assert window is not None
            QTest.keyClick(window, letter)  # type: ignore[call-overload]  # the stubs know letters for widgets only

    def names_a_file(self, path: Path, press: Callable[[], None]) -> None:
        """Press what opens the system's dialog for files, and type the path in it."""
        timer = QTimer()
        typed = False

        def look() -> None:
            nonlocal typed
            if not isinstance(QApplication.activeModalWidget(), QFileDialog):
                return
            if not typed:
                typed = True
                self.types(str(path))
            self.presses("Enter")

        timer.timeout.connect(look)
        timer.start(200)
        press()
        timer.stop()
        self._qtbot.wait(100)
        self._window.activateWindow()  # no window manager does it here
        self.waits(self._window.isActiveWindow, "the window did not come to the front")
        assert typed, f"no dialog for files was opened; in sight:\n{self.screen()}"

    def clock(self) -> float:
        """The seconds recorded, as the page shows them."""
        shown = re.search(r"^(\d+):(\d+\.\d)$", self.screen(), re.MULTILINE)
        return 60 * int(shown[1]) + float(shown[2]) if shown else 0.0

    def listens(self, seconds: float) -> None:
        """Until so much more is recorded."""
        enough = self.clock() + seconds
        self.waits(lambda: self.clock() >= enough, "the clock stands still")


def write_answers(path: Path) -> Path:
    """Somebody who says half a second of something once a second, for minutes."""
    second = 0.2 * np.sin(2 * np.pi * 330 / RATE * np.arange(RATE)) * (np.arange(RATE) < RATE / 2)
    room = np.random.default_rng(1).normal(0, 0.0005, RATE)
    soundfile.write(path, np.tile(second + room, MINUTES * 60), RATE, subtype="PCM_16")
    return path


@pytest.fixture
def person(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """The window as it is started the first time, and a microphone that is a file."""
    heard = {"source": str(write_answers(tmp_path / "answers.wav")), "speed": SPEED}
    monkeypatch.setattr(Recording, "source", lambda _self, _device: heard)
    monkeypatch.setattr(mic_panel, "fresh_devices", lambda: {"input": []})
    with recorder_ends_with(tmp_path / "it" / "Suzhou"):
        (tmp_path / "it" / "Suzhou").rmdir()
        window = MainWindow(Desk(Settings(language="en", theme="light"), tmp_path / "settings.json"))
        qtbot.addWidget(window)
        with qtbot.waitActive(window):
            window.resize(1280, 800)
            window.show()
            window.activateWindow()
        yield Person(qtbot, window)
        window.close()


def record(person: Person, prompts: Path) -> None:
    person.sees("Record a session")
    person.types("W1")
    person.presses("Tab")
    person.types("Wu")
    person.presses("Tab", "↓", "↓")
    person.names_a_file(prompts, lambda: person.presses("↓"))
    person.sees(prompts.name)
    person.follows("Ctrl+R records.", "Ctrl+R")
    for number in range(1, PROMPTS + 1):
        person.sees(f"{number} of {PROMPTS}")
        person.sees(f"word {number - 1}")
        person.listens(1.5)
        if number == AGAIN:
            person.follows("R again", "R")
            person.sees("take 2")
            person.listens(1.5)
        if number == HEARD:
            person.follows("H hear the answer", "H")
            person.sees("the session waits: P goes on.")
            person.sees("paused")
            person.presses("P")
        person.follows(*(("S skip", "S") if number == SKIPPED else ("Space next", "Space")))
    person.follows("all prompts are done: Ctrl+. stops", "Ctrl+.")


def review(person: Person) -> None:
    person.follows("Ctrl+3 reviews them.", "Ctrl+3")
    for number in range(PROMPTS):
        person.sees(f"{PROMPTS - number} to check")
        person.types(f"answer {number}")
        person.follows("Enter confirms and goes on", "Enter")
    person.sees("everything is checked")
    person.follows("Ctrl+↓ ↑ next, previous", "Ctrl+↓")
    person.presses("Ctrl+↑", "Ctrl+A")
    person.types("mended")
    person.presses("Enter")


def export(person: Person) -> None:
    person.follows("Ctrl+6 hands it over.", "Ctrl+6")
    person.sees("ELAN")
    person.presses("↓", "↓", "↓")
    person.sees("Spreadsheet (CSV)")
    person.presses("Tab", "Tab", "↓", "↓", "↓", "↓")
    person.sees("for my own work on this computer")
    person.sees(f"{PROMPTS} of {PROMPTS} segments may leave")
    person.follows("Ctrl+Enter exports", "Ctrl+Enter")
    person.sees("Written:")


def test_twenty_prompts_are_recorded_reviewed_corrected_and_exported_by_following_the_hints(person: Person, tmp_path: Path) -> None:
    prompts = tmp_path / "twenty.csv"
    prompts.write_text("meaning_id,text\n" + "".join(f"m{number},word {number}\n" for number in range(PROMPTS)), encoding="utf-8")
    book = tmp_path / "it" / "Suzhou"
    person.follows("Ctrl+1–6 pages   Ctrl+K finds every command", "Ctrl+K")
    person.types("new fieldbook")
    person.names_a_file(book, lambda: person.presses("Enter"))
    person.sees("What next")
    person.sees("Ctrl+1–6 pages")
    person.presses("Ctrl+2")
    record(person, prompts)
    review(person)
    export(person)
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        masters = list(RECORDING.each(db))
        takes = [(segment.item is not None, segment.take, segment.state) for segment in SEGMENT.each(db, "1 ORDER BY start")]
        keys = [event.kind for event in EVENT.each(db, "1 ORDER BY frame")]
        typed = [one.text for segment in SEGMENT.each(db, "1 ORDER BY start") for one in texts.texts(db, segment.id)]
    assert len(masters) == 1
    assert soundfile.info(book / masters[0].path).frames == masters[0].frames
    assert (keys.count("take"), keys.count("redo"), keys.count("skip")) == (PROMPTS - 1, 1, 1)
    assert takes == [(True, 2 if number == AGAIN else 1, "checked") for number in range(PROMPTS)]
    assert typed == ["mended" if number == MENDED else f"answer {number}" for number in range(PROMPTS)]
    with (tmp_path / "it" / "Suzhou-export" / "segments.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["transcription"] for row in rows] == typed
    assert {row["speaker"] for row in rows} == {"W1"}
