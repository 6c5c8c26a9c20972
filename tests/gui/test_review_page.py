"""The review page: what is typed, confirmed, cut, moved and undone is in the fieldbook, and nothing that arrives disturbs who types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLineEdit, QTextEdit, QWidget
from pytestqt.qtbot import QtBot

from fieldapp.audio.render import Clip
from fieldapp.gui.actions import DEEDS, clashes
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.review import ThePage
from fieldapp.gui.review.lines import AFTER, BEFORE
from fieldapp.gui.widgets.row_list import line_face
from fieldapp.model import (
    Annotation,
    AnnotationId,
    Item,
    ItemId,
    PromptList,
    PromptListId,
    Recording,
    RecordingId,
    Segment,
    SegmentId,
    Session,
    SessionId,
    Span,
    new_id,
)
from fieldapp.settings import Settings
from fieldapp.store import people, prompts, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
RATE = 16000
SECONDS = 12
EDGES = ((0, 2), (2, 4), (5, 6), (7, 8))  # the first two touch
DRAFTS = (("tʰɑ jɑ", 0.9), ("شمس", 0.3), ("月亮", 0.6))


def fill(tx: Transaction) -> None:
    """Four segments: three drafts of different certainty, one without text; the last two are takes of one prompt."""
    session = Session(id=SessionId(new_id()), name="S", date="2026-11-21")
    sessions.add_session(tx, session)
    listed = PromptList(id=PromptListId(new_id()), name="list")
    item = Item(id=ItemId(new_id()), promptlist=listed.id, position=0, meaning_id="moon", text="moon")
    prompts.add_promptlist(tx, listed, [item])
    speaker = people.ensure_person(tx, "W1")
    for name in ("a", "b"):
        master = Recording(id=RecordingId(new_id()), session=session.id, path=f"audio/{name}.wav", rate=RATE, channels=1, bits=16, frames=SECONDS * RATE)
        sessions.add_recording(tx, master)
        for number, (start, stop) in enumerate(EDGES if name == "a" else EDGES[:1]):
            asked, take = (item.id, number - 1) if number >= 2 else (None, 1)
            span = Span(start * RATE, stop * RATE)
            made = Segment(id=SegmentId(new_id()), recording=master.id, span=span, speaker=speaker.id, state="draft", item=asked, take=take)
            segments.add_segments(tx, [made])
            if name == "a" and number < len(DRAFTS):
                text, sure = DRAFTS[number]
                draft = Annotation(
                    id=AnnotationId(new_id()), segment=made.id, tier="transcription", text=text, source="machine:m", state="draft", confidence=sure
                )
                texts.add_texts(tx, [draft])


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    folder = tmp_path / "book"
    with Store.create(folder, "book") as store:
        sound = np.random.default_rng(1).normal(0, 3000, SECONDS * RATE)
        sound[round(1.95 * RATE) : round(1.97 * RATE)] = 0
        for name in ("a", "b"):
            soundfile.write(folder / "audio" / f"{name}.wav", sound.astype(np.int16), RATE)
        store.do(fill)
    made = MainWindow(Desk(Settings(), tmp_path / "settings.json"))
    monkeypatch.setattr(made.desk.listening, "play", lambda *_a, **_k: None)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.desk.open(folder)
    made.show_page("review")
    qtbot.waitUntil(lambda: len(page(made).shown.lines) == len(EDGES) and page(made).book.whole)
    yield made
    made.close()


def page(window: MainWindow) -> ThePage:
    found = window.page
    assert isinstance(found, ThePage)
    return found


def db(window: MainWindow) -> Any:
    assert window.desk.store is not None
    return window.desk.store.reader()


def spans(window: MainWindow) -> list[tuple[float, float]]:
    """The segments of the open recording as the fieldbook has them, in seconds."""
    return [(s.span.start / RATE, s.span.stop / RATE) for s in segments.segments(db(window), page(window).recording)]


def stored(window: MainWindow, segment: str, tier: str = "transcription") -> tuple[str, str, str] | None:
    return next(((t.text, t.state, t.source) for t in texts.texts(db(window), segment) if t.tier == tier), None)


def do(window: MainWindow, name: str) -> None:
    window.actions_table.action(f"review.{name}").trigger()


def undone(window: MainWindow, qtbot: QtBot, expected: Callable[[], bool]) -> None:
    window.actions_table.action("undo").trigger()
    qtbot.waitUntil(expected)


def typed(window: MainWindow, text: str) -> str:
    """Type instead of what is there; returns the segment."""
    line = page(window).shown.line
    assert line is not None
    field = page(window).stage.field
    field.selectAll()
    QTest.keyClicks(field, text)
    return line.segment


def test_no_two_deeds_of_the_page_share_keys() -> None:
    assert clashes((*DEEDS, *ThePage.DEEDS), {}) == []


def test_the_prompt_stands_beside_the_sound_and_in_the_lists(window: MainWindow) -> None:
    shown = page(window).shown
    texts_of = {line.segment: line_face(line).about for line in shown.lines}
    assert [about.startswith("moon ·") for about in texts_of.values()] == [False, False, True, True]
    assert page(window).stage.prompt.text() == ""
    shown.choose(2)
    assert page(window).stage.prompt.text() == "Prompt: moon"


def test_what_was_marked_while_recording_is_marked_here(window: MainWindow, qtbot: QtBot) -> None:
    store = window.desk.store
    assert store is not None
    last = segments.segments(store.reader(), page(window).recording)[-1]
    store.do(lambda tx: segments.update_segment(tx, replace(last, metadata={"marks": [last.span.start]})))
    qtbot.waitUntil(lambda: [line.marked for line in page(window).shown.lines] == [False, False, False, True])
    assert "⚑" in line_face(page(window).shown.lines[3]).about
    page(window).shown.choose(3)
    assert "marked" in page(window).stage.prompt.text()


def test_whoever_looked_at_an_empty_page_types_as_soon_as_there_is_something(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    window.desk.create(tmp_path / "new", "new")
    store = window.desk.store
    assert store is not None
    window.show_page("review")
    qtbot.waitUntil(lambda: page(window)._faces.currentIndex() == 0)
    window.show_page("people")
    soundfile.write(store.folder / "audio" / "a.wav", np.zeros(SECONDS * RATE, np.int16), RATE)
    store.do(fill)
    window.show_page("review")
    qtbot.waitUntil(lambda: page(window).shown.line is not None)
    assert window.focusWidget() is page(window).stage.field


def test_another_fieldbook_leaves_the_keyboard_in_the_text(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    page(window).stage.field.setFocus()
    window.desk.open(tmp_path / "book")
    window.show_page("review")
    qtbot.waitUntil(lambda: page(window).shown.line is not None)
    assert window.focusWidget() is page(window).stage.field


def test_what_is_left_of_a_recording_is_drawn_anew_when_it_changes(window: MainWindow, qtbot: QtBot) -> None:
    rows = page(window).side.lists[0]
    qtbot.waitUntil(lambda: rows.faces.face(0).badge == str(len(EDGES)))
    qtbot.wait(100)
    with qtbot.waitSignal(Painted(rows.viewport()).told, check_params_cb=lambda: rows.faces.face(0).badge == str(len(EDGES) - 1)):
        typed(window, "sun")
        do(window, "confirm")


class Painted(QObject):
    """Says when a widget is painted."""

    told = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's own name)
        if event.type() == QEvent.Type.Paint:
            self.told.emit()
        return False


@pytest.mark.parametrize("shown", ["segments", "queue"])
def test_enter_in_a_list_goes_to_the_text(window: MainWindow, qtbot: QtBot, shown: str) -> None:
    do(window, shown)
    side = page(window).side
    qtbot.waitUntil(lambda: side.lists[1 if shown == "segments" else 2].currentIndex().isValid())
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    assert window.focusWidget() is page(window).stage.field


def test_enter_confirms_checks_the_segment_and_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    first = typed(window, "sun")
    QTest.keyClick(page(window).stage.field, Qt.Key.Key_Return)
    assert page(window).shown.current == 1
    qtbot.waitUntil(lambda: stored(window, first) == ("sun", "confirmed", "person"))
    assert segments.segment(db(window), first).state == "checked"
    undone(window, qtbot, lambda: stored(window, first) == ("tʰɑ jɑ", "draft", "machine:m"))
    assert segments.segment(db(window), first).state == "draft"


def test_what_was_taken_back_is_seen_as_it_is_when_one_comes_back_to_it(window: MainWindow, qtbot: QtBot) -> None:
    first = typed(window, "sun")
    do(window, "next")
    qtbot.waitUntil(lambda: page(window).shown.lines[0].texts["transcription"].text == "sun")
    undone(window, qtbot, lambda: stored(window, first) == ("tʰɑ jɑ", "draft", "machine:m"))
    qtbot.waitUntil(lambda: page(window).shown.lines[0].texts["transcription"].text == "tʰɑ jɑ")
    do(window, "previous")
    assert page(window).typing.text == "tʰɑ jɑ"


def many(tx: Transaction, recording: str, count: int) -> list[str]:
    made = [Segment(id=SegmentId(new_id()), recording=RecordingId(recording), span=Span(RATE + n, RATE + n + 50), state="checked") for n in range(count)]
    segments.add_segments(tx, made)
    texts.add_texts(tx, [Annotation(id=AnnotationId(new_id()), segment=one.id, tier="gloss", text=f"g{n}", source="person") for n, one in enumerate(made)])
    return [one.id for one in made]


def test_of_a_large_recording_what_is_looked_at_is_there_first_and_the_rest_follows(window: MainWindow, qtbot: QtBot) -> None:
    store, review = window.desk.store, page(window)
    assert store is not None
    other = next(one.recording for one in review.headings if one.recording != review.recording)
    made = store.do(lambda tx: many(tx, other, 1000))
    seen: list[tuple[int, bool]] = []
    review.book.opened.connect(lambda found, _: seen.append((len(found.lines), review.book.whole)))
    review.open(other, made[700])
    qtbot.waitUntil(lambda: review.recording == other and review.book.whole)
    assert seen == [(BEFORE + AFTER, False)]
    assert len(review.shown.lines) == 1001
    assert review.shown.line is not None
    assert (review.shown.line.segment, review.shown.line.texts["gloss"].text) == (made[700], "g700")
    review.go(made[3])
    assert review.shown.line.segment == made[3]


def test_the_next_to_check_is_found_among_segments_that_are_still_being_read(window: MainWindow, qtbot: QtBot) -> None:
    store, review = window.desk.store, page(window)
    assert store is not None
    other = next(one.recording for one in review.headings if one.recording != review.recording)
    made = store.do(lambda tx: many(tx, other, 1000))
    store.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, made[900]), state="draft")))
    review.book.opened.connect(lambda _found, _segment: review.do("review.next_to_check"))
    review.open(other, made[10])
    qtbot.waitUntil(lambda: review.shown.line is not None and review.shown.line.segment == made[900])


def test_a_draft_confirmed_as_it_is_keeps_its_source(window: MainWindow, qtbot: QtBot) -> None:
    line = page(window).shown.line
    assert line is not None
    QTest.keyClick(page(window).stage.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stored(window, line.segment) == ("tʰɑ jɑ", "confirmed", "machine:m"))


def test_typing_writes_nothing_until_the_segment_is_left_and_then_keeps_it_as_a_draft(window: MainWindow, qtbot: QtBot) -> None:
    first = typed(window, "sun")
    assert stored(window, first) == ("tʰɑ jɑ", "draft", "machine:m")
    do(window, "next")
    qtbot.waitUntil(lambda: stored(window, first) == ("sun", "draft", "person"))
    do(window, "previous")
    assert page(window).typing.text == "sun"


@pytest.mark.parametrize("leave", ["page", "close", "other"])
def test_typed_text_survives_every_way_of_leaving(window: MainWindow, qtbot: QtBot, tmp_path: Path, leave: str) -> None:
    first = typed(window, "sun")
    if leave == "page":
        window.show_page("find")
        qtbot.waitUntil(lambda: stored(window, first) == ("sun", "draft", "person"))
        return
    if leave == "other":
        window.desk.create(tmp_path / "second", "second")
    else:
        window.close()
    window.desk.close_fieldbook()
    with Store.open(tmp_path / "book") as store:
        assert [t.text for t in texts.texts(store.reader(), first)] == ["sun"]


def test_what_arrives_while_typing_disturbs_neither_text_nor_cursor(window: MainWindow, qtbot: QtBot) -> None:
    first = typed(window, "sun")
    page(window).stage.timeline.set_cursor(1234)
    store = window.desk.store
    assert store is not None
    store.do(lambda tx: texts.set_text(tx, SegmentId(first), "ipa", "sʌn"))
    qtbot.waitUntil(lambda: "ipa" in page(window).shown.lines[0].texts)
    assert (page(window).typing.text, page(window).stage.timeline.cursor) == ("sun", 1234)


def test_tab_plays_the_segment_and_shift_tab_from_the_cursor(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Span] = []

    def play(clips: list[Clip], **_: object) -> None:
        played.extend(clip.span for clip in clips)

    monkeypatch.setattr(window.desk.listening, "play", play)
    QTest.keyClick(page(window).stage.field, Qt.Key.Key_Tab)
    QTest.keyClick(page(window).stage.field, Qt.Key.Key_Tab)  # pauses
    page(window).stage.timeline.set_cursor(RATE)
    QTest.keyClick(page(window).stage.field, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert played == [Span(0, 2 * RATE), Span(RATE, 2 * RATE)]
    assert page(window).stage.field.hasFocus()


def test_paused_playing_goes_on_a_moment_earlier(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []
    monkeypatch.setattr(window.desk.listening, "play", lambda _clips, *, start, **_: starts.append(start.frame))
    do(window, "play")
    page(window).stage.timeline.set_cursor(round(1.5 * RATE))
    do(window, "play")
    do(window, "play")
    assert starts == [0, round(0.7 * RATE)]


def test_tiers_are_chosen_by_key_and_typed_on(window: MainWindow, qtbot: QtBot) -> None:
    do(window, "tier3")
    first = typed(window, "the sun")
    QTest.keyClick(page(window).stage.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stored(window, first, "translation") == ("the sun", "confirmed", "person"))
    assert stored(window, first) == ("tʰɑ jɑ", "draft", "machine:m")


def test_a_tier_chosen_while_the_page_is_reading_is_the_one_typed_on(window: MainWindow, qtbot: QtBot) -> None:
    page(window).refresh()  # as after somebody's commit
    do(window, "tier3")
    first = typed(window, "the sun")
    QTest.keyClick(page(window).stage.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stored(window, first, "translation") == ("the sun", "confirmed", "person"))
    assert stored(window, first) == ("tʰɑ jɑ", "draft", "machine:m")


def test_emptying_the_field_deletes_the_text(window: MainWindow, qtbot: QtBot) -> None:
    first = typed(window, " ")
    do(window, "next")
    qtbot.waitUntil(lambda: stored(window, first) is None)
    undone(window, qtbot, lambda: stored(window, first) is not None)


def test_a_segment_is_split_at_the_cursor_and_whole_again_after_undo(window: MainWindow, qtbot: QtBot) -> None:
    page(window).stage.timeline.set_cursor(RATE)
    do(window, "split")
    qtbot.waitUntil(lambda: spans(window)[:2] == [(0, 1), (1, 2)])
    undone(window, qtbot, lambda: spans(window)[:2] == [(0, 2), (2, 4)])


def test_two_segments_are_merged_with_their_texts(window: MainWindow, qtbot: QtBot) -> None:
    line = page(window).shown.line
    assert line is not None
    do(window, "merge")
    qtbot.waitUntil(lambda: spans(window)[0] == (0, 4))
    assert stored(window, line.segment) == ("tʰɑ jɑ شمس", "draft", "machine:m")
    undone(window, qtbot, lambda: spans(window)[:2] == [(0, 2), (2, 4)])


def test_a_segment_is_deleted_and_comes_back(window: MainWindow, qtbot: QtBot) -> None:
    do(window, "delete")
    qtbot.waitUntil(lambda: len(spans(window)) == 3 and len(page(window).shown.lines) == 3)
    undone(window, qtbot, lambda: spans(window)[0] == (0, 2) and len(texts.texts(db(window), segments.segments(db(window), page(window).recording)[0].id)) == 1)


def test_what_is_selected_becomes_a_segment_of_the_same_speaker_and_the_current_one(window: MainWindow, qtbot: QtBot) -> None:
    page(window).stage.timeline.select(Span(9 * RATE, 10 * RATE))
    do(window, "create")
    qtbot.waitUntil(lambda: (page(window).shown.line or page(window).shown.lines[0]).span.start == 9 * RATE)
    assert spans(window)[-1] == (9, 10)
    assert segments.segments(db(window), page(window).recording)[-1].speaker is not None


def test_ten_quick_nudges_add_up_and_take_a_touching_neighbour_along(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(10):
        do(window, "stop_later")
    qtbot.waitUntil(lambda: spans(window)[:2] == [(0, 2.05), (2.05, 4)])
    undone(window, qtbot, lambda: spans(window)[:2] == [(0, 2.045), (2.045, 4)])


def test_a_whole_segment_is_moved_by_keys_and_leaves_its_neighbours_alone(window: MainWindow, qtbot: QtBot) -> None:
    do(window, "next")
    for _ in range(3):
        do(window, "move_later")
    qtbot.waitUntil(lambda: spans(window)[:2] == [(0, 2), (2.015, 4.015)])
    undone(window, qtbot, lambda: spans(window)[1] == (2.01, 4.01))
    do(window, "previous")
    do(window, "move_earlier")  # there is nothing before
    do(window, "stop_later")
    qtbot.waitUntil(lambda: spans(window)[0] == (0, 2.005))


def test_a_whole_segment_follows_the_mouse_with_shift(window: MainWindow, qtbot: QtBot) -> None:
    wave, line = page(window).stage.wave, page(window).stage.timeline
    y, shift = wave.height() // 2, Qt.KeyboardModifier.ShiftModifier
    here, there = (QPoint(round(line.pixel_of(second * RATE)), y) for second in (1, 2))
    QTest.mousePress(wave, Qt.MouseButton.LeftButton, shift, here)
    QTest.mouseMove(wave, there)
    assert page(window).shown.span_of(page(window).shown.lines[0]).start > 0.9 * RATE
    QTest.mouseRelease(wave, Qt.MouseButton.LeftButton, shift, there)
    qtbot.waitUntil(lambda: any(abs(start - 1) < 0.03 and abs(stop - 3) < 0.03 for start, stop in spans(window)))


def test_a_segment_is_made_without_a_mouse(window: MainWindow, qtbot: QtBot) -> None:
    timeline = page(window).stage.timeline
    timeline.set_cursor(9 * RATE)
    do(window, "cursor_later")
    do(window, "mark")
    timeline.set_cursor(10 * RATE)
    do(window, "cursor_earlier")
    do(window, "mark")
    assert timeline.selection == Span(round(9.05 * RATE), round(9.95 * RATE))
    do(window, "create")
    qtbot.waitUntil(lambda: spans(window)[-1] == (9.05, 9.95))


def test_boundaries_snap_to_the_quietest_place_near(window: MainWindow, qtbot: QtBot) -> None:
    do(window, "snap")
    qtbot.waitUntil(lambda: 1.95 < spans(window)[0][1] < 1.97)


def test_a_boundary_follows_the_mouse_and_is_moved_when_it_is_let_go(window: MainWindow, qtbot: QtBot) -> None:
    wave, line = page(window).stage.wave, page(window).stage.timeline
    y = wave.height() // 2
    here, there = (QPoint(round(line.pixel_of(second * RATE)), y) for second in (6, 6.5))
    do(window, "next")
    do(window, "next")
    QTest.mousePress(wave, Qt.MouseButton.LeftButton, pos=here)
    QTest.mouseMove(wave, there)
    QTest.mouseRelease(wave, Qt.MouseButton.LeftButton, pos=there)
    qtbot.waitUntil(lambda: abs(spans(window)[2][1] - 6.5) < 0.03)


def test_the_best_take_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    page(window).go(page(window).shown.lines[3].segment)
    do(window, "best")
    qtbot.waitUntil(lambda: [s.best for s in segments.segments(db(window), page(window).recording)] == [False, False, False, True])


def test_the_queue_begins_with_the_least_certain_draft_and_enter_walks_it(window: MainWindow, qtbot: QtBot) -> None:
    texts_of = [line.texts["transcription"].text for line in page(window).queue if line.texts]
    assert texts_of == ["شمس", "月亮", "tʰɑ jɑ"]
    do(window, "queue")
    page(window).open(page(window).recording, page(window).queue[0].segment)
    QTest.keyClick(page(window).stage.field, Qt.Key.Key_Return)
    assert page(window).typing.text == "月亮"


def test_the_queue_puts_a_take_that_differs_from_the_others_before_one_the_machine_is_unsure_of(window: MainWindow, qtbot: QtBot) -> None:
    store, shown = window.desk.store, page(window).shown
    assert store is not None
    retake = shown.lines[3].segment  # of the same prompt as the third
    draft = Annotation(
        id=AnnotationId(new_id()), segment=SegmentId(retake), tier="transcription", text="太阳", source="machine:m", state="draft", confidence=0.9
    )
    qtbot.waitUntil(lambda: not window.desk.busy and not page(window).book.doubts._busy)
    page(window).book.doubts._next = 0.0  # the minute is over
    store.do(lambda tx: texts.add_texts(tx, [draft]))
    qtbot.waitUntil(lambda: page(window).queue[0].segment in (retake, shown.lines[2].segment))
    assert [line.doubt for line in page(window).queue[:3]] == ["takes", "takes", "machine"]
    do(window, "queue")
    model = page(window).side.lists[2].faces
    assert "differs from other takes" in model.face(0).about


def test_when_a_recording_is_done_the_next_one_is_opened(window: MainWindow, qtbot: QtBot) -> None:
    first = page(window).recording
    for _ in EDGES:
        QTest.keyClick(page(window).stage.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page(window).recording != first)
    qtbot.waitUntil(lambda: len(page(window).shown.lines) == 1)


def test_reading_only_nothing_is_changed_and_the_reason_is_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.close()
    with Store.open(tmp_path / "book"):
        second = MainWindow(Desk(Settings(), tmp_path / "settings2.json"))
        qtbot.addWidget(second)
        second.show()
        second.desk.open(tmp_path / "book")
        second.show_page("review")
        qtbot.waitUntil(lambda: len(page(second).shown.lines) == len(EDGES))
        assert not second.actions_table.action("review.split").isEnabled()
        QTest.keyClick(page(second).stage.field, Qt.Key.Key_Return)
        assert spans(second)[0] == (0, 2)
        second.close()


def test_everything_on_the_page_has_a_name_for_screen_readers(window: MainWindow) -> None:
    kinds = (QAbstractButton, QAbstractItemView, QLineEdit, QTextEdit)
    widgets = [widget for kind in kinds for widget in page(window).findChildren(kind) if not isinstance(widget.parent(), QLineEdit)]  # Qt's own clear button
    assert not [widget for widget in widgets if not (widget.accessibleName() or getattr(widget, "text", str)())]


def test_every_deed_is_in_the_palette(window: MainWindow) -> None:
    window.actions_table.action("palette").trigger()
    assert any(title.startswith("Split at the cursor") for title in window.palette_box.titles())


def test_spaces_and_line_ends_of_a_stored_text_are_not_changed_by_looking_at_it_or_confirming_it(window: MainWindow, qtbot: QtBot) -> None:
    line, store = page(window).shown.line, window.desk.store
    assert line is not None
    assert store is not None
    odd = "le soleil\u00a0!\r\nla lune"
    store.do(lambda tx: texts.set_text(tx, SegmentId(line.segment), "transcription", odd, source="import", state="draft"))
    qtbot.waitUntil(lambda: "soleil" in page(window).typing.text)
    assert not page(window).typing.dirty
    do(window, "confirm")
    qtbot.waitUntil(lambda: stored(window, line.segment) == (odd, "confirmed", "import"))


def test_a_recording_whose_file_is_gone_is_said_and_its_texts_can_still_be_typed(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    said: list[str] = []
    window.desk.said.connect(lambda _level, text: said.append(text))
    (tmp_path / "book" / "audio" / "b.wav").unlink()
    other = next(one.recording for one in page(window).headings if one.recording != page(window).recording)
    page(window).open(other)
    qtbot.waitUntil(lambda: page(window).recording == other and bool(said))
    assert "b.wav" in said[0]
    window.grab()
    first = typed(window, "sun")
    do(window, "confirm")
    qtbot.waitUntil(lambda: stored(window, first) == ("sun", "confirmed", "person"))
