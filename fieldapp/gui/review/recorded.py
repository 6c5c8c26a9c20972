"""A closed recording as the drawing widgets want it: all its parts on one clock, gaps silent, overviews from `derived/peaks`.

Overviews are drawn in the GUI thread; samples are read in the background (`near_sound.py`). Each thread has a file of its own, so that none waits for
another. Only what is asked for is read.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.audio.decode import AudioReader, open_audio
from fieldapp.audio.peaks import BUCKET, Peaks, build_peaks, open_peaks
from fieldapp.audio.render import Clip, clips_of
from fieldapp.errors import AudioError
from fieldapp.model import Recording, Span

SHORT_S = 30


class _File:
    """One part as one thread reads it; the lock is for whoever closes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._reader: AudioReader | None = None

    def read(self, span: Span) -> NDArray[np.float32]:
        """Frames by channels; opens the file where it is closed."""
        with self._lock:
            if self._reader is None:
                self._reader = open_audio(self._path)
            try:
                return self._reader.read(span)
            except AudioError:  # the stick it lies on was pulled out; when it is back, it is opened anew
                self._let_go()
                raise

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


class RecordedSound:
    """Made by `of` for the parts of one master; `close` lets the files go."""

    def __init__(self, folder: Path, parts: Sequence[Recording]) -> None:
        if not parts:
            raise AudioError("The recording has no sound file.", "See what is there: fieldapp check")
        self._folder = folder
        self._parts = tuple(parts)
        self.rate = parts[0].rate
        self.frames = max(part.first_frame + part.frames for part in parts)
        self.frames_read = 0
        self._lock = threading.Lock()
        self._files: dict[tuple[int, int], _File] = {}
        self._peaks: dict[int, Peaks] = {}

    def load_overviews(self) -> None:
        """Open the overviews and build what is missing. In the background: building reads the whole file once."""
        for number, part in enumerate(self._parts):
            source = self._folder / part.path
            target = self._folder / "derived" / "peaks" / f"{source.name}.peaks"
            try:
                self._peaks[number] = open_peaks(source, target) or build_peaks(source, target)
            except OSError as trouble:
                raise AudioError(f"The waveform overview of {source.name} cannot be made: {trouble.strerror}.", "Zoom in to see the waveform.") from trouble

    @property
    def has_overviews(self) -> bool:
        """Whether every part can be drawn from afar."""
        return len(self._peaks) == len(self._parts)

    def is_near(self, span: Span, columns: int) -> bool:
        """Whether a view is drawn from the samples themselves: a bucket would be wider than a pixel, or there is no overview of something short."""
        return len(span) < BUCKET * columns or (not self.has_overviews and len(span) <= SHORT_S * self.rate)

    def peaks(self, span: Span, columns: int) -> NDArray[np.float32]:
        """Lowest and highest per column, near ones from the samples. In the background."""
        return extremes(self.samples(span), columns) if self.is_near(span, columns) else self.overview(span, columns)

    def samples(self, span: Span) -> NDArray[np.float32]:
        """Mono; zero in gaps. In the background."""
        out = np.zeros(max(0, min(span.stop, self.frames) - span.start), np.float32)
        for number, part in enumerate(self._parts):
            inside = span.clip(Span(part.first_frame, part.first_frame + part.frames))
            if inside is None:
                continue
            try:
                block = self._file(number).read(Span(inside.start - part.first_frame, inside.stop - part.first_frame))
            except AudioError:  # a part that is not there is silence here; `load_overviews` says so
                continue
            self.frames_read += len(block)
            at = inside.start - span.start
            out[at : at + len(block)] = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
        return out

    def clips(self, span: Span) -> list[Clip]:
        """The stretches of files that hold a span, for playing."""
        return clips_of(self._folder, self._parts, span)

    def frame_of(self, clip: Clip, frame: int) -> int:
        """The frame of the master that is a frame of a clip's file."""
        return frame + next(part.first_frame for part in self._parts if self._folder / part.path == clip.path)

    def close(self) -> None:
        """Let the files go; what is asked afterwards opens them again. Waits for threads that are reading."""
        with self._lock:
            files, self._files = self._files, {}
        for one in files.values():
            one.close()

    def _file(self, number: int) -> _File:
        with self._lock:
            return self._files.setdefault((threading.get_ident(), number), _File(self._folder / self._parts[number].path))

    def overview(self, span: Span, columns: int) -> NDArray[np.float32]:
        """Lowest and highest per column from what the overviews hold; neighbours repeat where a column is finer than a bucket."""
        out = np.zeros((columns, 2), np.float32)
        wide = len(span) / columns
        for number, peaks in list(self._peaks.items()):
            part = self._parts[number]
            first = min(columns, max(0, int(np.ceil((part.first_frame - span.start) / wide))))
            last = min(columns, max(first, int(np.ceil((part.first_frame + part.frames - span.start) / wide))))
            if last > first:
                begin = max(0, round(span.start + first * wide) - part.first_frame)
                seen = peaks.view(Span(begin, begin + max(1, round((last - first) * wide))), last - first)
                out[first:last, 0] = seen[..., 0].min(axis=1)
                out[first:last, 1] = seen[..., 1].max(axis=1)
        return out


def extremes(samples: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """Lowest and highest of equal stretches."""
    if not len(samples):
        return np.zeros((columns, 2), np.float32)
    edges = np.linspace(0, len(samples), columns, endpoint=False).astype(np.int64)
    return np.stack([np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)], axis=1)
