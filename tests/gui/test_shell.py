"""The shell: messages, shortcuts that a person changes, the crash dialog, dropping files, the demo, another language."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from fieldapp import cores, paths
from fieldapp import settings as settings_file
from fieldapp.gui.desk import Desk, Recorded
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages import PAGES
from fieldapp.gui.widgets.import_box import ImportBox
from fieldapp.gui.widgets.shortcuts import Shortcuts
from fieldapp.gui.widgets.status_strip import StatusStrip
from fieldapp.gui.words import speak
from fieldapp.settings import Settings
from fieldapp.speech import random_whisper
from fieldapp.store import sessions

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()
    speak("en", paths.resource("translations"))


def button(parent: QWidget, text: str) -> QPushButton:
    return next(one for one in parent.findChildren(QPushButton) if one.text() == text)


class Watcher(QObject):
    """Looks, whenever a widget is painted, whether another thread would go on meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.went_on: list[bool] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's own name)
        if event.type() == QEvent.Type.Paint:
            self.went_on.append(goes_on())
        return False


def goes_on() -> bool:
    """Whether a thread that gives way comes back at once."""
    over = threading.Event()

    def beside() -> None:
        cores.give_way()
        over.set()

    threading.Thread(target=beside, daemon=True).start()
    return over.wait(0.2)


def watch_painting(window: MainWindow, qtbot: QtBot) -> Watcher:
    """What was seen while the page was painted once; nothing is left to paint then."""
    watcher = Watcher()
    window.page.installEventFilter(watcher)
    window.page.update()
    qtbot.waitUntil(lambda: bool(watcher.went_on))
    window.page.removeEventFilter(watcher)
    return watcher


def test_others_wait_while_the_window_paints_or_takes_a_result(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "PATIENCE_S", 60.0)
    watcher, took = watch_painting(window, qtbot), list[bool]()
    window.desk.run(lambda _: None, lambda _: took.append(goes_on()))
    qtbot.waitUntil(lambda: bool(took))
    assert not any(watcher.went_on + took)
    qtbot.waitUntil(goes_on)


class Follower(QObject):
    """Something that is done one pass of events later."""

    said = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.went_on: list[bool] = []
        self.said.connect(self._on_said, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def _on_said(self) -> None:
        self.went_on.append(goes_on())


def test_others_wait_for_what_follows_from_a_result_too(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "PATIENCE_S", 60.0)
    follower = Follower()
    watch_painting(window, qtbot)  # painting ends whatever was before it
    window.desk.run(lambda _: None, lambda _: follower.said.emit())
    qtbot.waitUntil(lambda: bool(follower.went_on))
    assert follower.went_on == [False]
    qtbot.waitUntil(goes_on)


def test_a_page_that_has_to_be_built_is_there_one_pass_later_and_at_once_the_next_time(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.desk.create(tmp_path / "book", "Book")
    window.actions_table.action("page.find").trigger()
    assert window.page.objectName() == "start"
    qtbot.waitUntil(lambda: window.page.objectName() == "find")
    for name in ("start", "find"):
        window.actions_table.action(f"page.{name}").trigger()
        assert window.page.objectName() == name


def test_of_two_pages_asked_for_at_once_the_later_one_stays(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.desk.create(tmp_path / "book", "Book")
    window.actions_table.action("page.find").trigger()
    window.actions_table.action("page.start").trigger()
    qtbot.wait(50)
    assert window.page.objectName() == "start"


def test_a_message_never_takes_the_focus_and_trouble_stays(window: MainWindow) -> None:
    window.setFocus()
    before = QApplication.focusWidget()
    window.desk.say("The disk is nearly full.", "look")
    assert window.message.isVisible()
    assert QApplication.focusWidget() is before
    assert not window.message._timer.isActive()
    window.actions_table.action("dismiss").trigger()
    assert not window.message.isVisible()


def test_changed_keys_work_at_once_and_next_time(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.actions_table.action("shortcuts").trigger()
    box = next(one for one in window.findChildren(Shortcuts))
    box._field.setText("light")
    box._keys.setKeySequence(QKeySequence("F9"))
    button(box, "Use these keys").click()
    assert window.actions_table.action("theme").shortcut().toString() == "F9"
    qtbot.waitUntil(lambda: settings_file.load(tmp_path / "settings.json")[0].shortcuts == ("theme=F9",))
    assert not settings_file.load(tmp_path / "settings.json")[1]
    button(box, "As it was").click()
    assert window.desk.settings.shortcuts == ()


def test_keys_that_are_taken_are_refused_with_a_sentence(window: MainWindow) -> None:
    window.actions_table.action("shortcuts").trigger()
    box = next(one for one in window.findChildren(Shortcuts))
    box._field.setText("light")
    box._keys.setKeySequence(QKeySequence("Ctrl+O"))
    button(box, "Use these keys").click()
    assert any("Open a fieldbook" in label.text() for label in box.findChildren(QLabel))
    assert window.actions_table.action("theme").shortcut().toString() == "Ctrl+Shift+L"


def test_the_list_of_keys_is_used_and_left_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_table.action("shortcuts").trigger()
    box = next(one for one in window.findChildren(Shortcuts))
    first = box._list.currentIndex().row()
    QTest.keyClick(box._field, Qt.Key.Key_PageDown)
    assert box._list.currentIndex().row() > first
    box._field.setText("light")
    box._keys.setFocus()
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        box._keys.setFocus()
        before = box._keys.keySequence()
        QTest.keyClick(box._keys, key)
        assert box.focusWidget() is not box._keys
        assert box._keys.keySequence() == before
    QTest.keyClick(box._keys, Qt.Key.Key_F9)
    use = button(box, "Use these keys")
    use.setFocus()
    QTest.keyClick(use, Qt.Key.Key_Return)
    assert window.actions_table.action("theme").shortcut().toString() == "F9"
    box._keys.setFocus()
    QTest.keyClick(box._keys, Qt.Key.Key_Escape)
    assert not box.isVisible()


def test_the_commands_of_a_page_are_found_by_its_name(window: MainWindow) -> None:
    window.actions_table.action("shortcuts").trigger()
    box = next(one for one in window.findChildren(Shortcuts))
    box._field.setText("review")
    pages = [box._list.topLevelItem(row).text(1) for row in range(box._list.topLevelItemCount())]  # type: ignore[union-attr]  # there are so many
    assert pages.count("Review") >= 20


def test_every_command_of_every_page_is_in_the_list(window: MainWindow) -> None:
    window.actions_table.action("shortcuts").trigger()
    ids = {deed.id for deed, _ in window.actions_table.all()}
    assert {"palette", "record.start", "find.field"} <= ids
    assert {f"page.{entry.name}" for entry in PAGES} <= ids


def test_a_mistake_in_any_thread_is_told_in_one_dialog_and_the_window_lives(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window.crashes, "_before", (lambda *_: None, lambda *_: None))
    sys.excepthook(ValueError, ValueError("first mistake"), None)

    def stumble() -> None:
        raise KeyError("second mistake")

    thread = threading.Thread(target=stumble)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: window.crashes.dialog is not None and "second mistake" in window.crashes.dialog._details.toPlainText())
    dialog = window.crashes.dialog
    assert dialog is not None
    assert not dialog.isModal()
    button(dialog, "Copy details").click()
    assert "first mistake" in QApplication.clipboard().text()
    assert window.isVisible()


def drop(window: MainWindow, *sources: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(one)) for one in sources])
    window.dropEvent(QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))


def test_dropped_files_are_looked_at_first_and_then_imported(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(16000, np.int16), 16000)
    (tmp_path / "notes.txt").write_text("no sound", encoding="utf-8")
    window.desk.create(tmp_path / "book", "book")
    drop(window, tmp_path / "a.wav", tmp_path / "notes.txt")
    box = next(one for one in window.findChildren(ImportBox))
    store = window.desk.store
    assert store is not None
    qtbot.waitUntil(button(box, "Import").isEnabled)
    assert sessions.recordings(store.reader()) == []
    box._speaker.setEditText("W1")
    button(box, "Import").click()
    qtbot.waitUntil(lambda: len(sessions.recordings(store.reader())) == 1)
    qtbot.waitUntil(lambda: any(one.text() == "Close" for one in box.findChildren(QPushButton)))


def test_a_dropped_fieldbook_is_opened_and_files_without_one_are_explained(window: MainWindow, tmp_path: Path) -> None:
    drop(window, tmp_path / "a.wav")
    assert "Open a fieldbook first" in window.message.text
    window.desk.create(tmp_path / "book", "book")
    window.desk.close_fieldbook()
    drop(window, tmp_path / "book")
    assert window.desk.store is not None


def test_the_demo_is_made_once_and_opened(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(2):
        window.actions_table.action("demo").trigger()
        qtbot.waitUntil(lambda: window.desk.store is not None, timeout=180_000)  # the demo is listened to: half a minute of work
        assert window.desk.store is not None
        assert len(sessions.recordings(window.desk.store.reader())) == 13
        window.desk.close_fieldbook()


def test_another_language_builds_every_page_anew_without_a_restart(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.desk.create(tmp_path / "book", "book")
    window.show_page("find")
    qtbot.waitUntil(lambda: not window.desk.busy)
    window.actions_table.action("language").trigger()
    assert window.desk.settings.language == "zh_CN"
    assert window.page.objectName() == "find"
    window.actions_table.action("palette").trigger()
    qtbot.waitUntil(lambda: not window.desk.busy)
    window.actions_table.action("language").trigger()
    field = window.page.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    assert "A word" in field.placeholderText()


def test_the_strip_tells_of_the_recording_on_every_page(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    strip = window.findChild(StatusStrip)
    assert isinstance(strip, StatusStrip)
    state = Recorded("0:14:32")
    monkeypatch.setattr(window.desk, "recorded", lambda: state)
    strip.refresh()
    badge = strip.findChild(QPushButton)
    assert isinstance(badge, QPushButton)
    assert "0:14:32" in badge.text()
    state = replace(state, trouble="The microphone is away.")
    strip.refresh()
    assert "The microphone is away." in badge.text()


def test_the_strip_names_a_model_only_when_it_is_there(window: MainWindow, tmp_path: Path) -> None:
    strip = window.findChild(StatusStrip)
    assert isinstance(strip, StatusStrip)

    def shown() -> list[str]:
        strip.refresh()
        return [label.text() for label in strip.findChildren(QLabel)]

    window.desk.change_settings(replace(window.desk.settings, model="never-installed"))
    assert "no speech model" in shown()
    folder = random_whisper.make(paths.models() / "mini", "mini")
    window.desk.change_settings(replace(window.desk.settings, model=folder.name))
    assert "model: mini" in shown()


def test_a_recent_fieldbook_is_opened_by_enter(window: MainWindow, tmp_path: Path) -> None:
    window.desk.create(tmp_path / "book", "book")
    window.desk.close_fieldbook()
    recent = window.page._recent  # type: ignore[attr-defined]
    recent.setCurrentRow(0)
    recent.setFocus()
    QTest.keyClick(recent, Qt.Key.Key_Return)
    assert window.desk.store is not None
