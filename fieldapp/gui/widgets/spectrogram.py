"""The spectrogram, in tiles: each is computed once in the background and kept; the screen shows what is ready and never waits.

A tile has a fixed number of columns at a zoom level (a power of two of the hop), so scrolling reuses it and a ten-hour
file costs no more than what is looked at.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.sound import Sound
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.gui.widgets.waveform import TimeWidget
from fieldapp.model import Span

TILE_COLUMNS = 128
KEPT_TILES = 400
SHARPEN_MS = 80
WIDEST_PX = 4096
WINDOW_S = 0.008
TOP_HZ = 8000
RANGE_DB = 60.0

Tile = NDArray[np.uint8]
Run = Callable[[Callable[[], Tile], Callable[[Tile], None]], None]
"""Does work off the GUI thread and hands its result back on it."""


def tile_pixels(sound: Sound, first_frame: int, hop: int) -> Tile:
    """One tile as grey levels, top row the highest frequency; quiet where the sound has ended."""
    window = max(64, round(WINDOW_S * sound.rate))
    size = 1 << max(9, (window - 1).bit_length() + 1)
    rows = max(1, min(size // 2, round(TOP_HZ * size / sound.rate)))
    frames = np.zeros((TILE_COLUMNS, window), dtype=np.float32)
    if hop <= 4 * window:
        block = sound.samples(_inside(sound, first_frame, first_frame + (TILE_COLUMNS - 1) * hop + window))
        for column in range(TILE_COLUMNS):
            part = block[column * hop : column * hop + window]
            frames[column, : len(part)] = part
    else:  # far out: one look per column is enough, and reading everything between would cost minutes on a long file
        for column in range(TILE_COLUMNS):
            part = sound.samples(_inside(sound, first_frame + column * hop, first_frame + column * hop + window))
            frames[column, : len(part)] = part
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(window).astype(np.float32), n=size, axis=1))[:, 1 : rows + 1]
    tilt = np.linspace(0.0, 18.0, rows, dtype=np.float32)  # speech falls off with frequency; lift it so that fricatives show
    level = 20 * np.log10(spectrum / window * 4 + 1e-7) + tilt
    grey = np.clip((level + RANGE_DB + 15) / RANGE_DB, 0, 1) * 255
    return np.ascontiguousarray(grey.T[::-1].astype(np.uint8))


def _inside(sound: Sound, start: int, stop: int) -> Span:
    return Span(min(start, sound.frames), min(max(start, stop), sound.frames))


class Spectrogram(TimeWidget):
    """Shows ready tiles, asks for missing ones; `run` does the computing elsewhere."""

    def __init__(self, timeline: Timeline, colours: Colours, run: Run, sound: Sound | None = None, parent: QWidget | None = None) -> None:
        super().__init__(timeline, colours, parent)
        self._run = run
        self._sound = sound
        self._tiles: OrderedDict[tuple[int, int], tuple[int, QImage]] = OrderedDict()
        self._asked: set[tuple[int, int]] = set()
        self._drawn: dict[tuple[int, int], tuple[int, QImage]] = {}
        self._drawn_at = 0.0
        self._sharpen = QTimer(self)
        self._sharpen.setSingleShot(True)
        self._sharpen.setInterval(SHARPEN_MS)
        self._sharpen.timeout.connect(self.update)
        self.setMinimumHeight(64)
        self.setAccessibleName("Spectrogram")

    def set_sound(self, sound: Sound | None) -> None:
        """Show another sound, or none; tiles of the old one are forgotten."""
        self._sound = sound
        self._tiles.clear()
        self._drawn.clear()
        self._asked.clear()
        self.update()

    def ask_again(self) -> None:
        """Some of what was asked for will not come; what is on screen is asked for anew when it is painted."""
        self._asked.clear()

    def set_colours(self, colours: Colours) -> None:
        """Another theme: the grey levels stay, their colours change."""
        super().set_colours(colours)
        table = self._colour_table()
        self._drawn.clear()
        for _, image in self._tiles.values():
            image.setColorTable(table)

    def sizeHint(self) -> QSize:
        return QSize(640, 140)

    def hop(self) -> int:
        """Frames per column at the present zoom: a power of two of half a millisecond, never finer than the eye needs."""
        smallest = max(1, self.timeline.rate // 2000)
        return smallest << max(0, math.ceil(math.log2(max(1.0, self.timeline.frames_per_pixel / smallest))))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.colours.stage))
        if self._sound is not None and self._sound.frames:
            self._draw(painter, self._sound)
        self.draw_marks(painter)
        painter.end()

    def _draw(self, painter: QPainter, sound: Sound) -> None:
        hop = self.hop()
        length = hop * TILE_COLUMNS
        visible = self.timeline.visible()
        zooming, self._drawn_at = self._drawn_at != self.timeline.frames_per_pixel, self.timeline.frames_per_pixel
        before, self._drawn = self._drawn, {}
        for number in range(visible.start // length, max(visible.start, visible.stop - 1) // length + 1):
            key = (hop, number)
            ready = self._tiles.get(key)
            covered = min(sound.frames, (number + 1) * length)
            if ready is None or ready[0] < covered:
                self._ask(sound, key, covered)
            if ready is not None:
                self._tiles.move_to_end(key)
                self._draw_tile(painter, key, ready[1], before.get(key), zooming=zooming)
        if zooming:
            self._sharpen.start()

    def _draw_tile(self, painter: QPainter, key: tuple[int, int], tile: QImage, before: tuple[int, QImage] | None, *, zooming: bool) -> None:
        """Smoothing is slow, so it is done once for all frames of scrolling; while zooming every frame would need it anew."""
        length = key[0] * TILE_COLUMNS
        left, wide = self.timeline.pixel_of(key[1] * length), length / self.timeline.frames_per_pixel
        if zooming or wide > WIDEST_PX:
            painter.drawImage(QRectF(left, 0, wide, self.height()), tile)
            return
        size = QSize(math.ceil(wide), self.height())
        if before is None or before[0] != tile.cacheKey() or before[1].size() != size:
            smooth = tile.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
            before = (tile.cacheKey(), smooth.convertToFormat(QImage.Format.Format_RGB32))
        self._drawn[key] = before
        painter.drawImage(QPointF(math.floor(left), 0), before[1])

    def _ask(self, sound: Sound, key: tuple[int, int], covered: int) -> None:
        if key in self._asked:
            return
        self._asked.add(key)
        hop, number = key

        def done(pixels: Tile) -> None:
            if self._sound is sound:
                self._keep(key, covered, pixels)

        self._run(lambda: tile_pixels(sound, number * hop * TILE_COLUMNS, hop), done)

    def _keep(self, key: tuple[int, int], covered: int, pixels: Tile) -> None:
        self._asked.discard(key)
        height, width = pixels.shape
        image = QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Indexed8).copy()
        image.setColorTable(self._colour_table())
        self._tiles[key] = (covered, image)
        while len(self._tiles) > KEPT_TILES:
            self._tiles.popitem(last=False)
        self.update()

    def _colour_table(self) -> list[int]:
        ground, ink = QColor(self.colours.stage), QColor(self.colours.text)
        table = []
        for level in range(256):
            share = (level / 255) ** 1.3
            mixed = [round(a + (b - a) * share) for a, b in zip(_rgb(ground), _rgb(ink))]
            table.append(0xFF000000 | mixed[0] << 16 | mixed[1] << 8 | mixed[2])
        return table


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
