"""Parts of the review page: drafts look like drafts, lines stand on the side of their script, long recordings are never read whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from fieldapp.audio.wav import WavFormat
from fieldapp.gui.review.lines import Line, Lines, Text, right_to_left
from fieldapp.gui.review.near_sound import NearSound
from fieldapp.gui.review.pace import Pace
from fieldapp.gui.review.recorded import RecordedSound
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.theme import DARK, LIGHT, Colours
from fieldapp.gui.widgets import label_pictures
from fieldapp.gui.widgets.label_pictures import LabelPictures
from fieldapp.gui.widgets.line_text import about_text, draw_line_text
from fieldapp.gui.widgets.minimap import Minimap, Picture, strip
from fieldapp.gui.widgets.pitch_view import PitchTones
from fieldapp.gui.widgets.segment_marks import SegmentWave, coverage
from fieldapp.gui.widgets.spectrogram import Tile
from fieldapp.gui.widgets.tier_rows import TierRows
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.gui.widgets.typing_field import TypingField
from fieldapp.model import Recording, RecordingId, SessionId, Span

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("qapp")]
WIDTH, HEIGHT = 300, 30


def ink(text: str, colours: Colours, *, draft: bool) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Where a line leaves its mark."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_Grayscale8)
    image.fill(QColor(colours.panel))
    painter = QPainter(image)
    draw_line_text(painter, QRectF(0, 0, WIDTH, HEIGHT), text, colours, draft=draft)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(HEIGHT, image.bytesPerLine())[:, :WIDTH].astype(int)
    return np.asarray(np.abs(pixels - pixels[0, WIDTH // 2]) > 24)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_a_draft_has_dots_under_it_that_a_confirmed_text_has_not(colours: Colours) -> None:
    draft, sure = ink("sun", colours, draft=True), ink("sun", colours, draft=False)
    below = np.flatnonzero(draft.any(axis=1)).max()
    assert below > np.flatnonzero(sure.any(axis=1)).max()
    row = draft[below]
    assert (row[1:] != row[:-1]).sum() > 4


@pytest.mark.parametrize(
    ("text", "right"), [("sun", False), ("شمس", True), ("שמש sun", True), ("sun شمس", False), ("12 شمس", True), ("太阳", False), ("", False)]
)
def test_each_line_stands_on_the_side_of_its_first_letter(text: str, right: bool) -> None:
    assert right_to_left(text) is right
    marks = np.flatnonzero(ink(text, LIGHT, draft=False).any(axis=0))
    assert not len(marks) or bool(marks.min() > WIDTH / 2) is right


def pictured(labels: LabelPictures, text: str, left: float, *, draft: bool) -> QImage:
    """A line as the tiers draw it."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(LIGHT.panel))
    painter = QPainter(image)
    labels.begin(painter, LIGHT)
    labels.draw(painter, QRectF(left, 0, WIDTH / 2, HEIGHT), text, draft=draft)
    painter.end()
    return image


@pytest.mark.parametrize("text", ["sun", "شمس", "太阳", "a text that is much too long for the room that it has, so it is cut"])
@pytest.mark.parametrize("draft", [True, False])
def test_a_text_of_the_tiers_is_drawn_once_and_looks_the_same_wherever_it_is_scrolled_to(text: str, draft: bool) -> None:
    labels = LabelPictures()
    first = pictured(labels, text, 10, draft=draft)
    kept = labels.pictures
    moved = pictured(labels, text, 50, draft=draft)
    assert labels.pictures == kept == 1
    assert first.copy(0, 0, WIDTH - 40, HEIGHT) == moved.copy(40, 0, WIDTH - 40, HEIGHT)
    assert (first.pixelColor(0, 0), first == moved) == (QColor(LIGHT.panel), False)


def test_pictures_of_texts_that_were_not_seen_for_long_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_pictures, "KEPT_PIXELS", 10 * WIDTH * HEIGHT)
    labels = LabelPictures()
    for number in range(200):
        pictured(labels, f"a text of some length {number}", 10, draft=False)
    assert 5 < labels.pictures < 40


def test_in_the_typing_field_too_and_line_by_line(qtbot: QtBot) -> None:
    field = TypingField()
    qtbot.addWidget(field)
    field.resize(400, 80)
    field.setPlainText("sun\nشمس")
    field.show()
    lefts = []
    for number in range(2):
        block = field.document().findBlockByNumber(number)
        lefts.append(block.layout().lineAt(0).naturalTextRect().left())
    assert lefts[0] < 50 < 200 < lefts[1]


def test_a_draft_says_who_wrote_it_and_how_sure_it_is() -> None:
    assert about_text(Text("x", "wuu", "draft", "machine:starter", 0.64)) == "draft by starter · 64 % sure · wuu"


def test_the_pace_is_a_persons_own_and_breaks_do_not_count() -> None:
    pace = Pace()
    for now in (0.0, 5.0, 10.0, 1000.0, 1005.0):
        pace.confirmed(now)
    assert pace.left(12) == 60


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 300)), max_size=30), st.integers(0, 2000), st.integers(1, 300))
def test_every_line_that_shares_a_frame_with_the_view_is_among_the_visible_ones(drawn: list[tuple[int, int]], start: int, length: int) -> None:
    shown = Shown()
    shown.show([Line(str(n), "r", Span(a, a + b), 10) for n, (a, b) in enumerate(sorted(drawn))])
    seen, view = shown.visible(Span(start, start + length)), Span(start, start + length)
    assert {place for place, line in enumerate(shown.lines) if line.span.overlaps(view)} <= set(seen)


def test_a_line_is_made_when_somebody_looks_at_it_and_then_it_stays_the_same() -> None:
    made: list[int] = []

    def make(place: int) -> Line:
        made.append(place)
        return Line(f"s{place}", "r", Span(place, place + 5), 10)

    lines = Lines(((f"s{n}", n, n + 5, bool(n % 2), "") for n in range(9)), make)
    assert (len(lines), lines.to_check.tolist(), lines.reach.tolist()[-1], lines.places["s4"]) == (9, [False, True] * 4 + [False], 13, 4)
    assert made == []
    assert lines[4] is lines[-5]
    assert lines[2:6:3] == [make(2), make(5)]
    assert made[:3] == [4, 2, 5]
    with pytest.raises(IndexError):
        lines[9]


def test_many_segments_in_one_pixel_are_drawn_as_one() -> None:
    line = Timeline(1000, 100_000)
    line.resize(100)
    line.show_all()
    starts = np.arange(0, 50_000, 50)
    assert coverage(line, starts, starts + 40) == [(0.0, 50.0)]


class Tone:
    """A second of something that is as loud everywhere."""

    rate, frames = 1000, 1000

    def peaks(self, span: Span, columns: int) -> NDArray[np.float32]:
        return np.tile(np.array([-0.5, 0.5], np.float32), (columns, 1))

    def samples(self, span: Span) -> NDArray[np.float32]:
        return np.zeros(len(span), np.float32)


def test_the_strip_shows_checked_segments_in_the_colour_of_the_wave_and_the_others_in_amber_with_a_gap_between_neighbours() -> None:
    spans = [(0, 200, "checked"), (200, 400, "draft"), (400, 600, "draft"), (900, 910, "draft")]
    lines = Lines.of([Line(str(n), "r", Span(a, b), 1000, state=state) for n, (a, b, state) in enumerate(spans)])
    picture = strip(Tone(), lines, 100, 40, 10, LIGHT)
    wave, amber, ground = (QColor(colour).rgb() for colour in (LIGHT.wave, LIGHT.amber, LIGHT.stage))
    expected = [wave] * 19 + [ground] + [amber] * 39 + [ground] * 31 + [amber] + [ground] * 9
    assert (picture[32:38] == np.array(expected, np.uint32)).all()
    assert (picture[[0, 30, 39]] == ground).all()
    assert (picture[15] == wave).all()


def test_while_a_strip_is_made_no_other_is_begun_and_one_of_another_sound_is_not_shown(qtbot: QtBot) -> None:
    line, shown = Timeline(1000, 1000), Shown()
    waiting: list[tuple[Callable[[], Picture], Callable[[Picture], None]]] = []
    minimap = Minimap(line, shown, LIGHT, lambda work, done: waiting.append((work, done)))
    qtbot.addWidget(minimap)
    minimap.resize(100, 40)
    minimap.set_sound(Tone())
    minimap.grab()
    shown.show([Line("a", "r", Span(0, 500), 1000, state="draft")])
    minimap.grab()
    assert len(waiting) == 1
    work, done = waiting.pop()
    done(work())
    minimap.grab()
    assert len(waiting) == 1, "the lines became others meanwhile"
    late, done_late = waiting.pop()
    minimap.set_sound(Tone())
    minimap.grab()
    done_late(late())
    amber = QColor(LIGHT.amber).rgb()
    assert minimap.grab().toImage().pixel(20, 35) == QColor(LIGHT.stage).rgb()
    work, done = waiting.pop()
    done(work())
    assert minimap.grab().toImage().pixel(20, 35) == amber
    assert not waiting


def ten_hours(folder: Path) -> RecordedSound:
    """A sparse file: ten hours of silence that take no room on the disk."""
    rate, frames = 8000, 10 * 3600 * 8000
    path = folder / "long.wav"
    header = WavFormat(rate, 1, 16)
    with path.open("wb") as file:
        size = frames * header.frame_bytes
        file.write(b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little") + (1).to_bytes(2, "little"))
        file.write((1).to_bytes(2, "little") + rate.to_bytes(4, "little") + (2 * rate).to_bytes(4, "little") + (2).to_bytes(2, "little"))
        file.write((16).to_bytes(2, "little") + b"data" + size.to_bytes(4, "little"))
        file.truncate(44 + size)
    part = Recording(id=RecordingId("r"), session=SessionId("s"), path=path.name, rate=rate, channels=1, bits=16, frames=frames)
    return RecordedSound(folder, [part])


def test_ten_hours_open_scroll_and_zoom_without_reading_the_file(qtbot: QtBot, tmp_path: Path) -> None:
    sound = ten_hours(tmp_path)
    line, shown = Timeline(sound.rate, sound.frames), Shown()
    shown.show([Line(str(n), "r", Span(n * 16000, n * 16000 + 12000), sound.rate, state="draft", texts={"ipa": Text("x")}) for n in range(18_000)])

    def compute(work: object, done: object) -> None:
        result: Tile = work()  # type: ignore[operator]  # both are plain functions
        done(result)  # type: ignore[operator]

    wave = SegmentWave(line, LIGHT)
    wave.set_sound(NearSound(sound, compute, wave.update))
    widgets = [wave, PitchTones(line, LIGHT, compute), TierRows(line, LIGHT), Minimap(line, shown, LIGHT, compute)]
    for widget in widgets:
        qtbot.addWidget(widget)
        widget.resize(900, 80)
        if isinstance(widget, SegmentWave | PitchTones | TierRows):
            widget.follow(shown)
        if isinstance(widget, PitchTones | Minimap):
            widget.set_sound(sound)
    line.resize(900)
    line.show_all()
    for step in range(12):
        for widget in widgets:
            assert not widget.grab().isNull()
        line.zoom(0.3, 450)
        line.scroll(40 * step)
    assert sound.frames_read < sound.frames / 50
    sound.close()
