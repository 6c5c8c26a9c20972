"""How loud it is every hundredth of a second, and from that where somebody speaks. Pure numpy; a builder belongs to one thread.

An hour takes 1.4 MB. What the mean of a hop takes away (direct current, the lowest rumble) does not count as sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.model import Span

HOPS_A_SECOND = 100
SILENT_DB = -120.0

_FLOOR_AT_LEAST_DB = -75.0
_ON_DB, _OFF_DB = 10.0, 5.0  # above the noise floor: to begin, and to go on
_FLOOR_SHARE = 0.1
_FLOOR_SECONDS = 15  # before and after
_BRIDGE_HOPS = 12  # a closure inside a word
_CLICK_HOPS = 4  # shorter than this and alone: a key, a mouth click

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Loudness:
    """Levels in dB, one a hop of `hop` frames; `frames` says where the sound really ends."""

    levels: Floats
    hop: int
    frames: int

    def speech(self) -> list[Span]:
        """Stretches in which somebody speaks, in frames, in order, never touching each other."""
        if not len(self.levels):
            return []
        floor = _noise_floor(self.levels)
        loud = _runs(self.levels > floor + _ON_DB)
        audible = _runs(self.levels > floor + _OFF_DB)
        grown = audible[np.isin(np.arange(len(audible)), np.searchsorted(audible[:, 0], loud[:, 0], side="right") - 1)]
        kept = _without_clicks(_bridged(grown))
        return [Span(int(start) * self.hop, min(int(stop) * self.hop, self.frames)) for start, stop in kept]

    def quietest(self, low: int, high: int, near: int) -> tuple[int, float]:
        """The frame between `low` and `high` where it is quietest (the nearest to `near` of those), and how far that is below the median there, in dB."""
        first, last = -(-low // self.hop), high // self.hop
        around = self.levels[first:last]
        if not len(around):
            return min(max(near, low), high), 0.0
        places = (np.arange(len(around)) + first) * self.hop + self.hop // 2
        quiet = places[around <= around.min() + 1.0]
        return int(quiet[np.abs(quiet - near).argmin()]), float(np.median(around) - around.min())


class LoudnessMeter:
    """Takes blocks (frames by channels) as they come."""

    def __init__(self, rate: int) -> None:
        self.hop = max(1, rate // HOPS_A_SECOND)
        self.frames = 0
        self._rest: Floats | None = None
        self._levels: list[Floats] = []

    def push(self, block: Floats) -> None:
        """Add frames."""
        self.frames += len(block)
        sound = block if self._rest is None or not len(self._rest) else np.concatenate([self._rest, block])
        whole = len(sound) // self.hop * self.hop
        if whole:
            self._levels.append(_levels(sound[:whole].reshape(-1, self.hop, sound.shape[1])))
        self._rest = sound[whole:].copy()

    def loudness(self) -> Loudness:
        """What was heard so far."""
        rest = [] if self._rest is None or not len(self._rest) else [_levels(self._rest[np.newaxis])]
        joined = np.concatenate([*self._levels, *rest]) if self._levels or rest else np.zeros(0, np.float32)
        return Loudness(joined, self.hop, self.frames)


def _levels(hops: Floats) -> Floats:
    """The level of the loudest channel of each hop (hops by frames by channels)."""
    power = np.var(hops, axis=1, dtype=np.float32).max(axis=1)
    return np.asarray(10 * np.log10(power + np.float32(10 ** (SILENT_DB / 10))), np.float32)


def _noise_floor(levels: Floats) -> Floats:
    """For every hop the level that a tenth of what surrounds it stays below; the noisier of before and after, so that a rise is followed at once."""
    width = _FLOOR_SECONDS * HOPS_A_SECOND
    starts = range(0, max(1, len(levels) - width + HOPS_A_SECOND), HOPS_A_SECOND)
    lowest = np.array([_share(levels[start : start + width]) for start in starts], np.float32)
    seconds = np.arange(-(-len(levels) // HOPS_A_SECOND))
    last = len(lowest) - 1
    floors = np.maximum(lowest[np.clip(seconds - _FLOOR_SECONDS + 1, 0, last)], lowest[np.clip(seconds, 0, last)])
    by_hop: Floats = np.repeat(floors, HOPS_A_SECOND)[: len(levels)]
    return np.maximum(by_hop, np.float32(_FLOOR_AT_LEAST_DB))


def _share(levels: Floats) -> float:
    place = int(_FLOOR_SHARE * (len(levels) - 1))
    return float(np.partition(levels, place)[place])


def _runs(true: NDArray[np.bool_]) -> NDArray[np.int64]:
    """First and one-past-last index of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2)


def _bridged(runs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Runs with short holes between them are one."""
    if len(runs) < 2:
        return runs
    apart = runs[1:, 0] - runs[:-1, 1] > _BRIDGE_HOPS
    return np.stack([runs[np.concatenate([[True], apart]), 0], runs[np.concatenate([apart, [True]]), 1]], axis=1)


def _without_clicks(runs: NDArray[np.int64]) -> NDArray[np.int64]:
    return runs[runs[:, 1] - runs[:, 0] >= _CLICK_HOPS]
