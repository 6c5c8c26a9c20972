"""Waveform overviews: smallest, largest and RMS value of every bucket of frames, in a pyramid of levels kept in a `.peaks` file.

A peaks file is a cache: it lies in `derived/`, can be deleted, and is built again when its sound file changed. It is memory-mapped,
so that a recording of ten hours draws at once at any zoom. Building runs on any one thread; reading is safe everywhere.

File: a header of 64 bytes (little endian), then the levels, finest first. A level is an array of int16 [bucket][channel][3] with
smallest, largest and RMS value, full scale 32767. Level 0 covers `BUCKET` frames a bucket, every next one `FACTOR` times as many.
While a recording grows, only level 0 is there and the header says `frames` 0: `PeaksWriter` appends, `Peaks` reads what is there.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.audio.decode import Block, open_audio
from fieldapp.errors import Damaged
from fieldapp.model import Span

MAGIC = b"FAPEAKS1"
BUCKET = 256
FACTOR = 8
FULL_SCALE = 32767
_HEADER = struct.Struct("<8sIIQQIII16xI")  # magic, rate, channels, frames, source bytes, source crc, crc of level 0, crc of the rest, crc of this header
_EDGE = 65536

Levels = NDArray[np.int16]
"""Buckets by channels by (smallest, largest, RMS)."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells one finished sound file from another without reading it whole: its size and a checksum of both ends."""

    size: int = 0
    crc: int = 0

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        size = path.stat().st_size
        with path.open("rb") as file:
            crc = zlib.crc32(file.read(_EDGE))
            file.seek(max(0, size - _EDGE))
            return cls(size, zlib.crc32(file.read(_EDGE), crc))


class PeaksWriter:
    """Appends the finest level while blocks arrive; `finish` adds the coarser ones and the header that makes the file complete.

    Whoever crashes before that leaves a file that is read as a growing one.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self._path, self._rate, self._channels = path, rate, channels
        self._file = path.open("wb")
        self._file.write(_pack(rate, channels))
        self._file.flush()
        self._rest: Block = np.zeros((0, channels), np.float32)
        self._frames = 0

    def push(self, block: Block) -> None:
        """Add frames (float32, frames by channels); whole buckets reach the file at once."""
        self._frames += len(block)
        sound = np.concatenate([self._rest, block]) if len(self._rest) else block
        whole = len(sound) // BUCKET * BUCKET
        self._rest = sound[whole:].copy()
        if whole:
            self._file.write(_summarise(sound[:whole].reshape(-1, BUCKET, self._channels)).tobytes())
            self._file.flush()

    def finish(self, source: Fingerprint | None = None) -> None:
        """Write the last bucket, the coarser levels and the final header, and close."""
        self.leave()
        base = np.array(_map(self._path, self._channels))
        coarser, level = bytearray(), base
        while len(level) > 1:
            level = _coarser(level, FACTOR)
            coarser += level.tobytes()
        with self._path.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(coarser)
            file.seek(0)
            file.write(_pack(self._rate, self._channels, self._frames, source or Fingerprint(), zlib.crc32(base.data), zlib.crc32(coarser)))

    def leave(self) -> None:
        """Write the last bucket and close, leaving a file that is read as a growing one; for who has no time to finish it."""
        if len(self._rest):
            self._file.write(_summarise(self._rest[np.newaxis]).tobytes())
        self._file.close()

    def abandon(self) -> None:
        """Close and remove the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class Peaks:
    """A peaks file open for drawing, finished or still growing. Raises Damaged when the file is not what it says it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                head = file.read(_HEADER.size)
        except OSError as error:
            raise Damaged(f"The waveform overview {path} cannot be read.", "It is built again when it is deleted.") from error
        self.rate, self.channels, self.frames, self.source, self._base_crc, rest_crc = _unpack(path, head)
        everything = _map(path, self.channels)
        self._levels = [everything] if not self.frames else _split(path, everything, self.frames)
        if self.frames and zlib.crc32(everything[len(self._levels[0]) :].data) != rest_crc:
            raise _damaged(path)

    @property
    def growing(self) -> bool:
        return not self.frames

    def verify(self) -> None:
        """Check the finest level too, which opening leaves alone because it is large."""
        if self.frames and zlib.crc32(self._levels[0].data) != self._base_crc:
            raise _damaged(self.path)

    def refresh(self) -> None:
        """Take in what a growing file gained."""
        if self.growing:
            self._levels = [_map(self.path, self.channels)]

    def view(self, span: Span, columns: int) -> NDArray[np.float32]:
        """`columns` by channels by (smallest, largest, RMS), -1..1, for a span of frames; columns beyond the end are zero.

        When a column is finer than a bucket, neighbouring columns repeat: draw the samples themselves then.
        """
        out = np.zeros((columns, self.channels, 3), np.float32)
        per_column = len(span) / columns
        depth = 0
        while depth + 1 < len(self._levels) and BUCKET * FACTOR ** (depth + 1) <= per_column:
            depth += 1
        level, width = self._levels[depth], BUCKET * FACTOR**depth
        edges = (span.start + np.arange(columns + 1) * per_column) / width
        first = np.floor(edges[:-1]).astype(np.int64)
        last = np.maximum(np.ceil(edges[1:]).astype(np.int64), first + 1)
        there = int(np.searchsorted(first, len(level)))
        if not there:
            return out
        lowest, part = int(first[0]), level[first[0] : last[there - 1]]
        starts = first[:there] - lowest
        out[:there, :, 0] = np.minimum.reduceat(part[..., 0], starts)
        out[:there, :, 1] = np.maximum.reduceat(part[..., 1], starts)
        square = np.add.reduceat(part[..., 2].astype(np.float32) ** 2, starts)
        out[:there, :, 2] = np.sqrt(square / np.diff(starts, append=len(part))[:, np.newaxis].clip(1))
        return out / np.float32(FULL_SCALE)


def build_peaks(source: Path, target: Path) -> Peaks:
    """Read a finished sound file through once and write its peaks file; an interrupted build leaves nothing behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    with open_audio(source) as reader:
        writer = PeaksWriter(partial, reader.rate, reader.channels)
        try:
            for block in reader.blocks():
                writer.push(block)
            writer.finish(Fingerprint.of(source))
            partial.replace(target)
        finally:
            writer.abandon()
    return Peaks(target)


def open_peaks(source: Path, target: Path) -> Peaks | None:
    """The peaks of a finished sound file, or None when they are missing, damaged or of another file and must be built."""
    try:
        peaks = Peaks(target)
    except Damaged:
        return None
    return peaks if not peaks.growing and peaks.source == Fingerprint.of(source) else None


def _summarise(buckets: NDArray[np.float32]) -> Levels:
    """Buckets by frames by channels to buckets by channels by three."""
    lanes = np.ascontiguousarray(buckets.transpose(0, 2, 1))  # numpy is many times as quick along the last axis
    out = np.stack([lanes.min(axis=2), lanes.max(axis=2), np.sqrt(np.einsum("bcf,bcf->bc", lanes, lanes) / lanes.shape[2])], axis=-1)
    scaled: Levels = np.round(out * FULL_SCALE).clip(-FULL_SCALE, FULL_SCALE).astype("<i2")
    return scaled


def _coarser(level: Levels, factor: int) -> Levels:
    starts = np.arange(0, len(level), factor)
    out = np.empty((len(starts), *level.shape[1:]), "<i2")
    np.minimum.reduceat(level[..., 0], starts, out=out[..., 0])
    np.maximum.reduceat(level[..., 1], starts, out=out[..., 1])
    square = np.add.reduceat(level[..., 2].astype(np.float64) ** 2, starts)
    out[..., 2] = np.round(np.sqrt(square / np.diff(starts, append=len(level))[:, np.newaxis]))
    return out


def _pack(rate: int, channels: int, frames: int = 0, source: Fingerprint | None = None, base_crc: int = 0, rest_crc: int = 0) -> bytes:
    source = source or Fingerprint()
    head = _HEADER.pack(MAGIC, rate, channels, frames, source.size, source.crc, base_crc, rest_crc, 0)
    return head[:-4] + struct.pack("<I", zlib.crc32(head[:-4]))


def _unpack(path: Path, head: bytes) -> tuple[int, int, int, Fingerprint, int, int]:
    if len(head) < _HEADER.size or head[:8] != MAGIC or struct.unpack("<I", head[-4:])[0] != zlib.crc32(head[:-4]):
        raise _damaged(path)
    _, rate, channels, frames, size, crc, base_crc, rest_crc, _ = _HEADER.unpack(head)
    return rate, channels, frames, Fingerprint(size, crc), base_crc, rest_crc


def _map(path: Path, channels: int) -> Levels:
    """Every bucket in the file, of all levels."""
    count = (path.stat().st_size - _HEADER.size) // (6 * channels)
    if count <= 0:
        return np.zeros((0, channels, 3), "<i2")
    return np.memmap(path, "<i2", "r", _HEADER.size, (count, channels, 3))


def _split(path: Path, everything: Levels, frames: int) -> list[Levels]:
    levels, at, count = [], 0, -(-frames // BUCKET)
    while True:
        levels.append(everything[at : at + count])
        at += count
        if count <= 1:
            break
        count = -(-count // FACTOR)
    if at != len(everything):
        raise _damaged(path)
    return levels


def _damaged(path: Path) -> Damaged:
    return Damaged(f"The waveform overview {path} is damaged.", "It is built again when it is deleted.")
