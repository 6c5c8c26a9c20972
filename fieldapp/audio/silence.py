"""Overwrites stretches of a sound file with silence, so that its length and clock stay what they are. Any thread.

The one way to change a master: somebody took their voice back. WAV is changed in place; FLAC is written anew and moved in.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

import soundfile

from fieldapp.audio.wav import disk_trouble
from fieldapp.errors import AudioError
from fieldapp.model import Span

_BLOCK = 1 << 20


def silence(path: Path, spans: Iterable[Span]) -> int:
    """Write zeros over the frames of each span; returns how many frames were overwritten."""
    if path.suffix.lower() == ".flac":
        return _silence_flac(path, list(spans))
    try:
        with path.open("r+b") as file:
            start, size, frame_bytes, zero = _data(file.read(1 << 16), path)
            done = 0
            for span in spans:
                first, last = start + span.start * frame_bytes, min(start + span.stop * frame_bytes, start + size)
                file.seek(first)
                while first < last:
                    first += file.write(zero * min(_BLOCK, last - first))
                done += len(span)
            file.flush()
            os.fsync(file.fileno())
            return done
    except OSError as trouble:
        raise disk_trouble(trouble, path) from trouble


def _silence_flac(path: Path, spans: list[Span]) -> int:
    anew = path.with_name(f".{path.name}.part")
    try:
        with soundfile.SoundFile(path) as sound, soundfile.SoundFile(anew, "w", sound.samplerate, sound.channels, sound.subtype, format="FLAC") as out:
            at = 0
            while len(block := sound.read(_BLOCK, dtype="int32", always_2d=True)):
                here = Span(at, at + len(block))
                for inside in (span.clip(here) for span in spans):
                    if inside is not None:
                        block[inside.start - at : inside.stop - at] = 0
                out.write(block)
                at = here.stop
        with anew.open("r+b") as file:
            os.fsync(file.fileno())
        anew.replace(path)
    except soundfile.SoundFileError as trouble:
        raise AudioError(f"{path} cannot be silenced: {trouble}.", "Delete it, or silence it in a sound editor.") from trouble
    except OSError as trouble:
        raise disk_trouble(trouble, path) from trouble
    finally:
        anew.unlink(missing_ok=True)
    return sum(map(len, spans))


def _data(head: bytes, path: Path) -> tuple[int, int, int, bytes]:
    """Where the samples begin, how many bytes they are, bytes a frame, and the byte that is silence."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        at, frame_bytes, bits = 12, 0, 16
        while at + 8 <= len(head):
            name, size = struct.unpack("<4sI", head[at : at + 8])
            if name == b"fmt ":
                frame_bytes, bits = struct.unpack("<HH", head[at + 20 : at + 24])
            if name == b"data" and frame_bytes:
                return at + 8, size, frame_bytes, b"\x80" if bits == 8 else b"\0"
            at += 8 + size + size % 2
    raise AudioError(f"{path} cannot be silenced in place: it is neither plain WAV nor FLAC.", "Delete it, or silence it in a sound editor.")
