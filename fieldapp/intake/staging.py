"""One sound file becomes a master: copied byte for byte when it is PCM WAV or FLAC, else kept and converted beside it. Any thread.

Files are made in `derived/incoming/`, which may be deleted at any time, checked against their source by SHA-256 and moved into
`audio/` by the transaction that writes their rows. `landing` names what a transaction is about to move, so that the next import can
take away what a crash left between the move and the commit.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from fieldapp.audio.decode import AudioReader, Block, open_audio
from fieldapp.audio.quality import Quality, QualityMeter
from fieldapp.errors import AlreadyThere, AudioError, DiskFull

LARGEST_WAV = (1 << 32) - (1 << 20)  # Praat and Python's wave open nothing larger
_CHUNK = 1 << 20
_LANDING = "landing.json"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a master, still in the staging folder."""

    path: Path
    frames: int
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Staged:
    """A master ready to be moved in: its parts, the original it was converted from (if so), and what was noticed."""

    parts: tuple[Part, ...]
    original: Path | None
    source_sha256: str
    rate: int
    channels: int
    bits: int
    frames: int
    quality: Quality
    trouble: str

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(part.path for part in self.parts) + ((self.original,) if self.original else ())

    def discard(self) -> None:
        for path in self.files:
            path.unlink(missing_ok=True)


class Staging:
    """The folder where masters are made, for one import at a time."""

    def __init__(self, fieldbook: Path, largest: int = LARGEST_WAV) -> None:
        self.folder = fieldbook / "derived" / "incoming"
        self.audio = fieldbook / "audio"
        self._largest = largest

    def prepare(self, known: Iterable[str]) -> None:
        """Begin empty; take back what an interrupted import moved but never wrote down. `known` are the paths the fieldbook has rows for."""
        try:
            landing = json.loads((self.folder / _LANDING).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            landing = []
        for path in {f"audio/{Path(str(name)).name}" for name in landing} - set(known):
            (self.audio.parent / path).unlink(missing_ok=True)
        self.clear()
        self.folder.mkdir(parents=True)

    def clear(self) -> None:
        """Leave nothing behind."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def bring(self, source: Path, stem: str) -> Staged:
        """Copy one file, look at it as it now lies on the disk, and convert it where it is neither PCM WAV nor FLAC."""
        copy = self.folder / f"{stem}{_suffix(source)}"
        made = [copy]
        try:
            sha256 = copy_verified(source, copy)
            with open_audio(copy) as reader:
                container, codec = reader.sound.container, reader.sound.codec
                suffix = {"WAV": ".wav", "WAVEX": ".wav", "FLAC": ".flac"}.get(container, "") if codec.startswith("PCM") else ""
                bits = reader.sound.bits if suffix or reader.sound.bits == 16 else 24
                meter = QualityMeter(reader.rate, reader.channels)
                parts = _listen(reader, meter) if suffix else self._convert(reader, meter, bits, self._target(copy), made)
                frames, rate, channels, trouble = reader.frames, reader.rate, reader.channels, reader.trouble
            if suffix:
                kept = copy.rename(copy.with_suffix(suffix))
                parts = [Part(kept, frames, sha256, kept.stat().st_size)]
            return Staged(tuple(parts), None if suffix else copy, sha256, rate, channels, bits, frames, meter.quality(), trouble)
        except BaseException as error:
            for path in made:
                path.unlink(missing_ok=True)
            if isinstance(error, AudioError):  # named by the copy, which nobody knows
                raise AudioError(error.message.replace(str(copy), source.name), error.hint) from error
            if isinstance(error, OSError):
                raise _as_sentence(error, source) from error
            if isinstance(error, soundfile.LibsndfileError):  # writing failed, and libsndfile does not say why
                raise DiskFull(f"{source.name} could not be converted: {error.error_string}", "Check how much room the disk has.") from error
            raise

    def _target(self, copy: Path) -> Path:
        """Two underscores never come out of folding a name, so no other file can be called this."""
        return copy.with_name(f"{copy.stem}__pcm.wav") if copy.suffix == ".wav" else copy.with_suffix(".wav")

    def _convert(self, reader: AudioReader, meter: QualityMeter, bits: int, target: Path, made: list[Path]) -> list[Part]:
        room = (self._largest - 4096) // (reader.channels * bits // 8)
        parts: list[Part] = []
        blocks = reader.blocks()
        rest: Block | None = next(blocks, None)
        while rest is not None:
            path = target if not parts else target.with_name(f"{target.stem}__p{len(parts) + 1}.wav")
            made.append(path)
            frames = 0
            with soundfile.SoundFile(path, "w", reader.rate, reader.channels, f"PCM_{bits}", format="WAV") as file:
                while rest is not None and frames < room:
                    block, rest = rest[: room - frames], rest[room - frames :]
                    meter.push(block)
                    file.write(_whole_numbers(block, bits))
                    frames += len(block)
                    rest = rest if len(rest) else next(blocks, None)
            with path.open("rb") as written:
                os.fsync(written.fileno())
                parts.append(Part(path, frames, _digest(path), path.stat().st_size))
        meter.finish()
        return parts

    def about_to_land(self, names: Iterable[str]) -> None:
        """Note which names `audio/` is about to get."""
        path = self.folder / _LANDING
        with path.open("w", encoding="utf-8") as file:
            json.dump(list(names), file)
            file.flush()
            os.fsync(file.fileno())

    def land(self, staged: Iterable[Staged]) -> None:
        """Move files to where they stay. Called inside the transaction that writes their rows."""
        for path in (path for one in staged for path in one.files):
            if (self.audio / path.name).exists():  # renaming would replace it silently
                raise AlreadyThere(f"{self.audio / path.name} is there already.", "Move it away and import again.")
            path.rename(self.audio / path.name)
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(self.audio, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def take_back(self, staged: Iterable[Staged]) -> None:
        """Remove files whose transaction failed; those still here were never moved, so `audio/` holds another file of that name."""
        for path in (path for one in staged for path in one.files):
            (path if path.exists() else self.audio / path.name).unlink(missing_ok=True)


def _listen(reader: AudioReader, meter: QualityMeter) -> list[Part]:
    """Measure a file that stays as it is; its only part is made when it has been closed and can be named."""
    for block in reader.blocks():
        meter.push(block)
    meter.finish()
    return []


def copy_verified(source: Path, target: Path) -> str:
    """Copy a file, make it durable, read it back and compare; returns the SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    if _digest(target) != digest.hexdigest():
        raise AudioError(f"{source.name} arrived changed.", "The disk or its cable may be failing; check it before anything else.")
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _whole_numbers(block: Block, bits: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Samples as libsndfile takes them without changing any: in the upper bits of 32."""
    scale = 1 << (bits - 1)
    whole = np.clip(np.rint(block.astype(np.float64) * scale), -scale, scale - 1).astype(np.int32)
    return whole << (32 - bits)


def _suffix(source: Path) -> str:
    letters = "".join(letter for letter in source.suffix.lower() if letter.isascii() and letter.isalnum())[:5]
    return f".{letters}" if letters else ".sound"


def _as_sentence(error: OSError, source: Path) -> AudioError | DiskFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk is full: {source.name} was not brought in.", "Make room and run the same command again.")
    return AudioError(f"{source.name} cannot be read: {error.strerror}.", "It may have been moved or taken away.")
