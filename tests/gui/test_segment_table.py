"""The table of segments on the review page: what is typed in a cell is in the fieldbook, and table, stage and list stand on the same segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fieldapp.gui.desk import Desk
from fieldapp.gui.fonts import Fonts
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.review import ThePage
from fieldapp.gui.review.lines import Line, Lines, Text, lines
from fieldapp.gui.theme import LIGHT
from fieldapp.gui.widgets.segment_cells import CellField
from fieldapp.gui.widgets.segment_table import SegmentTable
from fieldapp.model import Annotation, AnnotationId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span, new_id
from fieldapp.settings import Settings, load
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
RATE = 16000
DRAFTS = ("tʰɑ jɑ", "شمس", "月亮")
OWN = "dialect note"
"""A tier that only this fieldbook has."""


def fill(tx: Transaction) -> None:
    session = Session(id=SessionId(new_id()), name="S", date="2026-11-21")
    sessions.add_session(tx, session)
    speaker = people.ensure_person(tx, "W1")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/a.wav", rate=RATE, channels=1, bits=16, frames=8 * RATE)
    sessions.add_recording(tx, master)
    for number, draft in enumerate(DRAFTS):
        span = Span(2 * number * RATE, (2 * number + 1) * RATE)
        made = Segment(id=SegmentId(new_id()), recording=master.id, span=span, speaker=speaker.id, state="draft")
        segments.add_segments(tx, [made])
        text = Annotation(id=AnnotationId(new_id()), segment=made.id, tier="transcription", text=draft, source="machine:m", state="draft")
        texts.add_texts(tx, [text])
        texts.set_text(tx, made.id, OWN, f"n{number}")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    folder = tmp_path / "book"
    with Store.create(folder, "book") as store:
        soundfile.write(folder / "audio" / "a.wav", np.zeros(8 * RATE, np.int16), RATE)
        store.do(fill)
    made = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    monkeypatch.setattr(made.desk.listening, "play", lambda *_a, **_k: None)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.desk.open(folder)
    made.show_page("review")
    qtbot.waitUntil(lambda: page(made).book.whole)
    made.actions_table.action("review.table").trigger()
    yield made
    made.close()


def page(window: MainWindow) -> ThePage:
    assert isinstance(window.page, ThePage)
    return window.page


def table(window: MainWindow) -> SegmentTable:
    return page(window).side.table


def field(window: MainWindow) -> CellField:
    found = table(window).findChildren(CellField)[-1]
    assert isinstance(found, CellField)
    return found


def go(window: MainWindow, row: int, column: str) -> str:
    """A person moves to a cell; returns its segment."""
    rows = table(window).rows
    table(window).setFocus()
    table(window).setCurrentIndex(rows.index(row, rows.columns.index(column)))
    return rows.lines.segments[row]


def key(window: MainWindow, which: Qt.Key) -> None:
    QTest.keyClick(field(window) if page(window).side.table.state() == SegmentTable.State.EditingState else table(window), which)


def stored(window: MainWindow, segment: str, tier: str = "transcription") -> tuple[str, str, str] | None:
    store = window.desk.store
    assert store is not None
    return next(((t.text, t.state, t.source) for t in texts.texts(store.reader(), segment) if t.tier == tier), None)


def told(window: MainWindow, row: int, column: str) -> Any:
    rows = table(window).rows
    return rows.index(row, rows.columns.index(column)).data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_columns_are_state_times_speaker_and_the_tiers_the_recording_has(window: MainWindow) -> None:
    assert table(window).rows.columns == ("mark", "start", "stop", "speaker", "transcription", OWN)
    said = [told(window, 1, column) for column in table(window).rows.columns]
    assert said == ["State: to check", "Start: 0:02.00", "End: 0:03.00", "Speaker: W1", "Transcription: شمس", f"{OWN}: n1"]


def test_enter_opens_a_cell_confirms_it_and_goes_on_to_the_next(window: MainWindow, qtbot: QtBot) -> None:
    first = go(window, 0, "transcription")
    key(window, Qt.Key.Key_Return)
    QTest.keyClicks(field(window), "sun")
    key(window, Qt.Key.Key_Return)
    assert table(window).currentIndex().row() == page(window).shown.current == 1
    assert field(window).text == "شمس"
    assert table(window).rows.cell(0, 4).text == "sun"
    qtbot.waitUntil(lambda: stored(window, first) == ("sun", "confirmed", "person"))
    qtbot.waitUntil(lambda: told(window, 0, "mark") == "State: checked")
    window.actions_table.action("undo").trigger()
    qtbot.waitUntil(lambda: stored(window, first) == (DRAFTS[0], "draft", "machine:m"))
    qtbot.waitUntil(lambda: told(window, 0, "transcription") == f"Transcription: {DRAFTS[0]}")


def test_tab_keeps_what_was_typed_and_opens_the_next_cell_and_escape_gives_up(window: MainWindow, qtbot: QtBot) -> None:
    first = go(window, 0, "transcription")
    key(window, Qt.Key.Key_F2)
    QTest.keyClicks(field(window), "sun")
    key(window, Qt.Key.Key_Tab)
    assert (field(window).tier, field(window).text) == (OWN, "n0")
    QTest.keyClicks(field(window), "never")
    key(window, Qt.Key.Key_Tab)
    second = table(window).rows.lines.segments[1]
    assert (field(window).tier, field(window).line.segment) == ("transcription", second)
    QTest.keyClicks(field(window), "no")
    key(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: stored(window, first) == ("sun", "draft", "person"))
    qtbot.waitUntil(lambda: stored(window, first, OWN) == ("never", "confirmed", "person"))
    assert stored(window, second) == (DRAFTS[1], "draft", "machine:m")
    assert told(window, 1, "transcription") == f"Transcription: {DRAFTS[1]}"


def test_table_and_stage_stand_on_the_same_segment_and_tier(window: MainWindow) -> None:
    second = go(window, 1, "transcription")
    line = page(window).shown.line
    assert line is not None
    assert (line.segment, page(window).typing.text) == (second, "شمس")
    page(window).do("review.next")
    assert table(window).currentIndex().row() == 2
    page(window).do("review.tier3")
    assert table(window).rows.columns[table(window).currentIndex().column()] == "translation"
    go(window, 0, "transcription")
    assert page(window).shown.tier == "transcription"
    assert "translation" in table(window).rows.columns
    go(window, 1, "start")
    page(window).do("review.next")
    assert table(window).rows.columns[table(window).currentIndex().column()] == "start"


@pytest.mark.parametrize("leave", ["page", "stage", "close"])
def test_what_is_typed_in_a_cell_survives_every_way_of_leaving_it(window: MainWindow, qtbot: QtBot, tmp_path: Path, leave: str) -> None:
    first = go(window, 0, "transcription")
    key(window, Qt.Key.Key_Return)
    QTest.keyClicks(field(window), "sun")
    if leave == "close":
        window.close()
        with Store.open(tmp_path / "book") as store:
            assert [t.text for t in texts.texts(store.reader(), first) if t.tier == "transcription"] == ["sun"]
        return
    if leave == "page":
        window.show_page("find")
    else:
        page(window).stage.field.setFocus()
        assert page(window).typing.text == "sun"
    qtbot.waitUntil(lambda: stored(window, first) == ("sun", "draft", "person"))


def test_rows_that_come_while_one_types_wait_until_the_cell_is_left(window: MainWindow, qtbot: QtBot) -> None:
    go(window, 1, "transcription")
    key(window, Qt.Key.Key_Return)
    QTest.keyClicks(field(window), "sun")
    store, line = window.desk.store, table(window).rows.lines[0]
    assert store is not None
    store.do(lambda tx: segments.split_segment(tx, SegmentId(line.segment), RATE // 2))
    qtbot.waitUntil(lambda: len(page(window).shown.lines) == 4)
    assert (field(window).text, table(window).rows.rowCount()) == ("sun", 3)
    key(window, Qt.Key.Key_Escape)
    assert table(window).rows.rowCount() == 4
    assert table(window).currentIndex().row() == page(window).shown.current == 2


def test_the_action_goes_to_the_list_and_back_and_widths_are_kept(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    side = page(window).side
    window.actions_table.action("review.table").trigger()
    assert side.shown == "segments"
    window.actions_table.action("review.table").trigger()
    assert side.shown == "table"
    table(window).setColumnWidth(3, 123)  # as the mouse does
    wide = table(window).widths["speaker"]
    qtbot.waitUntil(lambda: any(one.startswith("speaker=") for one in load(tmp_path / "settings.json")[0].table_widths))
    assert f"speaker={wide}" in window.desk.settings.table_widths


def test_a_fieldbook_that_is_only_read_opens_no_cell(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.close()
    with Store.open(tmp_path / "book"):
        second = MainWindow(Desk(Settings(language="en"), tmp_path / "settings2.json"))
        qtbot.addWidget(second)
        second.show()
        second.desk.open(tmp_path / "book")
        second.show_page("review")
        qtbot.waitUntil(lambda: page(second).book.whole)
        second.actions_table.action("review.table").trigger()
        said: list[str] = []
        second.desk.said.connect(lambda _level, text: said.append(text))
        key(second, Qt.Key.Key_Return)
        assert said
        assert not table(second).findChildren(CellField)
        second.close()


@pytest.mark.parametrize("said", ['tʰɑ˥˩ é̃ "\\\n\t', "شمس\u202e", "月亮𠀀", "a\x00b", "[1, null]"])
@pytest.mark.parametrize(("sure", "shown"), [(0.25, 0.25), (None, None), (float("inf"), None)])
def test_whatever_was_written_is_read_as_it_is(tmp_path: Path, said: str, sure: float | None, shown: float | None) -> None:
    with Store.create(tmp_path / "book", "book") as store:
        store.do(fill)
        store.do(lambda tx: tx.db.execute("UPDATE annotation SET text = ?, confidence = ? WHERE tier = 'transcription'", (said, sure)))
        master = sessions.recordings(store.reader())[0]
        found = lines(store.reader(), master.id)
        assert found.tiers == {"transcription", OWN}
        assert [(one.texts["transcription"], one.texts[OWN].text) for one in found] == [
            (Text(said, state="draft", source="machine:m", confidence=shown), f"n{number}") for number in range(len(DRAFTS))
        ]


def test_a_table_of_many_segments_makes_only_what_is_in_sight(qtbot: QtBot) -> None:
    made: list[int] = []

    def make(place: int) -> Line:
        made.append(place)
        return Line(f"s{place}", "r", Span(place * 10, place * 10 + 5), 10, "W1", "draft", texts={"transcription": Text(f"t{place}")})

    lines = Lines(((f"s{n}", n * 10, n * 10 + 5, True, "") for n in range(20_000)), make, frozenset(("transcription",)))
    shown = SegmentTable(LIGHT)
    qtbot.addWidget(shown)
    shown.resize(540, 600)
    shown.dress(LIGHT, Fonts({}), {})
    shown.show_lines(lines, "transcription", "s15000", fresh=True)
    shown.show()
    QApplication.processEvents()
    assert shown.currentIndex().row() == 15_000
    assert shown.visualRect(shown.currentIndex()).isValid()
    shown.mark("s3", "transcription")
    assert not shown.grab().isNull()
    assert 0 < len(made) < 300


def test_only_a_row_that_changed_is_drawn_anew(qtbot: QtBot) -> None:
    known = [Line(f"s{n}", "r", Span(n, n + 1), 10, texts={"transcription": Text("x")}) for n in range(50)]
    shown = SegmentTable(LIGHT)
    qtbot.addWidget(shown)
    shown.resize(540, 400)
    shown.show_lines(Lines.of(known), "transcription", "s0", fresh=True)
    shown.show()
    changed: list[tuple[int, int]] = []
    shown.rows.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    later = [replace(line, texts={"transcription": Text("y")}) if line.segment in ("s2", "s49") else line for line in known]
    shown.show_lines(Lines.of(later), "transcription", "s0")
    assert changed == [(2, 2)]
    assert shown.rows.cell(49, 4).text == "y"


def test_a_right_to_left_text_begins_at_the_right_of_its_cell(qtbot: QtBot) -> None:
    lines = Lines.of(
        [Line("a", "r", Span(0, 5), 10, texts={"transcription": Text("شمس")}), Line("b", "r", Span(5, 9), 10, texts={"transcription": Text("sun")})]
    )
    shown = SegmentTable(LIGHT)
    qtbot.addWidget(shown)
    shown.resize(700, 200)
    shown.dress(LIGHT, Fonts({}), {})
    shown.show_lines(lines, "transcription", "")
    shown.show()
    image = shown.viewport().grab().toImage()
    sides = []
    for row in range(2):
        area = shown.visualRect(shown.rows.index(row, 4)).adjusted(4, 4, -4, -4)
        ink = [x for x in range(area.left(), area.right()) for y in range(area.top(), area.bottom()) if image.pixelColor(x, y).lightness() < 110]
        sides.append(min(ink) > area.center().x())
    assert sides == [True, False]
