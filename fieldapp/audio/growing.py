"""Reading a master while it grows, across its parts and gaps, by frames of the master. Any thread; one reader belongs to one thread.

The journal says which parts there are and at which frame each begins; how long the last part is by now, its file's length says. What
lies in a gap reads as silence. Nothing is kept open between calls, so a reader never stands in the way of anybody.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fieldapp.audio.journal import journal_path, read_journal
from fieldapp.audio.masters import Part, find_parts
from fieldapp.audio.samples import Floats
from fieldapp.audio.wav import WavFormat
from fieldapp.errors import AudioError
from fieldapp.model import Span


class GrowingMaster:
    """A master by its stem, while it is recorded or afterwards."""

    parts: tuple[Part, ...]

    def __init__(self, stem: Path) -> None:
        self._stem = stem
        self._seen_bytes = -1
        self._look()
        if not self.parts:
            raise AudioError(f"{stem} is no recording.", "Its journal names no part.")
        self.format: WavFormat = self.parts[0].layout.format

    def _look(self) -> None:
        """Learn of new parts; costs nothing while the journal did not grow."""
        journal = journal_path(self._stem)
        try:
            size = journal.stat().st_size
            if size != self._seen_bytes:
                self.parts = find_parts(self._stem, list(read_journal(journal)))
                self._seen_bytes = size
        except OSError as trouble:
            raise AudioError(f"{journal} cannot be read: {trouble.strerror}.") from trouble

    @property
    def frames(self) -> int:
        """Frames of the master by now."""
        self._look()
        last = self.parts[-1]
        return last.first_frame + last.frames

    def read(self, span: Span) -> Floats:
        """A span of the master as floats, cut to what is there by now."""
        stop = max(span.start, min(span.stop, self.frames))
        sound = np.zeros((stop - span.start, self.format.channels), np.float32)
        for part in self.parts:
            inside = Span(part.first_frame, part.first_frame + part.frames).clip(Span(span.start, stop))
            if inside:
                heard = part.read(Span(inside.start - part.first_frame, inside.stop - part.first_frame))
                begin = inside.start - span.start
                sound[begin : begin + len(heard)] = heard
        return sound
