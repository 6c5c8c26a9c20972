"""From the encoder states of one pass to what is kept of them: a meaning vector, a sound vector and compressed frames. Any thread.

Nothing here runs a model: transcription has paid for the states already. States are [steps, width] at 50 steps a second,
without the padding; `speech` says for each step whether somebody speaks.
"""

from __future__ import annotations

import itertools
import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import Damaged

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

STEPS_PER_SECOND = 50
STEPS_PER_FRAME = 2  # 25 kept frames a second: a short syllable still has three
PARTS = 3  # of the sound vector: beginning, middle and end, because the order of sounds matters
STEP_MS, VAD_WINDOW_MS = 20, 32
SPEECH_PROBABILITY = 0.35

_HEADER = struct.Struct("<4sHHI")
_MAGIC = b"FKF1"
_PEAK = 127
_LEAST, _MOST = 1e-6, 60_000.0  # scales that half precision can hold


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The frames of one segment as int8, one scale for each of its dimensions. Only speech is kept; `at` says where each frame lay."""

    values: NDArray[np.int8]
    scales: NDArray[np.float16]
    at: NDArray[np.uint32]
    rate: float

    def __len__(self) -> int:
        return len(self.values)

    @property
    def states(self) -> F32:
        """The frames as numbers again, [frames, width]."""
        states: F32 = self.values.astype(np.float32) * self.scales.astype(np.float32)
        return states

    def seconds(self) -> F32:
        """When each frame begins, from the start of the segment."""
        return (self.at / self.rate).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """What one pass over a segment leaves behind. Both vectors have length 1; they know no head yet."""

    meaning: F32
    sound: F32
    kept: Kept


def embedded(states: F32, speech: Mask | None = None) -> Embedded:
    """Vectors and frames of a segment. Where nothing (or no mask) says speech, everything counts."""
    if not len(states):
        raise ValueError("a segment without encoder states has no vector")
    mask = _whole(speech, len(states))
    spoken = states if np.count_nonzero(mask) == len(mask) else states[mask]
    return Embedded(unit(_mean(spoken)), sound_vector(spoken), keep(states, mask))


def speech_steps(probabilities: F32, steps: int) -> Mask:
    """Which encoder steps are speech, from the voice activity of the same audio (one probability for 32 ms)."""
    if not len(probabilities):
        return np.zeros(steps, np.bool_)
    middles = np.arange(STEP_MS // 2, steps * STEP_MS, STEP_MS)
    mask: Mask = (probabilities >= SPEECH_PROBABILITY)[np.minimum(middles // VAD_WINDOW_MS, len(probabilities) - 1)]
    return mask


def sound_vector(frames: F32) -> F32:
    """Speech frames as one vector that knows their order: the means of their three thirds beside each other."""
    edges = [len(frames) * part / PARTS for part in range(PARTS + 1)]
    means = [_mean(frames[int(start) : max(math.ceil(stop), int(start) + 1)]) for start, stop in itertools.pairwise(edges)]
    return unit(np.concatenate(means))


def unit(vectors: NDArray[np.floating]) -> F32:
    """Vectors with length 1; a vector of zeros stays one."""
    norms = np.sqrt(np.add.reduce(vectors * vectors, axis=-1, keepdims=True))
    scaled: F32 = (vectors / np.maximum(norms, 1e-8)).astype(np.float32)
    return scaled


def keep(states: F32, mask: Mask) -> Kept:
    """Average the speech steps of each frame and round them to int8."""
    heard = states if np.count_nonzero(mask) == len(mask) else states * mask[:, None]
    if len(states) % STEPS_PER_FRAME:
        heard, mask = np.pad(heard, ((0, 1), (0, 0))), np.pad(mask, (0, 1))
    sums = heard[0::2] + heard[1::2]  # numpy is slow along so short an axis
    counts = mask[0::2].astype(np.float32) + mask[1::2]
    at = np.flatnonzero(counts).astype(np.uint32)
    means = sums if len(at) == len(sums) else sums[at]
    means /= counts[at, None]
    peaks = np.maximum(np.maximum.reduce(means, axis=0), -np.minimum.reduce(means, axis=0))
    scales = np.clip(peaks / _PEAK, _LEAST, _MOST).astype(np.float16)  # first as they are stored, then used
    means /= scales.astype(np.float32)
    np.clip(np.rint(means, out=means), -_PEAK, _PEAK, out=means)
    return Kept(means.astype(np.int8), scales, at, STEPS_PER_SECOND / STEPS_PER_FRAME)


def shifted(kept: Kept, seconds: float) -> Kept:
    """The same frames in a segment that begins so much earlier; what would lie before its beginning goes."""
    at = kept.at.astype(np.int64) + round(seconds * kept.rate)
    return Kept(kept.values[at >= 0], kept.scales, at[at >= 0].astype(np.uint32), kept.rate)


def pack(kept: Kept) -> bytes:
    """The bytes that are stored."""
    head = _HEADER.pack(_MAGIC, round(STEPS_PER_SECOND / kept.rate), kept.values.shape[1], len(kept))
    return b"".join((head, kept.at.astype("<u4").tobytes(), kept.scales.astype("<f2").tobytes(), kept.values.tobytes()))


def unpack(data: bytes) -> Kept:
    """The frames in stored bytes; Damaged when they are none."""
    if len(data) < _HEADER.size:
        raise _damaged("too short")
    magic, steps, width, count = _HEADER.unpack_from(data)
    if magic != _MAGIC or not steps or not width:
        raise _damaged("not in a form this version knows")
    if len(data) != _HEADER.size + count * 4 + width * 2 + count * width:
        raise _damaged("cut off")
    at = np.frombuffer(data, "<u4", count, _HEADER.size)
    scales = np.frombuffer(data, "<f2", width, _HEADER.size + count * 4)
    values = np.frombuffer(data, np.int8, count * width, _HEADER.size + count * 4 + width * 2).reshape(count, width)
    return Kept(values, scales, at, STEPS_PER_SECOND / steps)


def _mean(states: F32) -> F32:
    """Of the rows. numpy's own does the same, after a good deal of asking what it was given."""
    mean: F32 = np.add.reduce(states, axis=0) / np.float32(len(states))
    return mean


def _whole(speech: Mask | None, steps: int) -> Mask:
    """A mask as long as the states; everything where it leaves nothing."""
    if speech is None or not np.count_nonzero(speech):
        return np.ones(steps, np.bool_)
    if len(speech) != steps:
        raise ValueError(f"a mask of {len(speech)} steps does not fit {steps} states")
    return speech


def _damaged(why: str) -> Damaged:
    return Damaged(f"The stored frames of a segment are {why}.", "Compute them again with 'fieldapp embed'.")
