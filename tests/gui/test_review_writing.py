"""Typing on the review page: keyboards of tiers make symbols of keys, and phonetic symbols are chosen without a mouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QTabBar, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from fieldapp import paths
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.review import ThePage
from fieldapp.gui.widgets.symbol_chooser import SymbolChooser
from fieldapp.gui.widgets.typing_field import TypingField
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.settings import Settings, load
from fieldapp.store import segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from fieldapp.writing.keyboards import Keyboard, read_keyboard

pytestmark = pytest.mark.gui


def fill(tx: Transaction) -> None:
    session = sessions.ensure_session(tx, "S")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S.wav", rate=16000, channels=1, bits=16, frames=64000)
    sessions.add_recording(tx, master)
    segments.add_segments(tx, [Segment(id=SegmentId(new_id()), recording=master.id, span=Span(0, 16000))])


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    own = paths.config() / "keyboards"
    own.mkdir(parents=True)
    (own / "mine.tsv").write_text("keys\tsymbol\nng\tŋ\nng2\t𝄞\n", encoding="utf-8")
    with Store.create(tmp_path / "book", "book") as store:
        soundfile.write(tmp_path / "book" / "audio" / "S.wav", [0.0] * 64000, 16000)
        store.do(fill)
    made = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.desk.open(tmp_path / "book")
    made.show_page("review")
    qtbot.waitUntil(lambda: len(page(made).shown.lines) == 1 and combo(made).count() == 5)
    yield made
    made.close()


def page(window: MainWindow) -> ThePage:
    assert isinstance(window.page, ThePage)
    return window.page


def combo(window: MainWindow) -> QComboBox:
    found = next(one for one in window.page.findChildren(QComboBox) if one.accessibleName() == "Keyboard of this tier")
    assert isinstance(found, QComboBox)
    return found


def chooser(window: MainWindow) -> SymbolChooser:
    found = window.page.findChild(SymbolChooser)
    assert isinstance(found, SymbolChooser)
    return found


def do(window: MainWindow, name: str) -> None:
    window.actions_table.action(f"review.{name}").trigger()


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key to whatever has the keyboard, as a person presses it."""
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key, modifiers)


def type_on(keys: str) -> None:
    """Keys to whatever has the keyboard."""
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClicks(focused, keys)


def test_keyboards_are_kept_for_each_tier_and_a_persons_own_is_offered(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    field = page(window).stage.field
    assert [combo(window).itemData(at) for at in range(5)] == ["", "Chao 1-5", "Pinyin", "X-SAMPA", "mine"]
    do(window, "tier2")
    page(window).writing.choose_keyboard("X-SAMPA")
    QTest.keyClicks(field, 'tS_h"N')
    assert field.text == "tʃʰˈŋ"
    do(window, "tier1")
    assert combo(window).currentData() == ""
    QTest.keyClicks(field, "tS")
    assert field.text == "tS"
    qtbot.waitUntil(lambda: load(tmp_path / "settings.json")[0].keyboards == ("ipa=X-SAMPA",))
    do(window, "tier2")
    for expected in ("mine", "", "Chao 1-5"):
        do(window, "keyboard")
        assert combo(window).currentData() == expected


def test_what_was_typed_with_a_keyboard_is_stored_as_symbols(window: MainWindow, qtbot: QtBot) -> None:
    do(window, "tier2")
    page(window).writing.choose_keyboard("X-SAMPA")
    line, store = page(window).shown.line, window.desk.store
    assert line is not None
    assert store is not None
    QTest.keyClicks(page(window).stage.field, "ja~:")
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [(t.tier, t.text) for t in texts.texts(store.reader(), line.segment)] == [("ipa", "jãː")])


@pytest.fixture
def field(qtbot: QtBot) -> TypingField:
    made = TypingField()
    qtbot.addWidget(made)
    made.use_keyboard(read_keyboard(paths.resource("keyboards", "X-SAMPA.tsv")))
    made.show()
    return made


def test_backspace_shows_the_keys_then_deletes(field: TypingField) -> None:
    QTest.keyClicks(field, "t_h")
    texts_seen = []
    for _ in range(3):
        QTest.keyClick(field, Qt.Key.Key_Backspace)
        texts_seen.append(field.text)
    assert texts_seen == ["t_h", "t_", "t"]


def test_keys_before_a_moved_cursor_or_a_taken_back_step_are_no_part_of_a_symbol(field: TypingField) -> None:
    QTest.keyClicks(field, "t_")
    QTest.keyClick(field, Qt.Key.Key_Left)
    QTest.keyClick(field, Qt.Key.Key_Right)
    QTest.keyClicks(field, "h")
    assert field.text == "t_h"
    field.setPlainText("")
    QTest.keyClicks(field, "r\\")
    field.undo()
    before = field.text
    QTest.keyClicks(field, "`")
    assert field.text == before + "\u02de"


def test_a_key_replaces_what_is_selected(field: TypingField) -> None:
    QTest.keyClicks(field, "abc")
    field.selectAll()
    QTest.keyClicks(field, "S")
    assert field.text == "ʃ"
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text == ""


def test_symbols_beyond_the_basic_plane_are_replaced_whole(field: TypingField) -> None:
    field.use_keyboard(Keyboard("odd", {"a": "𝄞", "ab": "ŋ", "abc": "𝄞𝄞"}))
    QTest.keyClicks(field, "xabc")
    assert field.text == "x𝄞𝄞"
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text == "xabc"


def test_keys_of_commands_are_left_alone(field: TypingField) -> None:
    QTest.keyClicks(field, "one")
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert field.textCursor().hasSelection()
    third_level = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier, "E")
    QApplication.sendEvent(field, third_level)  # AltGr on some systems
    assert field.text == "ɛ"


def test_a_symbol_is_found_by_name_and_inserted_at_the_cursor_by_keys_alone(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    field = page(window).stage.field
    field.setFocus()
    QTest.keyClicks(field, "siga")
    press(Qt.Key.Key_Left)
    do(window, "symbols")
    assert isinstance(QApplication.focusWidget(), QLineEdit)
    type_on("velar nasal")
    press(Qt.Key.Key_Return)
    assert field.text == "sigŋa"
    press(Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is field
    assert not chooser(window).isVisible()
    QTest.keyClicks(field, "!")
    assert field.text == "sigŋ!a"
    qtbot.waitUntil(lambda: load(tmp_path / "settings.json")[0].recent_symbols == ("ŋ",))


def test_arrows_walk_the_chart_from_symbol_to_symbol(window: MainWindow) -> None:
    do(window, "symbols")
    table = chooser(window).table
    press(Qt.Key.Key_Down)
    assert (QApplication.focusWidget(), table.current) == (table, "p")
    walked = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left):
        press(key)
        walked.append(table.current)
    assert walked == ["b", "t", "n", "ɱ", "m", "m"]
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Return)
    assert page(window).stage.field.text == "mm"
    QTest.keyClicks(table, "sch")
    assert chooser(window).table.current == "ə"
    press(Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is page(window).stage.field


def test_every_symbol_of_every_part_can_be_walked_to(window: MainWindow) -> None:
    do(window, "symbols")
    parts = chooser(window)
    reached: set[str] = set()
    for group, table in parts._tables.items():
        waiting = [table.current] if group != "recent" else []
        there = {str(item.data(Qt.ItemDataRole.UserRole)): item for row in range(table.rowCount()) for col in range(table.columnCount())
                 if (item := table.item(row, col)) is not None and item.data(Qt.ItemDataRole.UserRole)}  # fmt: skip
        seen = set(waiting)
        while waiting:
            at = waiting.pop()
            for step in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                table.setCurrentItem(there[at])
                table._walk(*step)
                if table.current not in seen:
                    seen.add(table.current)
                    waiting.append(table.current)
        reached |= seen
    assert reached == {symbol.text for symbol in parts._chart.symbols}


def test_what_was_used_last_stands_first_and_the_keys_of_a_symbol_are_told(window: MainWindow) -> None:
    page(window).writing.choose_keyboard("X-SAMPA")
    for text in ("ŋ", "ə", "ŋ"):
        page(window).writing.insert(text)
    do(window, "symbols")
    recent = chooser(window)._tables["recent"]
    shown = [item.text() for at in range(recent.columnCount()) if (item := recent.item(0, at)) is not None]
    assert shown == ["ŋ", "ə"]
    type_on("J\\")
    assert chooser(window)._about.text() == "voiced palatal plosive  ·  U+025F  ·  keys J\\"
    type_on(" no such thing")
    assert chooser(window)._about.text() == "No symbol has that name."
    press(Qt.Key.Key_Return)
    assert page(window).stage.field.text == "ŋəŋ"


@pytest.mark.parametrize("deed", ["symbols", "aloud", "fonts"])
def test_everything_in_the_panels_of_the_page_has_a_name_and_is_reached_by_the_tabulator(window: MainWindow, deed: str) -> None:
    before = set(window.page.findChildren(QWidget))
    do(window, deed)
    panels = [one for one in window.page.findChildren(QWidget) if one not in before and one.isVisible() and one.isEnabled()]
    kinds = QAbstractButton | QComboBox | QLineEdit | QTabBar | QTableWidget
    operated = [one for one in panels if isinstance(one, QTabBar) or (isinstance(one, kinds) and not one.objectName().startswith("qt_"))]
    assert len(operated) > 3
    assert not [one for one in operated if not one.accessibleName() and not (isinstance(one, QAbstractButton) and one.text())]
    assert not [one for one in operated if not one.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(one.parent(), QLineEdit | QTabBar | QTableWidget)]
