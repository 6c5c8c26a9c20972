"""Reading sound files of any kind, streamed in blocks and never whole in memory. Any thread; one reader belongs to one thread.

libsndfile reads what it can (WAV, FLAC, AIFF, Ogg, Opus ...), FFmpeg through PyAV the rest (MP3, M4A, video containers ...).
Only lossless files are sought in: libsndfile's seek lands elsewhere in a third of our Ogg files and in most Opus files, so a
lossy file is decoded forward to the wanted frame, from its start when that lies behind. Masters are WAV or FLAC, so the slow
way is only ever walked by an import.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from fieldapp.cores import give_way
from fieldapp.errors import AudioError
from fieldapp.model import Span

Block = NDArray[np.float32]
"""Frames by channels, full scale is 1.0."""

BLOCK_FRAMES = 65536
_LOSSY = frozenset({"VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"})
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "ALAW": 16, "ULAW": 16}
_SMALLEST = 1024  # bytes; a header may be that long and hold nothing
_ENDLESS = 1 << 60  # libsndfile says 2**63-1 for a FLAC whose writer was killed
_CONTAINERS = (  # no playlists and no pictures: those can make FFmpeg open other files and addresses
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,gsm,loas,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,ogg,rm,tta,voc,w64,wav,wv"
)


@dataclass(frozen=True, slots=True)
class Sound:
    """What a file says about itself. `exact` is false where the number of frames is only what the container claims."""

    path: Path
    rate: int
    channels: int
    bits: int
    frames: int
    container: str
    codec: str
    exact: bool

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


class AudioReader(ABC):
    """A sound file open for reading. `trouble` says, once its end was reached, why it ended before its time."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound
        self.trouble = ""
        self._at = 0
        self._rest: Block | None = None

    @property
    def rate(self) -> int:
        return self.sound.rate

    @property
    def channels(self) -> int:
        return self.sound.channels

    @property
    def frames(self) -> int:
        """Frames in the file: what the container claims until the end was reached once, exact from then on."""
        return self.sound.frames

    def blocks(self, span: Span | None = None, size: int = BLOCK_FRAMES) -> Iterator[Block]:
        """The file, or a span of it, in blocks of at most `size` frames. Stops early where the sound does."""
        self._go(0 if span is None else span.start)
        left = _ENDLESS if span is None else len(span)
        while left > 0:
            give_way()
            block = self._take(min(size, left))
            if block is None:
                self._reached_end()
                return
            left -= len(block)
            yield block

    def read(self, span: Span) -> Block:
        """The frames of a span in one array; shorter than the span where the file ends before it."""
        parts = list(self.blocks(span))
        return np.concatenate(parts) if parts else np.zeros((0, self.channels), np.float32)

    def scan(self) -> int:
        """Decode the whole file once and return how many frames are really there."""
        if not self.sound.exact:
            for _ in self.blocks():
                pass
        return self.frames

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    @abstractmethod
    def _restart(self) -> None:
        """Be at frame 0 again."""

    @abstractmethod
    def _decode(self) -> Block | None:
        """The next frames, some convenient number of them; None at the end or where nothing more can be decoded."""

    def _seek(self, frame: int) -> bool:
        """Jump to a frame (at most the end) exactly; False when this file only goes forward."""
        return False

    def _go(self, frame: int) -> None:
        if frame == self._at:
            return
        if self._seek(min(frame, self.frames)):
            self._at, self._rest = min(frame, self.frames), None
            return
        if frame < self._at:
            self._restart()
            self._at, self._rest = 0, None
        while self._at < frame and self._take(frame - self._at) is not None:
            pass

    def _take(self, most: int) -> Block | None:
        block = self._rest if self._rest is not None else self._decode()
        if block is None:
            return None
        self._rest = block[most:] if len(block) > most else None
        self._at += min(len(block), most)
        return block[:most]

    def _reached_end(self) -> None:
        claimed, found = self.sound.frames, self._at
        if found == 0:
            raise AudioError(f"{self.sound.path} holds no sound that can be decoded.", self.trouble or "Play it in another program to see if it is damaged.")
        if claimed - found > self.rate // 10:  # lossy containers only estimate
            self.trouble = _shortfall(self.rate, found, claimed)
        self.sound = replace(self.sound, frames=found, exact=True)


class _SndfileReader(AudioReader):
    """A file libsndfile can read."""

    def __init__(self, path: Path, file: soundfile.SoundFile) -> None:
        lossy = file.subtype in _LOSSY
        frames = file.frames if file.frames < _ENDLESS else 0
        exact = not lossy and file.format != "FLAC"  # a FLAC may end before its header says so
        super().__init__(Sound(path, file.samplerate, file.channels, _BITS.get(file.subtype, 24), frames, file.format, file.subtype, exact))
        self._file = file
        self._seekable = not lossy and frames > 0
        self._step = BLOCK_FRAMES if exact else 4096  # a read that meets damage gives nothing, so little is asked at once

    def _restart(self) -> None:
        self._file.close()
        try:
            self._file = soundfile.SoundFile(str(self.sound.path))
        except soundfile.LibsndfileError as error:
            raise AudioError(f"{self.sound.path} cannot be read any more.", "Check that the file is still there and may be read.") from error

    def _seek(self, frame: int) -> bool:
        if self._seekable:
            try:
                self._file.seek(frame)
            except soundfile.LibsndfileError:  # a damaged FLAC: forward from the start is the only way
                self._seekable = False
                self._restart()
                self._at, self._rest = 0, None
        return self._seekable

    def _decode(self) -> Block | None:
        try:
            block: Block = self._file.read(self._step, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            self.trouble = self.trouble or f"Decoding stopped at {self._at / self.rate:.1f} s: {error.error_string}"
            return None
        return block if len(block) else None

    def close(self) -> None:
        self._file.close()


class _FfmpegReader(AudioReader):
    """A file only FFmpeg can read; goes forward only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()
        stream = self._stream
        length = stream.duration * stream.time_base if stream.duration else (self._container.duration or 0) / 1_000_000
        bits = 16 if stream.codec_context.format.name in ("s16", "s16p", "u8") else 24
        container, codec = self._container.format.name.split(",")[0], stream.codec_context.name
        super().__init__(Sound(path, stream.rate, stream.channels, bits, round(length * stream.rate), container, codec, exact=False))

    def _open(self) -> None:
        import av  # noqa: PLC0415  (FFmpeg takes 0.1 s to load, and most files never need it)

        try:
            self._container: Any = av.open(str(self._path), options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"})
        except (av.FFmpegError, ValueError) as error:
            raise AudioError(f"{self._path} is no sound file that can be read.", "Play it in another program; if it plays there, save it as WAV.") from error
        streams = self._container.streams.audio
        if not streams or not streams[0].rate or not streams[0].channels:
            self._container.close()
            raise AudioError(f"{self._path} has no sound track.", "Choose the file that holds the recording.")
        self._stream: Any = streams[0]
        self._failure = av.FFmpegError
        self._packed: Any = av.AudioResampler(format="flt", layout=self._stream.layout, rate=self._stream.rate)
        self._frames = self._container.decode(self._stream)

    def _restart(self) -> None:
        self._container.close()
        self._open()

    def _decode(self) -> Block | None:
        try:
            for frame in self._frames:
                parts = [part.to_ndarray().reshape(-1, self.channels) for part in self._packed.resample(frame)]
                if parts and sum(map(len, parts)):
                    return np.concatenate(parts).astype(np.float32, copy=False)
        except self._failure as error:
            self.trouble = self.trouble or f"Decoding stopped at {self._at / self.rate:.1f} s: {error.strerror}"
        return None

    def close(self) -> None:
        self._container.close()


def open_audio(path: Path) -> AudioReader:
    """Open any sound file, or say in one sentence why it cannot be read."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise AudioError(f"{path} is a folder, not a sound file.")
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror}.", "Check that the file is still there and may be read.") from error
    if size == 0:
        raise AudioError(f"{path} is empty (0 bytes).", "Copy it again from where it came.")
    reader = _open_reader(path)
    if reader.sound.exact and reader.frames == 0:
        reader.close()
        raise AudioError(f"{path} holds no sound (0 seconds).", "There is nothing in it to import.")
    if reader.sound.container in ("WAV", "WAVEX"):
        reader.trouble = _cut_short(path, reader)
    return reader


def _open_reader(path: Path) -> AudioReader:
    try:
        with path.open("rb") as start:
            first = start.read(3)
        if first == b"ID3" or (first[:1] == b"\xff" and first[1:2] >= b"\xe0"):
            return _FfmpegReader(path)  # MP3: libsndfile's decoder writes its complaints straight to stderr
        file = soundfile.SoundFile(str(path))
        unclosed = file.frames == 0 and path.stat().st_size > _SMALLEST  # its recorder was killed: FFmpeg reads on to the end of the file
        return _FfmpegReader(path) if unclosed else _SndfileReader(path, file)
    except soundfile.LibsndfileError:
        return _FfmpegReader(path)
    except OSError as error:
        raise AudioError(f"{path} cannot be read: {error.strerror}.", "Check that the file may be read.") from error


def _shortfall(rate: int, found: int, claimed: int) -> str:
    return f"The file is cut short or damaged: {found / rate:.1f} s of {claimed / rate:.1f} s are there."


def _cut_short(path: Path, reader: AudioReader) -> str:
    """A sentence when the header of a WAV promises more than the file holds. (A size of 0 or all ones is a recorder that was killed.)"""
    with path.open("rb") as file:
        head = file.read(12)
        while head[:4] in (b"RIFF", b"RF64") and len(chunk := file.read(8)) == 8:
            name, length = chunk[:4], struct.unpack("<I", chunk[4:])[0]
            if name != b"data":
                file.seek(length + length % 2, 1)
                continue
            there = path.stat().st_size - file.tell()
            if 0 < there < length < 0xFFFFFFFF:
                return _shortfall(reader.rate, reader.frames, round(reader.frames * length / there))
            break
    return ""
