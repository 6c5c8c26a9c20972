"""What the recorder does with sound: armed (meters, pre-roll), recording, waiting for a device that went away. Writer thread only.

`tick()` is called twenty times a second and never waits for anybody. Everything others may look at while it works
(`position`, `meter`, `news`) is replaced whole, never changed under their eyes.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from fieldapp.audio.frame_clock import FrameClock, Position
from fieldapp.audio.guard import DiskGuard
from fieldapp.audio.meter import Meter
from fieldapp.audio.news import News
from fieldapp.audio.samples import Floats
from fieldapp.audio.sources import FileSource, Source
from fieldapp.audio.take import Digests, Take, TakeOrder
from fieldapp.audio.wav import WavFormat
from fieldapp.errors import AudioError, DeviceError, FieldError
from fieldapp.model import new_id

PREROLL_SECONDS = 2.0
LOST_SECONDS = 1.0
GLANCE_SECONDS = 0.1  # silence counts only as often as we looked: where the machine gives us no time, it gives the driver none either
FIRST_SOUND_SECONDS = 4.0  # a sound server needs up to two seconds before the first block comes
RETRY_SECONDS = 0.5
SETTLE_SECONDS = 0.9  # sound heard after a gap before its length is fixed; kept in memory that long, so less than a crash may cost
WARN_SECONDS = 600.0

log = logging.getLogger(__name__)


class Deck:
    """One source, one meter, at most one running master."""

    def __init__(self, reserve: int) -> None:
        self.position: Position | None = None
        self.meter: Meter | None = None
        self.news = News()
        self.take: Take | None = None
        self.lost = ""
        self.overflows = 0
        self.last: dict[str, Any] = {}
        self._guard = DiskGuard(reserve)
        self._digests = Digests()
        self._source: Source | None = None
        self._clock = FrameClock(1.0)
        self._zero = 0
        self._preroll: deque[Floats] = deque()
        self._pending: list[Floats] = []
        self._looked_at = self._silent = self._retry_at = 0.0
        self._warned = False
        self._overflows_seen = 0

    # --- what is asked ---

    @property
    def state(self) -> str:
        """`idle`, `armed` or `recording`."""
        return "recording" if self.take else "armed" if self._source else "idle"

    @property
    def hurried(self) -> bool:
        """Whether a file is being recorded as fast as it can be written."""
        return self.take is not None and self._source is not None and not self._source.speed

    def status(self) -> dict[str, Any]:
        """Everything a window shows beside the levels."""
        take, source = self.take, self._source
        facts: dict[str, Any] = {"state": self.state, "lost": self.lost, "overflows": self.overflows, "free": self._guard.free, "last": self.last}
        if source:
            facts |= {"rate": source.rate, "channels": source.channels, **source.about}
        if take:
            facts |= {"frames": take.frames, "paths": [str(path) for path in take.paths], "bits": take.format.bits, "journal": str(take.journal.path)}
        return facts

    def _say(self, kind: str, message: str, hint: str = "") -> None:
        """A notice that belongs to the journal too while a master runs."""
        if self.take:
            self.take.note(kind, frame=self.take.frames, message=message, hint=hint)
        else:
            self.news.tell({"kind": kind, "message": message, "hint": hint})

    # --- commands ---

    def arm(self, source: Source) -> None:
        """Open a source: meters move and the pre-roll fills."""
        if self.take:
            raise AudioError("A recording is running.", "Stop it before another microphone is chosen.")
        self.disarm()
        source.open()
        self._source = source
        self.meter = Meter(source.rate, source.channels)
        self._zero = 0
        self._fresh_stream()
        if source.notice:
            self._say("notice", source.notice)

    def _fresh_stream(self) -> None:
        source = self._source
        assert source
        self._clock = FrameClock(source.rate * (source.speed or 1.0))
        self._looked_at, self._silent = time.perf_counter(), 0.0
        self._overflows_seen = source.overflows
        self._preroll.clear()
        self._pending.clear()

    def disarm(self) -> None:
        """Close the source."""
        source, self._source = self._source, None
        self.position = self.meter = None
        self.lost = ""
        self._preroll.clear()
        if source:
            source.close()

    def record(self, order: TakeOrder, preroll: float = PREROLL_SECONDS) -> dict[str, Any]:
        """Begin a master with what was heard just before."""
        source = self._source
        if source is None:
            raise DeviceError("No microphone is open.", "Choose one first.")
        if self.take:
            raise AudioError("A recording is running already.", "Stop it first.")
        if self.lost:
            raise DeviceError(f"The microphone is away: {self.lost}.", "Plug it in again.")
        self._guard.refuse_if_full(order.path.parent)
        source.begin()
        if not source.delivered:
            self._clock.forget()  # a file begins again
        before = self._take_preroll(round(preroll * source.rate))
        began = datetime.now().astimezone().replace(tzinfo=None) - timedelta(seconds=len(before) / source.rate)
        order = TakeOrder(order.path.absolute(), order.bits, order.peaks, order.limit, order.reference or new_id())
        try:
            self.take = Take(order, WavFormat(source.rate, source.channels, order.bits), source.about, began, self._digests, self.news.tell)
        except OSError as trouble:
            raise AudioError(f"{order.path} cannot be written: {trouble.strerror}.", "Choose another folder.") from trouble
        self._zero = -(source.delivered - len(before))
        self.overflows, self._warned = 0, False
        self._write(before)
        self._publish()
        return {"preroll": len(before), "reference": order.reference, **self.status()}

    def _take_preroll(self, frames: int) -> Floats:
        assert self._source
        heard = [*self._preroll] or [np.zeros((0, self._source.channels), np.float32)]
        self._preroll.clear()
        joined: Floats = np.concatenate(heard)
        return joined[max(0, len(joined) - frames) :] if frames else joined[:0]

    def stop(self, why: str = "asked") -> dict[str, Any]:
        """End the master; the source stays armed."""
        if self.take is None:
            raise AudioError("Nothing is being recorded.", "")
        if self._source and not self.lost and why == "asked":
            self._hear()
        if self._pending:
            self._end_gap()
        if self.take is not None:  # it may have ended by itself meanwhile
            self.last = self.take.finish(why)  # before the state changes, which other threads see
            self.take = None
        return self.last

    def close(self, why: str) -> None:
        """End everything; returns when the last digest is written."""
        if self.take:
            self.stop(why)
        self.disarm()
        self._digests.close()

    # --- the work ---

    def tick(self) -> None:
        """Take what was heard, write it, look after the device and the disk."""
        if self._source is None:
            return
        if self.lost:
            self._try_again()
        else:
            self._hear()
        if self.take:
            self._mind_the_disk()

    def _hear(self) -> None:
        source = self._source
        assert source
        over = source.over  # asked first, so that what came until then is still read
        block = source.read()
        now = time.perf_counter()
        self._silent = 0.0 if len(block) else self._silent + min(now - self._looked_at, GLANCE_SECONDS)
        self._looked_at = now
        if len(block):
            self._clock.observe(now, source.delivered)
            self._measure(block)
        if source.overflows > self._overflows_seen:
            self._overflowed(source.overflows - self._overflows_seen)
            self._overflows_seen = source.overflows
        if self.take is None:
            self._keep_preroll(block)
        elif self.take.between_parts:
            self._settle(block)
        else:
            self._write(block)
        self._publish()
        if over and isinstance(source, FileSource):
            if self.take:
                self.stop("the source ended")
        elif over or self._silent > (LOST_SECONDS if source.delivered else FIRST_SOUND_SECONDS):
            self._lose("the driver ended the stream" if over else "no sound came")

    def _measure(self, block: Floats) -> None:
        try:
            if self.meter:
                self.meter.feed(block)
        except Exception:
            log.exception("the meter is off")
            self.meter = None

    def _write(self, block: Floats) -> None:
        assert self.take
        try:
            self.take.append(block)
        except FieldError as trouble:
            self._say("trouble", trouble.message, trouble.hint)
            self.stop(trouble.message)

    def _keep_preroll(self, block: Floats) -> None:
        assert self._source
        if len(block):
            self._preroll.append(block)
        while sum(map(len, self._preroll)) - len(self._preroll[0]) > PREROLL_SECONDS * self._source.rate if self._preroll else False:
            self._preroll.popleft()

    def _publish(self) -> None:
        """What the clock says now, for marks."""
        began = self._clock.began
        if began is not None and not self.lost and not (self.take and self.take.between_parts):
            self.position = Position(self._clock.rate, began, self._zero)

    def _overflowed(self, times: int) -> None:
        self.overflows += times
        self._clock.forget()
        if self.take and not self.take.between_parts:
            self.take.overflow(None)

    # --- a device that went away ---

    def _lose(self, why: str) -> None:
        assert self._source
        self.lost = why
        if self.take and not self.take.between_parts:
            try:
                self.take.interrupt(why)
            except FieldError as trouble:
                self._say("trouble", trouble.message, trouble.hint)
                self.stop(trouble.message)
        elif not self.take:
            self.news.tell({"kind": "lost", "why": why})
        self._source.close()  # last, because a driver whose device is gone may take its time
        self._retry_at = time.perf_counter()

    def _try_again(self) -> None:
        source = self._source
        assert source
        if time.perf_counter() - self._retry_at < RETRY_SECONDS:
            return
        rate, channels = source.rate, source.channels
        try:
            source.open()
            if self.take and (source.rate, source.channels) != (rate, channels):
                source.close()
                raise DeviceError(f"The microphone came back with {source.rate} Hz and {source.channels} channels.", "Stop and record anew.")
        except FieldError as trouble:
            source.rate, source.channels = rate, channels
            self.lost = trouble.message
            self._retry_at = time.perf_counter()
            return
        self.lost = ""
        self._fresh_stream()

    def _settle(self, block: Floats) -> None:
        """After a gap, listen for a moment: then the clock knows when the new stream began, and with it how long the gap was."""
        assert self._source
        self._pending.append(block)
        if self._source.delivered >= SETTLE_SECONDS * self._source.rate:
            self._end_gap()

    def _end_gap(self) -> None:
        heard, self._pending = np.concatenate(self._pending), []
        if self.take is None or self.position is None or self._clock.began is None:
            return
        self._zero = max(self.take.frames, self.position.zero + round((self._clock.began - self.position.began) * self._clock.rate))
        self.take.resume(self._zero)
        self._write(heard)

    # --- the disk ---

    def _mind_the_disk(self) -> None:
        assert self.take is not None
        fmt = self.take.format
        left = self._guard.seconds_left(self.take.paths[-1].parent, fmt.rate * fmt.frame_bytes)
        if left is None:
            return
        if left < 0:
            self._say("trouble", "The disk is full up to its reserve.", "Everything recorded before is safe. Make room, then record on.")
            self.stop("the disk reserve was reached")
        elif left < WARN_SECONDS and not self._warned:
            self._warned = True
            self._say("notice", f"The disk has room for {left / 60:.0f} more minutes.", "Make room, or stop in time.")
