"""Read where the sound of a WAV file lies, and repair the file after any crash; plain functions for any thread.

Repair never makes a good file worse: a file whose sizes agree is left untouched, and what follows the sound of somebody else's
file is never taken for sound. Doing it twice does nothing the second time.
"""

from __future__ import annotations

import hashlib
import os
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from fieldapp.audio.wav import ORIGINATOR, Origin, WavFormat, disk_trouble, header, patch_sizes, sync
from fieldapp.errors import AudioError

_UNKNOWN = 0xFFFFFFFF
LARGEST_HEADER = 2048  # a longer file without a data chunk is no crashed master, and is left alone


@dataclass(frozen=True, slots=True)
class Layout:
    """What the header says: the format, where the data begin and how many bytes they claim to be, whether this file is one of ours and its TimeReference."""

    format: WavFormat
    data_start: int
    claimed: int
    ours: bool = False
    time_reference: int = 0


@dataclass(frozen=True, slots=True)
class Repair:
    """What was found: frames the file holds now, and what was done ("" when it was whole)."""

    frames: int
    done: str = ""


def _chunks(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, size and place of each chunk, as far as they can be followed."""
    place = 12
    while place + 8 <= size:
        file.seek(place)
        name, length = struct.unpack("<4sI", file.read(8))
        yield name, length, place + 8
        place += 8 + length + length % 2


def read_layout(path: Path) -> Layout | None:
    """The layout of a PCM WAV file, or None while its header is incomplete (then it cannot hold sound)."""
    with path.open("rb") as file:
        return _layout(file, os.fstat(file.fileno()).st_size)


def _layout(file: BinaryIO, size: int) -> Layout | None:
    head = file.read(12)
    if not (b"RIFF".startswith(head[:4]) and b"WAVE".startswith(head[8:12])):
        raise AudioError(f"{file.name} is no WAV file.")
    fmt, ours, reference = None, False, 0
    for name, length, place in _chunks(file, size):
        if name == b"bext":
            file.seek(place + 256)
            fields = file.read(90)
            ours = fields.startswith(ORIGINATOR.encode("ascii"))
            reference = int.from_bytes(fields[82:90], "little")  # after originator, its reference, date and time
        elif name == b"fmt ":
            file.seek(place)
            fields = file.read(16)
            if len(fields) < 16:
                return None
            tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", fields)
            if tag != 1:
                raise AudioError(f"{file.name} is no plain PCM file (format tag {tag}).")
            fmt = WavFormat(rate, channels, bits)
        elif name == b"data":
            return Layout(fmt, place, length, ours, reference) if fmt else None
    return None


def repair(path: Path, fmt: WavFormat | None = None) -> Repair:
    """Bring a file left by a crash into a state every program opens. `fmt` is used where not even a header was written."""
    try:
        with path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            layout = _layout(file, size)
            if layout is None and size > LARGEST_HEADER:
                raise AudioError(f"{path} has no sound that could be found.", "It was left untouched.")
            if layout is None:
                return _write_empty(file, fmt or WavFormat())
            return _mend(file, size, layout)
    except OSError as trouble:
        raise disk_trouble(trouble, path) from trouble


def _write_empty(file: BinaryIO, fmt: WavFormat) -> Repair:
    """The header comes before the first frame, so a file without a whole header holds no sound."""
    file.seek(0)
    file.truncate(0)
    file.write(header(fmt, Origin(uuid.uuid4().hex, datetime.now())))
    sync(file)
    return Repair(0, "the file held no sound; it is now a valid empty recording")


def _mend(file: BinaryIO, size: int, layout: Layout) -> Repair:
    frame = layout.format.frame_bytes
    present = size - layout.data_start
    beyond = present - layout.claimed - layout.claimed % 2
    if beyond > 0 and (_chunks_follow(file, layout, size) or not (layout.ours or layout.claimed == 0)):
        return Repair(layout.claimed // frame)  # another program's chunks, or something not ours to judge
    whole = present // frame * frame
    if present == layout.claimed + layout.claimed % 2 and layout.claimed % frame == 0:
        whole = layout.claimed
        if _riff_size(file) == size - 8:
            return Repair(whole // frame)
    patch_sizes(file, layout.data_start, whole)
    file.truncate(layout.data_start + whole)
    if whole % 2:
        file.seek(layout.data_start + whole)
        file.write(b"\0")
    sync(file)
    change = (whole - (0 if layout.claimed == _UNKNOWN else layout.claimed)) // frame
    return Repair(whole // frame, f"sizes corrected, {change:+d} frames against the header, {present - whole} bytes cut")


def _riff_size(file: BinaryIO) -> int:
    file.seek(4)
    return int(struct.unpack("<I", file.read(4))[0])


def _chunks_follow(file: BinaryIO, layout: Layout, size: int) -> bool:
    """Whether what follows the data are well-formed chunks to the very end of the file."""
    place = layout.data_start + layout.claimed + layout.claimed % 2
    while place + 8 <= size:
        file.seek(place)
        name, length = struct.unpack("<4sI", file.read(8))
        if not all(32 <= letter < 127 for letter in name):
            return False
        place += 8 + length + length % 2
    return place == size


def file_digest(path: Path) -> str:
    """SHA-256 of a whole file, read in one pass."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
