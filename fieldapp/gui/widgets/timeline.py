"""The stretch of time several widgets show together: where it starts, how many frames a pixel holds, cursor and selection.

Waveform, spectrogram, tiers and minimap share one `Timeline`, so they can never disagree about where they are.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fieldapp.model import Span

CLOSEST_FRAMES_PER_PIXEL = 0.25


class Timeline(QObject):
    """A window onto `frames` frames of sound, `width` pixels wide."""

    moved = Signal()
    cursor_moved = Signal(int)
    selected = Signal(object)

    def __init__(self, rate: int, frames: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rate = rate
        self.frames = frames
        self.width = 1
        self.start = 0.0
        self.frames_per_pixel = 1.0
        self.cursor = 0
        self.selection: Span | None = None

    def resize(self, width: int) -> None:
        """Keep the left edge where it is while the widgets grow or shrink."""
        if width != self.width and width > 0:
            self.width = width
            self._settle()

    def grow(self, frames: int) -> None:
        """More sound has arrived."""
        self.frames = max(self.frames, frames)

    def show(self, span: Span, margin: float = 0.0) -> None:
        """Fit a span into the width, with a share of it as margin on both sides."""
        length = max(1, len(span))
        self.frames_per_pixel = length * (1 + 2 * margin) / self.width
        self.start = span.start - length * margin
        self._settle()

    def show_all(self) -> None:
        """The whole sound."""
        self.show(Span(0, max(1, self.frames)))

    def zoom(self, factor: float, anchor_px: float) -> None:
        """Zoom so that the frame under `anchor_px` stays there."""
        anchor = self.frame_at(anchor_px)
        self.frames_per_pixel *= factor
        self._limit_zoom()
        self.start = anchor - anchor_px * self.frames_per_pixel
        self._settle()

    def scroll(self, pixels: float) -> None:
        """Move by screen pixels."""
        self.start += pixels * self.frames_per_pixel
        self._settle()

    def follow(self, frame: int) -> None:
        """Turn the page when a frame has left the view."""
        if not self.start <= frame < self.start + self.width * self.frames_per_pixel:
            self.start = frame - 0.1 * self.width * self.frames_per_pixel
            self._settle()

    def set_cursor(self, frame: int) -> None:
        """Move the play or edit position."""
        frame = min(max(0, frame), self.frames)
        if frame != self.cursor:
            self.cursor = frame
            self.cursor_moved.emit(frame)

    def select(self, span: Span | None) -> None:
        """Choose a span, or nothing."""
        if span != self.selection:
            self.selection = span
            self.selected.emit(span)

    def frame_at(self, pixel: float) -> float:
        """The frame under a pixel."""
        return self.start + pixel * self.frames_per_pixel

    def pixel_of(self, frame: float) -> float:
        """The pixel of a frame; may lie outside the view."""
        return (frame - self.start) / self.frames_per_pixel

    def visible(self) -> Span:
        """The frames on screen."""
        start = min(max(0, int(self.start)), self.frames)
        return Span(start, max(start, min(self.frames, int(self.start + self.width * self.frames_per_pixel) + 1)))

    def _limit_zoom(self) -> None:
        widest = max(CLOSEST_FRAMES_PER_PIXEL, self.frames / self.width)
        self.frames_per_pixel = min(max(self.frames_per_pixel, CLOSEST_FRAMES_PER_PIXEL), widest)

    def _settle(self) -> None:
        self._limit_zoom()
        self.start = min(max(0.0, self.start), max(0.0, self.frames - self.width * self.frames_per_pixel))
        self.moved.emit()


def clock(frame: float, rate: int, *, places: int = 1) -> str:
    """A position as h:mm:ss.s, the hours only where there are any; cut, never rounded up into the next second."""
    units = 10**places
    ticks = int(frame * units // rate)
    seconds, part = divmod(ticks, units)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{head}.{part:0{places}}" if places else head
