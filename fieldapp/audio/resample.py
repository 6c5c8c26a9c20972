"""Resampling with soxr, streamed: 16 kHz mono for the models is made on the fly and never stored. Any thread.

A span is resampled with a margin on both sides and on the same grid as the whole file, so that the samples of a span are
those the whole file would give there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from fieldapp.audio.decode import Block, open_audio
from fieldapp.model import Span

MODEL_RATE = 16_000
_MARGIN_SECONDS = 0.25  # longer than soxr's filter at any rate we meet


class Resampler:
    """Streams blocks from one rate to another; `push` gives what is ready, `finish` the rest."""

    def __init__(self, rate: int, to_rate: int, channels: int) -> None:
        self._soxr = soxr.ResampleStream(rate, to_rate, channels, dtype="float32", quality="HQ") if rate != to_rate else None
        self._channels = channels

    def push(self, block: Block) -> Block:
        if self._soxr is None:
            return block
        return self._flow(block, last=False)

    def finish(self) -> Block:
        nothing = np.zeros((0, self._channels), np.float32)
        return nothing if self._soxr is None else self._flow(nothing, last=True)

    def _flow(self, block: Block, *, last: bool) -> Block:
        assert self._soxr is not None
        flat = np.ascontiguousarray(block if self._channels > 1 else block.reshape(-1))
        out: Block = self._soxr.resample_chunk(flat, last=last)
        return out.reshape(-1, self._channels)


def resampled(blocks: Iterable[Block], rate: int, to_rate: int, channels: int) -> Iterator[Block]:
    """Blocks at another rate."""
    stream = Resampler(rate, to_rate, channels)
    for block in blocks:
        if len(ready := stream.push(block)):
            yield ready
    if len(rest := stream.finish()):
        yield rest


def frames_at(frame: int, rate: int, to_rate: int) -> int:
    """Where a frame lies on the clock of another rate, rounded to the nearest."""
    return (2 * frame * to_rate + rate) // (2 * rate)


def mono16k(path: Path, span: Span | None = None, rate: int = MODEL_RATE) -> Iterator[NDArray[np.float32]]:
    """A file, or a span in its frames, as mono blocks at 16 kHz; memory does not grow with its length."""
    with open_audio(path) as reader:
        wanted = Span(0, 1 << 50) if span is None else span
        step = reader.rate // math.gcd(reader.rate, rate)  # both clocks meet every `step` frames
        margin = math.ceil(_MARGIN_SECONDS * reader.rate / step) * step
        start = max(0, wanted.start // step * step - margin)
        skip = frames_at(wanted.start, reader.rate, rate) - start // step * (rate * step // reader.rate)
        left = frames_at(wanted.stop, reader.rate, rate) - frames_at(wanted.start, reader.rate, rate)
        mono = (block.mean(axis=1, keepdims=True, dtype=np.float32) for block in reader.blocks(Span(start, wanted.stop + margin)))
        for block in resampled(mono, reader.rate, rate, 1):
            ready = block[skip : skip + left, 0]
            skip, left = max(0, skip - len(block)), left - len(ready)
            if len(ready):
                yield ready
            if left <= 0:
                return


def mono16k_array(path: Path, span: Span | None = None, rate: int = MODEL_RATE) -> NDArray[np.float32]:
    """The same in one array; for spans that fit into memory."""
    parts = list(mono16k(path, span, rate))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
