"""Waveform and spectrogram draw what is there, ask for tiles once, and cope with a sound that still grows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from fieldapp.gui.theme import DARK, LIGHT
from fieldapp.gui.widgets.live_lines import LiveLines
from fieldapp.gui.widgets.spectrogram import TILE_COLUMNS, Spectrogram, Tile, tile_pixels
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.gui.widgets.waveform import Waveform
from fieldapp.model import SegmentId, Span
from fieldapp.session.live_text import Said, TextLook

pytestmark = pytest.mark.gui
RATE = 48000


class Tone:
    """A 1 kHz tone of the given length, half scale."""

    def __init__(self, seconds: float) -> None:
        self.rate = RATE
        self.frames = round(seconds * RATE)
        self.read = 0

    def samples(self, span: Span) -> NDArray[np.float32]:
        stop = min(span.stop, self.frames)
        self.read += max(0, stop - span.start)
        return (0.5 * np.sin(2 * np.pi * 1000 * np.arange(span.start, max(span.start, stop)) / RATE)).astype(np.float32)

    def peaks(self, span: Span, columns: int) -> NDArray[np.float32]:
        return np.tile(np.array([-0.5, 0.5], dtype=np.float32), (columns, 1))


def at_once(work: Callable[[], Tile], done: Callable[[Tile], None]) -> None:
    done(work())


def test_a_tone_stands_where_its_frequency_is() -> None:
    pixels = tile_pixels(Tone(2), 0, 24)
    rows = pixels.shape[0]
    loudest = rows - 1 - int(np.argmax(pixels.mean(axis=1)))
    assert (loudest + 1) / rows * 8000 == pytest.approx(1000, abs=150)


def test_a_tile_past_the_end_of_the_sound_is_quiet() -> None:
    assert tile_pixels(Tone(0.1), RATE, 24).max() == 0


def test_far_out_a_tile_reads_one_window_per_column_and_not_the_whole_file() -> None:
    tone = Tone(3600)
    tile_pixels(tone, 0, RATE)
    assert 0 < tone.read < TILE_COLUMNS * 2000


def test_tiles_are_computed_once_and_again_only_when_the_sound_has_grown(qtbot: QtBot) -> None:
    tone = Tone(1)
    line = Timeline(RATE, tone.frames)
    asked = 0

    def counted(work: Callable[[], Tile], done: Callable[[Tile], None]) -> None:
        nonlocal asked
        asked += 1
        done(work())

    widget = Spectrogram(line, LIGHT, counted, tone)
    qtbot.addWidget(widget)
    widget.resize(800, 100)
    line.resize(800)
    line.show_all()
    widget.grab()
    first = asked
    widget.grab()
    assert asked == first > 0
    tone.frames *= 2
    line.grow(tone.frames)
    widget.grab()
    assert asked > first


def test_the_waveform_paints_in_both_themes_at_every_zoom(qtbot: QtBot) -> None:
    tone = Tone(10)
    line = Timeline(RATE, tone.frames)
    widget = Waveform(line, LIGHT, tone)
    qtbot.addWidget(widget)
    widget.resize(600, 100)
    line.resize(600)
    line.show_all()
    overview = widget.grab().toImage()
    assert overview.pixelColor(300, 50).name() == LIGHT.wave
    widget.set_colours(DARK)
    line.show(Span(1000, 1100))
    assert widget.grab().toImage().pixelColor(0, 0).name() == DARK.stage


def test_dragging_selects_and_clicking_sets_the_cursor(qtbot: QtBot) -> None:
    line = Timeline(RATE, 10 * RATE)
    widget = Waveform(line, LIGHT, Tone(10))
    qtbot.addWidget(widget)
    widget.resize(1000, 100)
    widget.show()
    line.resize(1000)
    line.show_all()
    middle = widget.rect().center()
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(widget, middle / 2)
    dragged = line.selection
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=middle / 2)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=middle)
    assert dragged is not None
    assert line.selection is None
    assert line.cursor == pytest.approx(5 * RATE, abs=2 * RATE / 100)


def test_live_text_shows_drafts_what_is_being_said_and_how_late_it_is(qtbot: QtBot) -> None:
    lines = LiveLines(LIGHT)
    qtbot.addWidget(lines)
    lines.show_text(None)
    assert lines.isHidden()
    said = tuple(Said(SegmentId(str(number)), Span(number, number + 1), text) for number, text in enumerate(("first", "我今日去田里", "שלום")))
    lines.show_text(TextLook(finals=said, partial="and now", lag=0.4, sentence=""))
    assert not lines.isHidden()
    assert lines.accessibleDescription().split("\n") == ["我今日去田里", "שלום", "and now", "live 0.4 s behind"]
    lines.resize(300, lines.sizeHint().height())
    assert not lines.grab().isNull()
    lines.show_text(TextLook(lag=61.0, level=4, sentence=""))
    assert lines.state() == "live 61 s behind; nothing is lost"
    lines.show_text(TextLook(sentence="No live text: the model is damaged."))
    assert lines.state() == "No live text: the model is damaged."
    assert not lines.grab().isNull()
