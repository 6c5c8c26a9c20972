"""A short recording outside any session, for the level check and for spoken consent: a recorder of its own in a temporary folder. GUI thread.

The recorder's client belongs to one thread, so the whole of it is one job; levels come back over the bridge.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from fieldapp.audio.client import RecorderClient
from fieldapp.audio.decode import open_audio
from fieldapp.audio.quality import Quality, measure, wrong_microphone
from fieldapp.errors import AudioError
from fieldapp.gui.desk import Desk
from fieldapp.gui.words import told
from fieldapp.jobs import Job, Progress
from fieldapp.settings import Settings

LEVELS_S = 0.07
OPENING_S = 10.0  # a microphone may take so long until its first frame


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it: the file (in the temporary folder), its form, and what it measures."""

    path: Path
    frames: int
    rate: int
    channels: int
    bits: int
    quality: Quality
    device: str
    warning: str


class ShortRecording(QObject):
    """One at a time. `clear` removes the sound again."""

    levels = Signal(object)
    heard = Signal(object)
    failed = Signal(str)

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._folder: Path | None = None
        self._enough = threading.Event()
        self._job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether it records or is about to."""
        return self._job is not None

    def start(self, device: str, seconds: float) -> None:
        """Record for so long, or until `finish`."""
        if self._job is not None:
            return
        self.clear()
        self._folder = folder = Path(tempfile.mkdtemp(prefix="fieldapp-sound-"))
        self._enough = enough = threading.Event()
        settings, post = self._desk.settings, self._desk.bridge.post

        def tell(levels: dict[str, Any]) -> None:
            post(lambda: self.levels.emit(levels))

        self._job = self._desk.run(lambda progress: _record(folder, settings, device, seconds, enough, tell, progress), self._on_heard, self._on_failed)

    def finish(self) -> None:
        """Enough; what was recorded is measured."""
        self._enough.set()

    def clear(self) -> None:
        """Remove what was recorded last; a running one ends first, by itself."""
        self.finish()
        if self._folder is not None and self._job is None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _on_heard(self, heard: Heard) -> None:
        self._job = None
        self.heard.emit(heard)

    def _on_failed(self, trouble: Exception) -> None:
        self._job = None
        self.failed.emit(told(trouble))
        self._desk.fail(trouble)


def _record(
    folder: Path, settings: Settings, device: str, seconds: float, enough: threading.Event, tell: Callable[[dict[str, Any]], None], progress: Progress
) -> Heard:
    client = RecorderClient.start_or_attach(folder, "check")
    try:
        armed = client.arm(device or settings.input_device or None, rate=settings.sample_rate, channels=settings.channels)
        client.record(folder / "sound", bits=settings.bits, preroll=0.0)
        wanted, end, frames = seconds * int(armed["rate"]), time.monotonic() + seconds + OPENING_S, 0
        while frames < wanted and time.monotonic() < end and not enough.wait(LEVELS_S) and not progress.cancelled:
            levels = client.levels()
            frames = int(levels.get("frames", 0))
            tell(levels)
        client.stop()
    finally:
        client.bye()
    if progress.cancelled:  # the window closes
        shutil.rmtree(folder, ignore_errors=True)
    progress.stop_if_cancelled()
    found = sorted(folder.glob("sound*.wav"))
    if not found:
        raise AudioError("Nothing was recorded.", "Choose another microphone.")
    name = str(armed.get("device") or "")
    warning = wrong_microphone(name)
    with open_audio(found[0]) as sound:
        frames, rate, channels = sound.sound.frames, sound.rate, sound.channels
    return Heard(found[0], frames, rate, channels, settings.bits, measure(found[0]), name, warning.sentence if warning else "")
