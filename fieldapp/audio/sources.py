"""Where sound comes from: a device through PortAudio's C callback and a C ring, or a file in its place. Used on the writer thread only.

A source is opened, read (everything that came since, never waiting) and closed. `delivered` counts frames since it was opened,
`overflows` how often sound was lost before it reached us, `over` is true when no more will come.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile

from fieldapp.audio.devices import accepts, find_input, look_again, portaudio
from fieldapp.audio.samples import Floats
from fieldapp.errors import AudioError, DeviceError

RING_SECONDS = 15.0
AT_ONCE_SECONDS = 1.0
BUFFER_SECONDS = 0.1  # of the driver, in case even C cannot run at once; it costs live text a moment and the recording nothing


class Source(Protocol):
    """What the deck needs of a source."""

    rate: int
    channels: int
    latency: float
    speed: float
    overflows: int
    delivered: int
    notice: str

    @property
    def over(self) -> bool: ...

    @property
    def about(self) -> dict[str, Any]: ...

    def open(self) -> None: ...

    def begin(self) -> None: ...

    def read(self) -> Floats: ...

    def close(self) -> None: ...


class DeviceSource:
    """A microphone. The callback and the ring are C, so no Python can delay them; the ring holds at least `RING_SECONDS`."""

    speed = 1.0

    def __init__(self, name: str | None, rate: int, channels: int, pick: tuple[int, ...] = ()) -> None:
        self.wanted = name
        self.rate = rate
        self.channels = len(pick) or channels
        self.latency = 0.0
        self.overflows = 0
        self.delivered = 0
        self.notice = ""
        self._pick = pick
        self._device: Any = None
        self._stream: Any = None
        self._overflows_before = 0

    @property
    def over(self) -> bool:
        """Whether the driver ended the stream."""
        return self._stream is not None and not self._stream.active

    @property
    def about(self) -> dict[str, Any]:
        """What is written into the journal."""
        device = self._device
        return {"device": device.name if device else self.wanted, "host": device.host if device else "", "latency": self.latency}

    def open(self) -> None:
        """Find the device (by name, in a fresh list), settle the rate, start the stream."""
        look_again()
        self._device = device = find_input(self.wanted)
        self.wanted = device.name
        channels = max(self._pick) if self._pick else min(self.channels, device.channels)
        if channels > device.channels:
            raise DeviceError(f"{device.name} has {device.channels} channels, channel {channels} was asked for.", "Choose another channel.")
        if not self._pick and channels < self.channels:
            self.notice = f"{device.name} has one channel only, so the recording is mono."
            self.channels = channels
        if device.rate != self.rate and not accepts(device.index, self.rate, channels):
            self.notice = f"{device.name} refuses {self.rate} Hz, so {device.rate} Hz is recorded."
            self.rate = device.rate
        self._start(channels)

    def _start(self, channels: int) -> None:
        import rtmixer  # noqa: PLC0415  (needs PortAudio, see devices.portaudio)

        try:
            self._stream = rtmixer.Recorder(device=self._device.index, channels=channels, samplerate=self.rate, blocksize=0, latency=BUFFER_SECONDS)
            self._ring = rtmixer.RingBuffer(4 * self.channels, 1 << (int(RING_SECONDS * self.rate) - 1).bit_length())
            self._action = self._stream.record_ringbuffer(self._ring, channels=list(self._pick) or None)
            self._stream.start()
        except portaudio().PortAudioError as trouble:
            self.close()
            raise DeviceError(f"{self._device.name} could not be opened: {trouble.args[0]}.", "Is another program using it?") from trouble
        self.latency = float(self._stream.latency)
        self.delivered = self.overflows = self._overflows_before = 0

    def begin(self) -> None:
        """A microphone is heard from the moment it is opened."""

    def read(self) -> Floats:
        """Everything in the ring, copied out."""
        count, first, second = self._ring.get_read_buffers(self._ring.read_available)
        block = np.frombuffer(bytes(first) + bytes(second), np.float32).reshape(-1, self.channels)
        self._ring.advance_read_index(count)
        self.delivered += len(block)
        self.overflows = self._overflows_before + self._action.stats.input_overflows
        if self._action not in self._stream.actions:  # the ring was full for longer than it is deep: begin anew in it
            self._overflows_before = self.overflows + 1
            self._action = self._stream.record_ringbuffer(self._ring, channels=list(self._pick) or None)
        return block

    def close(self) -> None:
        """Stop the stream; a device that is gone may refuse even that."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)


class FileSource:
    """A sound file in place of a device, at `speed` times real time (0: as fast as it can be written)."""

    latency = 0.0
    overflows = 0
    notice = ""

    def __init__(self, path: Path, speed: float = 1.0, times: int = 1) -> None:
        self.speed = speed
        self.delivered = 0
        self._path = path
        self._times = times
        try:
            with soundfile.SoundFile(path) as file:
                self.rate, self.channels, self._length = int(file.samplerate), min(2, int(file.channels)), int(file.frames)
        except (OSError, soundfile.SoundFileError) as trouble:
            raise AudioError(f"{path} cannot be read as sound.", "Give a WAV or FLAC file.") from trouble
        self._file: Any = None
        self._began: float | None = None

    @property
    def over(self) -> bool:
        """Whether the file has been played to its end."""
        return self.delivered >= self._length * self._times

    @property
    def about(self) -> dict[str, Any]:
        """What is written into the journal."""
        return {"device": self._path.name, "host": "file", "latency": 0.0, "speed": self.speed}

    def open(self) -> None:
        """From the beginning; nothing is heard before `begin`."""
        self._file = soundfile.SoundFile(self._path)
        self._began = None
        self.delivered = 0

    def begin(self) -> None:
        """Recording starts now, and with it the file: the master then holds it from its first frame."""
        if self._began is None or self.over:
            self.open()
            self._began = time.perf_counter()

    def read(self) -> Floats:
        """What would have been heard by now."""
        if self._began is None:
            return np.zeros((0, self.channels), np.float32)
        due = round((time.perf_counter() - self._began) * self.rate * self.speed) if self.speed else self.delivered + self.rate
        wanted = min(due - self.delivered, int(AT_ONCE_SECONDS * self.rate), self._length - self._file.tell())
        block: Floats = self._file.read(max(0, wanted), dtype="float32", always_2d=True)[:, : self.channels]
        self.delivered += len(block)
        if self._file.tell() >= self._length and not self.over:
            self._file.seek(0)
        return block

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
