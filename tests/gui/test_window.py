"""The window opens, opens and makes fieldbooks, says trouble without a dialog, and closes what it opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget
from pytestqt.qtbot import QtBot

from fieldapp import settings as settings_file
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.widgets.command_palette import score
from fieldapp.model import Recording, RecordingId
from fieldapp.settings import Settings
from fieldapp.store import people, sessions
from fieldapp.store.sessions import CONSENT_ROLE
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(Desk(Settings(), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def words(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())


def test_a_new_fieldbook_is_open_at_once_and_recent_next_time(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.desk.create(tmp_path / "Suzhou", "Suzhou 2026")
    assert "Suzhou" in window.windowTitle()
    qtbot.waitUntil(lambda: settings_file.load(tmp_path / "settings.json")[0].recent_fieldbooks == (str((tmp_path / "Suzhou").resolve()),))


def test_what_a_commit_changed_is_shown_without_asking(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.desk.create(tmp_path / "Suzhou", "Suzhou")
    assert window.desk.store is not None
    window.desk.store.do(lambda tx: people.ensure_person(tx, "W1"))
    qtbot.waitUntil(lambda: "1\npeople" in words(window))


def test_trouble_is_said_in_the_window_and_the_old_fieldbook_stays_open(window: MainWindow, tmp_path: Path) -> None:
    window.desk.create(tmp_path / "good", "good")
    (tmp_path / "empty").mkdir()
    window.desk.open(tmp_path / "empty")
    assert str(tmp_path / "empty") in words(window)
    assert window.desk.store is not None
    assert window.desk.store.folder == tmp_path / "good"


def test_undo_takes_the_last_edit_back_and_says_which(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.desk.create(tmp_path / "book", "book")
    window.actions_table.action("undo").trigger()
    qtbot.waitUntil(lambda: "undo" in words(window).lower() or "nothing" in words(window).lower())


def test_the_palette_finds_a_command_by_a_few_letters_and_does_it(window: MainWindow) -> None:
    window.actions_table.action("palette").trigger()
    box = window.palette_box
    QTest.keyClicks(box.findChild(type(box._field)), "lod")  # type: ignore[arg-type]
    assert box.titles()[0].startswith("Light or dark")
    before = window.desk.settings.theme
    QTest.keyClick(box._field, Qt.Key.Key_Return)
    assert window.desk.settings.theme != before
    assert not box.isVisible()


def test_after_the_palette_was_looked_at_the_keyboard_is_where_it_was(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.desk.create(tmp_path / "book", "book")
    window.show_page("record")
    before = window.focusWidget()
    window.actions_table.action("palette").trigger()
    assert window.focusWidget() is window.palette_box._field
    QTest.keyClick(window.palette_box._field, Qt.Key.Key_Escape)
    assert window.focusWidget() is before
    assert before is not None
    assert window.page.isAncestorOf(before)


@pytest.mark.parametrize("before", ["record", "review", "start"])
def test_whoever_goes_to_find_can_type_at_once(window: MainWindow, tmp_path: Path, qtbot: QtBot, before: str) -> None:
    window.desk.create(tmp_path / "book", "book")
    window.show_page(before)
    window.actions_table.action("palette").trigger()
    QTest.keyClick(window.palette_box._field, Qt.Key.Key_Escape)
    window.actions_table.action("page.find").trigger()
    qtbot.waitUntil(lambda: isinstance(window.focusWidget(), QLineEdit) and window.page.isAncestorOf(window.focusWidget()))


def test_a_page_takes_the_keyboard_where_nothing_has_it(window: MainWindow, tmp_path: Path) -> None:
    window.desk.create(tmp_path / "book", "book")
    window.show_page("people")
    window.setFocus()
    window.show_page("export")
    assert window.focusWidget() is window.page or window.page.isAncestorOf(window.focusWidget())


def test_spoken_consent_does_not_count_as_a_session(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.desk.create(tmp_path / "book", "book")
    store = window.desk.store
    assert store is not None

    def keep(tx: Transaction) -> None:
        for name, role in (("talk", "master"), ("yes", CONSENT_ROLE)):
            session = sessions.ensure_session(tx, name)
            path = f"audio/{name}.wav"
            sessions.add_recording(tx, Recording(id=RecordingId(name), session=session.id, path=path, rate=8000, channels=1, bits=16, frames=1, role=role))

    store.do(keep)
    qtbot.waitUntil(lambda: [label.text() for label in window.page._numbers[2:4]] == ["1", "2"])  # type: ignore[attr-defined]  # the start page's


def test_a_fieldbook_somebody_else_holds_opens_read_only_and_says_so(window: MainWindow, tmp_path: Path) -> None:
    with Store.create(tmp_path / "book", "book"):
        window.desk.open(tmp_path / "book")
        assert window.desk.store is not None
        assert window.desk.store.read_only
        assert window.desk.store.read_only_reason in words(window)
        assert not window.actions_table.action("undo").isEnabled()


def test_everything_on_the_start_page_has_a_name_for_screen_readers(window: MainWindow) -> None:
    for widget in window.findChildren(QListWidget):
        assert widget.accessibleName()


@pytest.mark.parametrize(
    ("sought", "title", "fits"), [("nf", "New fieldbook", True), ("xyz", "New fieldbook", False), ("", "anything", True), ("kbs", "Keyboard shortcuts", True)]
)
def test_letters_fit_in_order(sought: str, title: str, fits: bool) -> None:
    assert (score(sought, title) is not None) is fits


def test_a_message_stays_above_the_page_that_is_opened_next(window: MainWindow, tmp_path: Path) -> None:
    window.desk.create(tmp_path / "book", "book")
    window.desk.say("Look here.", "look")
    window.show_page("people")
    whole = window.message.parentWidget()
    assert whole is not None
    assert whole.children().index(window.message) > whole.children().index(window._stack)
