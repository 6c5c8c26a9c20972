"""A running master: its parts, journal, peaks and digests. Lives on the recorder's writer thread; digests are made on their own thread.

Frames count on the clock of the master, over parts and gaps. A part is closed and the next begun when it is full or when the device
went away; what follows a gap begins at the frame it would have had without one.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldapp.audio.journal import Journal, journal_path
from fieldapp.audio.peaks import PeaksWriter
from fieldapp.audio.repair import file_digest
from fieldapp.audio.samples import Floats, to_pcm
from fieldapp.audio.wav import LARGEST_FILE, Origin, WavFormat, WavWriter, Written
from fieldapp.errors import AudioError, FieldError

DURABLE_SECONDS = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TakeOrder:
    """What a recording is asked to be. `path` is the stem of its files; `peaks` the folder for the sidecars."""

    path: Path
    bits: int = 24
    peaks: Path | None = None
    limit: int = LARGEST_FILE
    reference: str = ""


def part_path(stem: Path, part: int) -> Path:
    """`stem.wav`, then `stem-part2.wav` and so on."""
    return stem.with_name(f"{stem.name}.wav" if part == 1 else f"{stem.name}-part{part}.wav")


class Digests:
    """Whole-file SHA-256 of closed parts, made while nobody waits (see decision 11 for why not while writing)."""

    def __init__(self) -> None:
        self._orders: queue.Queue[tuple[Path, Journal] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="digests")
        self._thread.start()

    def ask(self, path: Path, journal: Journal) -> None:
        """Write the digest of a closed part into its journal, soon."""
        self._orders.put((path, journal))

    def _work(self) -> None:
        while order := self._orders.get():
            path, journal = order
            try:
                journal.write("digest", path=path.name, sha256=file_digest(path))
            except OSError as trouble:
                log.warning("no digest of %s: %s", path, trouble)

    def close(self) -> None:
        """Finish what was asked."""
        self._orders.put(None)
        self._thread.join()


class Take:
    """One master from its first frame (the pre-roll) to its end."""

    def __init__(
        self, order: TakeOrder, fmt: WavFormat, about: dict[str, Any], started: datetime, digests: Digests, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self.format = fmt
        self.frames = 0
        self.paths: list[Path] = []
        self.journal = Journal(journal_path(order.path))
        self._order = order
        self._about = about
        self._digests = digests
        self._tell = tell
        self._started = started
        self._writer: WavWriter | None = None
        self._peaks: PeaksWriter | None = None
        self._durable_at = 0.0
        order.path.parent.mkdir(parents=True, exist_ok=True)
        if self.journal.path.exists():
            raise AudioError(f"{self.journal.path} exists already.", "A recording is never continued under its old name; choose another.")
        self._next_part()  # a name that is taken or a disk that is full is said before the journal begins

    @property
    def between_parts(self) -> bool:
        """Whether the device is away and no part is open."""
        return self._writer is None

    def note(self, kind: str, **facts: Any) -> None:
        """Write a line into the journal and tell whoever watches."""
        self._tell(self.journal.write(kind, **facts))

    def _next_part(self) -> None:
        part = len(self.paths) + 1
        path = part_path(self._order.path, part)
        self._writer = WavWriter(path, self.format, Origin(self._order.reference, self._started, self.frames), self._order.limit)
        if not self.paths:
            facts = {"rate": self.format.rate, "channels": self.format.channels, "bits": self.format.bits, **self._about}
            self.note("begun", version=1, stem=self._order.path.name, reference=self._order.reference, started=self._started.isoformat(), **facts)
        self.paths.append(path)
        self.note("part", part=part, path=path.name, first_frame=self.frames)
        self._begin_peaks(path)

    def _begin_peaks(self, path: Path) -> None:
        if self._order.peaks is None:
            return
        try:
            self._order.peaks.mkdir(parents=True, exist_ok=True)
            self._peaks = PeaksWriter(self._order.peaks / f"{path.name}.peaks", self.format.rate, self.format.channels)
        except OSError as trouble:  # a cache; the recording matters
            log.warning("no peaks of %s: %s", path, trouble)

    def append(self, block: Floats) -> None:
        """Write a block, rolling over into as many parts as it needs."""
        while len(block):
            if self._writer is None or not self._writer.room:
                self._close_part()
                self._next_part()
            assert self._writer
            piece = block[: self._writer.room]
            before = self._writer.frames
            try:
                self._writer.append(to_pcm(piece, self.format.bits))
            finally:
                self.frames += self._writer.frames - before
            self._push_peaks(piece)
            block = block[len(piece) :]
        if self._writer and self.frames and time.monotonic() - self._durable_at >= DURABLE_SECONDS:
            self._durable_at = time.monotonic()
            self._writer.make_durable()

    def _push_peaks(self, block: Floats) -> None:
        if self._peaks:
            try:
                self._peaks.push(block)
            except OSError as trouble:
                log.warning("peaks end: %s", trouble)
                self._peaks = None

    def _close_part(self) -> None:
        writer, self._writer = self._writer, None
        peaks, self._peaks = self._peaks, None
        if peaks:
            try:
                peaks.leave()
            except OSError as trouble:
                log.warning("peaks end: %s", trouble)
        if writer:
            written: Written = writer.close()
            self.note("closed", part=len(self.paths), frames=written.frames, bytes=written.bytes, data_sha256=written.data_sha256)
            self._digests.ask(written.path, self.journal)

    def interrupt(self, why: str) -> None:
        """The device went away: what is there becomes a finished, valid part."""
        self.note("lost", frame=self.frames, why=why)
        self._close_part()

    def resume(self, frame: int) -> None:
        """Sound comes again, beginning at this frame of the master; the hole is noted with its length."""
        gap = max(0, frame - self.frames)
        self.note("gap", frame=self.frames, frames=gap, why="device")
        self.frames += gap

    def overflow(self, frames: int | None) -> None:
        """Sound was lost before it reached us, here; how much is an estimate or unknown."""
        self.note("gap", frame=self.frames, frames=frames, why="overflow")

    def finish(self, why: str) -> dict[str, Any]:
        """Close the last part and the journal; says what was recorded."""
        try:
            self._close_part()
        except FieldError as trouble:
            self.note("trouble", frame=self.frames, message=trouble.message, hint=trouble.hint)
        self.note("ended", frame=self.frames, why=why)
        return {"frames": self.frames, "paths": [str(path) for path in self.paths], "why": why}
