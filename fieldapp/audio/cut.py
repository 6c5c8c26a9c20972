"""Copies a stretch of a sound file into a WAV of its own, sample for sample, with the broadcast metadata of its source. Any thread."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import soundfile

from fieldapp.audio.wav import disk_trouble
from fieldapp.errors import AudioError
from fieldapp.model import Span

TIME_REFERENCE = slice(338, 346)
"""Where a bext chunk holds the sample count since midnight."""
BLOCK_FRAMES = 65536


def cut(source: Path, span: Span, target: Path) -> None:
    """Write the frames of `span` to `target`. WAV and FLAC of 16 and 24 bits stay bit for bit what they are."""
    try:
        with soundfile.SoundFile(source) as sound:
            if span.stop > sound.frames:
                raise AudioError(f"{source.name} has {sound.frames} frames; {span.start} to {span.stop} cannot be cut from it.")
            width = 2 if sound.subtype == "PCM_16" else 3
            chunk = _moved(_bext(source), span.start)
            data_bytes = len(span) * sound.channels * width
            sound.seek(span.start)
            with target.open("wb") as out:
                out.write(_header(sound.samplerate, sound.channels, width, chunk, data_bytes))
                for block in _blocks(sound, len(span)):
                    out.write(_pcm(block, width))
                out.write(b"\0" * (data_bytes % 2))
    except soundfile.SoundFileError as trouble:
        raise AudioError(f"{source} cannot be cut: {trouble}.", "fieldapp check says more about it.") from trouble
    except OSError as trouble:
        raise disk_trouble(trouble, target) from trouble


def _blocks(sound: soundfile.SoundFile, frames: int) -> Iterator[bytes]:
    while frames > 0:
        block = sound.buffer_read(min(frames, BLOCK_FRAMES), dtype="int32")
        if not len(block):
            raise AudioError("The sound file ended before the stretch to be cut did.", "fieldapp check says more about it.")
        frames -= len(block) // (4 * sound.channels)
        yield bytes(block)


def _pcm(block: bytes, width: int) -> bytes:
    """The upper bytes of 32-bit samples."""
    out = bytearray(len(block) // 4 * width)
    for byte in range(width):
        out[byte::width] = block[4 - width + byte :: 4]
    return bytes(out)


def _header(rate: int, channels: int, width: int, bext: bytes, data_bytes: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * channels * width, channels * width, 8 * width)
    meta = struct.pack("<4sI", b"bext", len(bext)) + bext if bext else b""
    rest = b"WAVE" + meta + form + struct.pack("<4sI", b"data", data_bytes)
    return struct.pack("<4sI", b"RIFF", len(rest) + data_bytes + data_bytes % 2) + rest


def _bext(source: Path) -> bytes:
    """The body of the source's bext chunk, even in length; empty where there is none."""
    with source.open("rb") as file:
        if file.read(12)[:4] != b"RIFF":
            return b""
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name == b"bext":
                return (file.read(size) + b"\0")[: size + size % 2]
            if name == b"data":
                return b""
            file.seek(size + size % 2, 1)
    return b""


def _moved(bext: bytes, frames: int) -> bytes:
    """The same chunk with its time reference moved to where the cut begins."""
    if len(bext) < TIME_REFERENCE.stop:
        return b""
    moved = int.from_bytes(bext[TIME_REFERENCE], "little") + frames
    return bext[: TIME_REFERENCE.start] + moved.to_bytes(8, "little") + bext[TIME_REFERENCE.stop :]
