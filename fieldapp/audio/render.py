"""What is to be heard, computed ahead of the loudspeaker: spans in a row without gaps, looped, slower or faster at the same pitch.

Pure and without a device or a thread: `Rendering.read` gives the next frames, `Rendering.where` tells which frame of which file
any output frame came from. The player pulls from it; tests and exports can, too.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.audio.decode import Block, open_audio
from fieldapp.audio.resample import resampled
from fieldapp.model import Recording, Span

SLOWEST, FASTEST = 0.5, 2.0
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Clip:
    """A span of a sound file, in its own frames."""

    path: Path
    span: Span


def clips_of(folder: Path, parts: Iterable[Recording], span: Span) -> list[Clip]:
    """The stretches of sound files that hold a span of their master; a gap between two parts is skipped."""
    clips = []
    for part in parts:
        inside = span.clip(Span(part.first_frame, part.first_frame + part.frames))
        if inside is not None:
            clips.append(Clip(folder / part.path, Span(inside.start - part.first_frame, inside.stop - part.first_frame)))
    return clips


@dataclass(frozen=True, slots=True)
class Position:
    """Where playback is: which clip of the queue, and which frame of its file."""

    clip: int
    frame: int


@dataclass(frozen=True, slots=True)
class _Mark:
    """From this frame of the joined clips on, a clip is heard from this frame of its file."""

    at: int
    clip: int
    frame: int
    rate: int


class Rendering:
    """The sound of a queue of clips at one rate and number of channels. Belongs to one thread; `where` may be asked from any."""

    def __init__(self, clips: Sequence[Clip], rate: int, channels: int = 2, *, loop: bool = False, speed: float = 1.0, start: Position | None = None) -> None:
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"speed {speed} is outside {SLOWEST}..{FASTEST}")
        self.rate, self.channels, self.speed = rate, channels, speed
        self._clips, self._loop, self._start = tuple(clips), loop, start or Position(0, clips[0].span.start if clips else 0)
        self._marks: list[_Mark] = []
        self._joined = 0
        joined = self._join()
        self._blocks = joined if speed == 1.0 else _stretched(joined, rate, channels, speed)
        self._rest: Block = np.zeros((0, channels), np.float32)

    def read(self, frames: int) -> Block:
        """The next frames, fewer only at the end; none when everything was read."""
        parts, have = [self._rest], len(self._rest)
        while have < frames and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            have += len(block)
        sound = np.concatenate(parts)
        self._rest = sound[frames:]
        return sound[:frames]

    def where(self, frame: int) -> Position:
        """Where output frame `frame` (counted from the first one read) came from."""
        at = round(frame * self.speed)
        number = bisect.bisect_right(self._marks, at, key=lambda mark: mark.at) - 1
        if number < 0:
            return self._start
        mark = self._marks[number]
        stop = self._clips[mark.clip].span.stop
        return Position(mark.clip, min(stop, mark.frame + (at - mark.at) * mark.rate // self.rate))

    def _join(self) -> Iterator[Block]:
        """All clips one after the other at the output rate, for ever when looped."""
        start: Position | None = self._start
        while True:
            before = self._joined
            for number, clip in enumerate(self._clips):
                if start and number < start.clip:
                    continue
                first = max(clip.span.start, min(start.frame, clip.span.stop)) if start else clip.span.start
                start = None
                yield from self._one(number, clip, first)
            if not self._loop or self._joined == before:
                return

    def _one(self, number: int, clip: Clip, first: int) -> Iterator[Block]:
        with open_audio(clip.path) as reader:
            self._marks.append(_Mark(self._joined, number, first, reader.rate))
            blocks = (_spread(block, self.channels) for block in reader.blocks(Span(first, clip.span.stop), _BLOCK))
            for block in resampled(blocks, reader.rate, self.rate, self.channels):
                self._joined += len(block)
                yield block


def _spread(block: Block, channels: int) -> Block:
    """Mono on every loudspeaker; more channels than loudspeakers are mixed down."""
    if block.shape[1] == channels:
        return block
    return np.repeat(block.mean(axis=1, keepdims=True, dtype=np.float32), channels, axis=1)


def _stretched(blocks: Iterator[Block], rate: int, channels: int, speed: float) -> Iterator[Block]:
    """Slower or faster at the same pitch, by FFmpeg's `atempo` (overlap and add at the best match)."""
    import av  # noqa: PLC0415  (loaded only when the speed is changed)

    layout = "mono" if channels == 1 else "stereo"
    graph: Any = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="flt", layout=layout)
    graph.link_nodes(source, graph.add("atempo", repr(speed)), graph.add("abuffersink")).configure()

    def ready() -> Iterator[Block]:
        while True:
            try:
                yield graph.pull().to_ndarray().reshape(-1, channels)
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    pushed = 0
    for block in blocks:
        frame: Any = av.AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate, frame.pts = rate, pushed
        pushed += len(block)
        graph.push(frame)
        yield from ready()
    graph.push(None)
    yield from ready()
