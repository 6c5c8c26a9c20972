"""Reading a master while it grows, across its parts and gaps, by frames of the master. Any thread; one reader belongs to one thread.

The journal says which parts there are and at which frame each begins; how long the last part is by now, its file's length says. What
lies in a gap reads as silence. Nothing is kept open between calls, so a reader never stands in the way of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fieldapp.audio.journal import journal_path, read_journal
from fieldapp.audio.repair import Layout, read_layout
from fieldapp.audio.samples import Floats, from_pcm
from fieldapp.audio.wav import WavFormat
from fieldapp.errors import AudioError
from fieldapp.model import Span


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a master and the frame it begins with."""

    path: Path
    first_frame: int
    layout: Layout

    @property
    def frames(self) -> int:
        """Whole frames in the file at this moment."""
        return max(0, self.path.stat().st_size - self.layout.data_start) // self.layout.format.frame_bytes

    def read(self, span: Span) -> Floats:
        """Frames of this file (counted from its own beginning)."""
        size, fmt = self.layout.format.frame_bytes, self.layout.format
        with self.path.open("rb") as file:
            file.seek(self.layout.data_start + span.start * size)
            return from_pcm(file.read(len(span) * size), fmt.bits, fmt.channels)


class GrowingMaster:
    """A master by its stem, while it is recorded or afterwards."""

    parts: tuple[Part, ...]

    def __init__(self, stem: Path) -> None:
        self._journal = journal_path(stem)
        self._read_bytes = -1
        self._look()
        if not self.parts:
            raise AudioError(f"{stem} is no recording.", "Its journal names no part.")
        self.format: WavFormat = self.parts[0].layout.format

    def _look(self) -> None:
        """Learn of new parts; costs nothing while the journal did not grow."""
        try:
            size = self._journal.stat().st_size
            if size == self._read_bytes:
                return
            entries = [entry for entry in read_journal(self._journal) if entry["kind"] == "part"]
        except OSError as trouble:
            raise AudioError(f"{self._journal} cannot be read: {trouble.strerror}.") from trouble
        self._read_bytes = size
        found = []
        for entry in entries:
            path = self._journal.with_name(Path(str(entry["path"])).name)
            layout = read_layout(path) if path.exists() else None
            if layout:
                found.append(Part(path, int(entry["first_frame"]), layout))
        self.parts = tuple(found)

    @property
    def frames(self) -> int:
        """Frames of the master by now."""
        self._look()
        last = self.parts[-1]
        return last.first_frame + last.frames

    def read(self, span: Span) -> Floats:
        """A span of the master as floats, cut to what is there by now."""
        stop = min(span.stop, self.frames)
        sound = np.zeros((max(0, stop - span.start), self.format.channels), np.float32)
        for part in self.parts:
            inside = Span(part.first_frame, part.first_frame + part.frames).clip(Span(span.start, max(span.start, stop)))
            if inside:
                heard = part.read(Span(inside.start - part.first_frame, inside.stop - part.first_frame))
                begin = inside.start - span.start
                sound[begin : begin + len(heard)] = heard
        return sound
