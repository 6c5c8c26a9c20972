"""The master's file: an append-only PCM RIFF writer whose file can be opened after any crash. Runs on the recorder's writer thread.

Order of chunks: `RIFF` `JUNK` (28 bytes, room for a ds64) `bext` (version 2, ASCII, no names) `fmt ` (tag 1) `data`. Sound is only ever
appended; twice a second it is made durable and then the two sizes in the header are corrected, so a header never promises more
than the disk holds by then, and both are durable within a second. A file appears under its name only with a complete header.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from fieldapp import __version__
from fieldapp.errors import AudioError, DiskFull, ReadOnly

LARGEST_FILE = 2**32 - 2**20  # Praat and Python's wave cannot open RF64, and a RIFF size has 32 bits
ORIGINATOR = "Fieldapp"
_JUNK = struct.pack("<4sI28x", b"JUNK", 28)


@dataclass(frozen=True, slots=True)
class WavFormat:
    """What one frame of the master looks like."""

    rate: int = 48_000
    channels: int = 1
    bits: int = 24

    def __post_init__(self) -> None:
        if self.bits not in (16, 24) or self.channels not in (1, 2) or not 8_000 <= self.rate <= 192_000:
            raise AudioError(f"A master cannot be {self.rate} Hz, {self.bits} bits, {self.channels} channels.", "16 or 24 bits, 1 or 2 channels.")

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""
        return self.channels * self.bits // 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part comes from: the master's reference and start (local time), and the frame of the master it begins with."""

    reference: str
    started: datetime
    first_frame: int = 0

    def time_reference(self, rate: int) -> int:
        """Samples from the midnight before the master began to the part's first frame; goes on counting past the next midnight."""
        since_midnight = self.started - self.started.replace(hour=0, minute=0, second=0, microsecond=0)
        return since_midnight // timedelta(microseconds=1) * rate // 1_000_000 + self.first_frame


@dataclass(frozen=True, slots=True)
class Written:
    """A closed part."""

    path: Path
    frames: int
    bytes: int
    data_sha256: str


def bext(fmt: WavFormat, origin: Origin) -> bytes:
    """A version 2 `bext` chunk. Names and consent never stand in it: it travels with every copy."""
    reference = origin.time_reference(fmt.rate)
    history = f"A=PCM,F={fmt.rate},W={fmt.bits},M={'mono' if fmt.channels == 1 else 'stereo'},T={ORIGINATOR} {__version__}\r\n".encode("ascii", "replace")
    history += b"\0" * (len(history) % 2)
    body = struct.pack(
        "<256s32s32s10s8sIIH64s5h180s",
        f"{ORIGINATOR} field recording".encode("ascii"),
        ORIGINATOR.encode("ascii"),
        origin.reference.encode("ascii", "replace"),
        origin.started.strftime("%Y-%m-%d").encode("ascii"),
        origin.started.strftime("%H:%M:%S").encode("ascii"),
        reference & 0xFFFFFFFF,
        reference >> 32,
        2,
        b"",
        *(5 * (0x7FFF,)),  # loudness not measured
        b"",
    )
    return struct.pack("<4sI", b"bext", len(body) + len(history)) + body + history


def header(fmt: WavFormat, origin: Origin) -> bytes:
    """Everything before the first frame, with sizes of an empty file; its last four bytes are the size of the data."""
    chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, fmt.channels, fmt.rate, fmt.rate * fmt.frame_bytes, fmt.frame_bytes, fmt.bits)
    rest = b"WAVE" + _JUNK + bext(fmt, origin) + chunk + struct.pack("<4sI", b"data", 0)
    return struct.pack("<4sI", b"RIFF", len(rest)) + rest


def patch_sizes(file: BinaryIO, data_start: int, data_bytes: int) -> None:
    """Correct the two sizes of a header whose `data` chunk is the last one."""
    file.seek(4)
    file.write(struct.pack("<I", data_start - 8 + data_bytes + data_bytes % 2))
    file.seek(data_start - 4)
    file.write(struct.pack("<I", data_bytes))


def sync(file: BinaryIO) -> None:
    """Make what was written durable, through the drive's own cache where the system can."""
    file.flush()
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415  (not on Windows)

        fcntl.fcntl(file.fileno(), fcntl.F_FULLFSYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(file.fileno())
    else:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable (Windows does so by itself)."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def disk_trouble(trouble: OSError, path: Path) -> AudioError | DiskFull | ReadOnly:
    """The sentence for a person when the disk would not take what was written."""
    if trouble.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk of {path.parent} is full.", "Everything recorded before is safe. Make room, then record on.")
    if trouble.errno == errno.EROFS:
        return ReadOnly(f"{path.parent} became read-only.", "Everything recorded before is safe. Check the disk or the card's lock.")
    return AudioError(f"{path} could not be written: {trouble.strerror or trouble}.", "Everything recorded before is safe. Check the disk.")


class WavWriter:
    """One growing part of a master."""

    def __init__(self, path: Path, fmt: WavFormat, origin: Origin, limit: int = LARGEST_FILE) -> None:
        self.path = path
        self.format = fmt
        self.frames = 0
        head = header(fmt, origin)
        self._start = len(head)
        self._room = (min(limit, LARGEST_FILE) - len(head) - 1) // fmt.frame_bytes
        self._digest = hashlib.sha256()
        if path.exists():
            raise AudioError(f"{path} exists already.", "A recording is never overwritten; choose another name.")
        try:
            self._file = self._create(head)
        except OSError as trouble:
            raise disk_trouble(trouble, path) from trouble

    def _create(self, head: bytes) -> BinaryIO:
        unfinished = self.path.with_name(self.path.name + ".new")
        with unfinished.open("wb") as file:
            file.write(head)
            sync(file)
        unfinished.rename(self.path)
        sync_folder(self.path.parent)
        opened = self.path.open("r+b", buffering=0)
        opened.seek(self._start)
        return opened

    @property
    def room(self) -> int:
        """Frames that still fit before the size limit."""
        return self._room - self.frames

    def append(self, pcm: bytes) -> None:
        """Add whole frames. When the disk fails, the file is cut back to whole frames and what it holds stays."""
        try:
            self._file.seek(self._start + self.frames * self.format.frame_bytes)
            view = memoryview(pcm)
            while view:
                view = view[self._file.write(view) :]
        except OSError as trouble:
            self._keep_whole_frames(pcm)
            raise disk_trouble(trouble, self.path) from trouble
        self._digest.update(pcm)
        self.frames += len(pcm) // self.format.frame_bytes

    def _keep_whole_frames(self, pcm: bytes) -> None:
        """After a failed write: count the frames that reached the file."""
        size = self.format.frame_bytes
        arrived = max(0, (os.fstat(self._file.fileno()).st_size - self._start) // size - self.frames)
        self._digest.update(pcm[: arrived * size])
        self.frames += arrived

    def make_durable(self) -> None:
        """Data first, then the sizes in the header, which become durable with the next call."""
        try:
            sync(self._file)
            patch_sizes(self._file, self._start, self.frames * self.format.frame_bytes)
        except OSError as trouble:
            raise disk_trouble(trouble, self.path) from trouble

    def close(self) -> Written:
        """Finish the file. Also after a disk error, when only the sizes can still be corrected, or not even they (then repair will)."""
        data_bytes = self.frames * self.format.frame_bytes
        end = self._start + data_bytes
        try:
            self._file.truncate(end)
            if data_bytes % 2:
                self._file.seek(end)
                self._file.write(b"\0")
            sync(self._file)
            patch_sizes(self._file, self._start, data_bytes)
            sync(self._file)
        except OSError as trouble:
            raise disk_trouble(trouble, self.path) from trouble
        finally:
            self._file.close()
        return Written(self.path, self.frames, end + data_bytes % 2, self._digest.hexdigest())
