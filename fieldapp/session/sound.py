"""The sound of a master across runs of the recorder, parts and gaps, by frames of the master's clock. One reader belongs to one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fieldapp.audio.journal import journal_path, read_journal
from fieldapp.audio.masters import Part, find_parts
from fieldapp.audio.samples import Floats
from fieldapp.cores import give_way
from fieldapp.elicitation.loudness import LoudnessMeter
from fieldapp.model import Span

READ_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class Run:
    """What one life of the recorder wrote: the stem of its files, and where its frame 0 is on the clock of the master."""

    stem: Path
    offset: int = 0

    def parts(self) -> list[Part]:
        """Its files by now, on the clock of the master."""
        journal = journal_path(self.stem)
        entries = list(read_journal(journal)) if journal.exists() else []
        return [replace(part, first_frame=part.first_frame + self.offset) for part in find_parts(self.stem, entries)]


def read_span(parts: Sequence[Part], span: Span) -> Floats:
    """A span of the master; what no file holds reads as silence."""
    channels = parts[0].layout.format.channels if parts else 1
    sound = np.zeros((len(span), channels), np.float32)
    for part in parts:
        inside = Span(part.first_frame, part.first_frame + part.frames).clip(span)
        if inside:
            heard = part.read(Span(inside.start - part.first_frame, inside.stop - part.first_frame))
            begin = inside.start - span.start
            sound[begin : begin + len(heard)] = heard
    return sound


def end_of(parts: Sequence[Part]) -> int:
    """The frame after the last one by now."""
    return max((part.first_frame + part.frames for part in parts), default=0)


class Growing:
    """The files of a master while it grows; further runs may be added to `runs` meanwhile."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._sizes: tuple[int, ...] = ()
        self._parts: list[Part] = []

    def parts(self) -> list[Part]:
        """The files by now; journals are only read again when they grew."""
        journals = [journal_path(run.stem) for run in self._runs]
        sizes = tuple(journal.stat().st_size if journal.exists() else -1 for journal in journals)
        if sizes != self._sizes:
            self._parts, self._sizes = [part for run in self._runs for part in run.parts()], sizes
        return self._parts


class Listener(Growing):
    """Hears a master as it grows and keeps its loudness; whoever wants the blocks too (a quality meter) is handed them."""

    def __init__(self, runs: Sequence[Run], rate: int, also: Callable[[Floats], object]) -> None:
        super().__init__(runs)
        self.meter = LoudnessMeter(rate)
        self._also = also

    def hear(self, most: int) -> bool:
        """Take in up to `most` frames of what came since; whether there is more."""
        parts = self.parts()
        end = min(end_of(parts), self.meter.frames + most)
        for span in _pieces(self.meter.frames, end):
            give_way()
            block = read_span(parts, span)
            self.meter.push(block)
            self._also(block)
        return end < end_of(parts)


def _pieces(start: int, stop: int) -> Iterator[Span]:
    for begin in range(start, stop, READ_FRAMES):
        yield Span(begin, min(begin + READ_FRAMES, stop))
