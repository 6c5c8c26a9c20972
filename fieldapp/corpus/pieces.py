"""A bundle whose every recording may leave in one piece: of a master that holds more than may leave, each segment becomes a recording of its own.

So an exporter that takes sound files along need not know about consent. Any thread.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fieldapp.corpus.bundle import Bundle, Loss, SoundFile
from fieldapp.model import Recording, RecordingId, Segment, Span


@dataclass(frozen=True, slots=True)
class Source:
    """Where the sound of a recording comes from: a whole file of the fieldbook, or a stretch of one."""

    recording: Recording
    span: Span | None = None

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return self.recording.frames if self.span is None else len(self.span)


def apart(bundle: Bundle, losses: list[Loss]) -> tuple[Bundle, Mapping[RecordingId, Source]]:
    """The same corpus in pieces that may leave, and where the sound of each piece comes from."""
    recordings: dict[RecordingId, Recording] = {}
    sources: dict[RecordingId, Source] = {}
    segments: list[Segment] = []
    for sound in bundle.sound_files(losses):
        master = sound.recording.master or sound.recording.id
        if master in bundle.whole:
            recordings[sound.recording.id] = replace(sound.recording, master=None, part=0, first_frame=0)
            sources[sound.recording.id] = Source(sound.recording)
            segments += [replace(segment, recording=sound.recording.id, span=span) for segment, span in sound.pieces]
            continue
        for number, (segment, span) in enumerate(sound.pieces, 1):
            if not len(span):
                losses.append(Loss(segment.id, "a segment without any sound, with its texts"))
                continue
            piece = _piece(sound, segment, span, number)
            recordings[piece.id], sources[piece.id] = piece, Source(sound.recording, span)
            segments.append(replace(segment, recording=piece.id, span=Span(0, len(span))))
    segments.sort(key=lambda s: (s.recording, s.span, s.id))
    return replace(bundle, recordings=recordings, segments=tuple(segments), whole=frozenset(recordings)), sources


def copy_sound(bundle: Bundle, source: Source, target: Path) -> None:
    """Write the sound of a piece."""
    path = bundle.sound_path(source.recording)
    if source.span is None:
        shutil.copyfile(path, target)
    else:
        bundle.cut(path, source.span, target)


def suffix_of(source: Source) -> str:
    """The ending of the file that `copy_sound` writes: cuts are WAV."""
    return Path(source.recording.path).suffix.lower() if source.span is None else ".wav"


def _piece(sound: SoundFile, segment: Segment, span: Span, number: int) -> Recording:
    name = f"audio/{sound.stem}_{number:04}.wav"
    return replace(
        sound.recording, id=RecordingId(segment.id), path=name, frames=len(span), sha256="", bytes=0, master=None, part=0, first_frame=0, original=""
    )
