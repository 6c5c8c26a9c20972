"""Long work is seen, stopped and read about; vectors are made behind the window for what has none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from fieldapp import cli
from fieldapp.errors import NotThere
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.widgets.jobs_box import JobsBox
from fieldapp.jobs import Progress
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.speech import random_whisper
from fieldapp.store import segments, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
RATE = 16000


def fill(tx: Transaction) -> None:
    session = sessions.ensure_session(tx, "S")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S.wav", rate=RATE, channels=1, bits=16, frames=4 * RATE)
    sessions.add_recording(tx, master)
    segments.add_segments(tx, [Segment(id=SegmentId(new_id()), recording=master.id, span=Span(at * RATE, (at + 1) * RATE)) for at in range(3)])


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with Store.create(tmp_path / "book", "book") as store:
        noise = np.random.default_rng(1).normal(0, 3000, 4 * RATE).astype(np.int16)
        soundfile.write(tmp_path / "book" / "audio" / "S.wav", noise, RATE)
        store.do(fill)
    made = MainWindow(Desk(Settings(language="en", model="mini", compute_device="cpu"), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    made.desk.open(tmp_path / "book")
    yield made
    made.close()


def box(window: MainWindow) -> JobsBox:
    window.actions_table.action("jobs").trigger()
    found = window._dialogs["jobs"]
    assert isinstance(found, JobsBox)
    return found


def words(box: JobsBox) -> str:
    return "\n".join(label.text() for label in box.findChildren(QLabel) if label.isVisible())


def test_nothing_going_on_says_so(window: MainWindow) -> None:
    assert "Nothing is going on" in words(box(window))


def test_work_is_seen_with_its_progress_and_stopped(window: MainWindow, qtbot: QtBot) -> None:
    begun = threading.Event()

    def work(progress: Progress) -> str:
        while True:
            progress(0.4, "2 of 5 texts")
            begun.set()
            threading.Event().wait(0.01)

    window.desk.work("Counting", work, lambda _: "counted")
    begun.wait(5)
    shown = box(window)
    bar = shown.findChild(QProgressBar)
    assert isinstance(bar, QProgressBar)
    qtbot.waitUntil(lambda: (bar.value(), bar.format()) == (400, "2 of 5 texts"))
    assert any(one.isVisible() and one.text().startswith("Counting") for one in window._strip.findChildren(QPushButton))
    next(one for one in shown.findChildren(QPushButton) if one.text() == "Stop").click()
    qtbot.waitUntil(lambda: "Stopped. What was done by then stays." in words(shown))
    assert not window.desk.busy


def test_what_came_of_it_stays_to_be_read(window: MainWindow, qtbot: QtBot) -> None:
    def fails(_: Progress) -> None:
        raise NotThere("The lake is empty.", "Wait for rain.")

    window.desk.work("Counting", lambda _: 3, lambda found: f"{found} counted")
    window.desk.work("Fishing", fails, lambda _: "")
    shown = box(window)
    qtbot.waitUntil(lambda: "3 counted" in words(shown) and "The lake is empty. Wait for rain." in words(shown))
    assert not any(one.isVisible() and one.text().startswith("Counting") for one in window._strip.findChildren(QPushButton))


def test_vectors_are_made_for_what_has_none(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    assert cli.main(["model", "add", str(random_whisper.make(tmp_path / "mini", "mini"))]) == 0
    store = window.desk.store
    assert store is not None
    with qtbot.waitSignal(window.desk.said, timeout=60_000, check_params_cb=lambda _level, text: "3 segments and 0 texts have new vectors." in text):
        window.actions_table.action("embed").trigger()
    assert store.reader().execute("SELECT count(DISTINCT segment) FROM vector").fetchone()[0] == 3


def test_a_fieldbook_is_not_left_while_something_is_done_to_it(window: MainWindow, qtbot: QtBot) -> None:
    over = threading.Event()
    window.desk.work("Counting", lambda _: over.wait(5), lambda _: "counted")
    window.desk.close_fieldbook() if window.desk.may_change() else None
    assert window.desk.store is not None
    assert "Counting is still going on" in window.message.text
    over.set()
    qtbot.waitUntil(lambda: not window.desk.busy)
    assert window.desk.may_change()


def test_without_a_model_it_says_so(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.desk.said, check_params_cb=lambda _level, text: "There is no model 'mini'" in text):
        window.actions_table.action("embed").trigger()
