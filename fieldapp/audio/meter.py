"""Levels of what is being heard: peak and RMS per channel, noise floor, spectrum. Fed on the writer thread, read from any other.

The writer only stores small frozen facts; what costs time (percentiles, the Fourier transform) is done for whoever asks.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldapp.audio.samples import Floats

SILENCE_DB = -140.0
HELD_SECONDS = 2.0
FLOOR_SECONDS = 10.0
SPECTRUM_FRAMES = 4096
SPECTRUM_BANDS = 48
FULL_SCALE = 1.0 - 2**-15
_WINDOW = np.hanning(SPECTRUM_FRAMES).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Piece:
    peak: tuple[float, ...]
    rms: tuple[float, ...]
    frames: int


def decibels(value: float) -> float:
    """Full scale is 0 dB; digital silence is `SILENCE_DB`."""
    return max(SILENCE_DB, 20 * math.log10(value)) if value > 0 else SILENCE_DB


class Meter:
    """Remembers the last seconds in small pieces."""

    def __init__(self, rate: int, channels: int) -> None:
        self.rate = rate
        self.clipped = [0] * channels
        self._pieces: deque[_Piece] = deque(maxlen=2000)
        self._heard = 0
        self._frames = 0
        self._told: dict[bool, tuple[int, dict[str, Any]]] = {}
        edges = np.geomspace(50, rate / 2, SPECTRUM_BANDS + 1)[:-1]
        self._bands: list[float] = edges.round(1).tolist()
        self._bins = (edges * SPECTRUM_FRAMES / rate).round().astype(int)
        self._mono: Floats = np.full(channels, 2 / _WINDOW.sum() / channels, np.float32)  # the mean of the channels, scaled as the window asks
        self._recent: tuple[Floats, ...] = ()
        self._spectrum_of: tuple[int, dict[str, Any]] = (-SPECTRUM_FRAMES, {"spectrum": [], "bands": []})

    def feed(self, block: Floats) -> None:
        """Take note of a block."""
        lanes = np.ascontiguousarray(block.T)  # one channel after the other: numpy is ten times as quick along the last axis
        peak = np.maximum(lanes.max(axis=1), -lanes.min(axis=1))
        rms = np.sqrt(np.einsum("cf,cf->c", lanes, lanes) / len(block))
        self._pieces.append(_Piece(tuple(peak.tolist()), tuple(rms.tolist()), len(block)))
        self._heard += len(block)
        while len(self._pieces) > 1 and self._heard - self._pieces[0].frames > FLOOR_SECONDS * self.rate:
            self._heard -= self._pieces.popleft().frames
        if peak.max() >= FULL_SCALE:
            self.clipped = [so_far + int(n) for so_far, n in zip(self.clipped, (np.abs(lanes) >= FULL_SCALE).sum(axis=1))]
        recent = (*self._recent, block)
        while len(recent) > 1 and sum(map(len, recent[1:])) >= SPECTRUM_FRAMES:
            recent = recent[1:]
        self._recent = recent
        self._frames += len(block)

    def levels(self, spectrum: bool = False) -> dict[str, Any]:
        """Everything in dB below full scale, one value a channel. Whoever asks more often than blocks come hears the same again."""
        frames = self._frames
        told = self._told.get(spectrum)
        if not told or told[0] != frames:
            told = self._told[spectrum] = (frames, self._measured() | (self._spectrum(frames) if spectrum else {}))
        return told[1]

    def _measured(self) -> dict[str, Any]:
        pieces = list(self._pieces)
        if not pieces:
            return {"peak": [], "held": [], "rms": [], "floor": [], "clipped": list(self.clipped)}
        held, enough = [], 0
        for piece in reversed(pieces):
            held.append(piece)
            enough += piece.frames
            if enough >= HELD_SECONDS * self.rate:
                break
        return {
            "peak": [decibels(value) for value in pieces[-1].peak],
            "rms": [decibels(value) for value in pieces[-1].rms],
            "held": [decibels(max(values)) for values in zip(*(piece.peak for piece in held))],
            "floor": [decibels(sorted(values)[len(values) // 10]) for values in zip(*(piece.rms for piece in pieces))],
            "clipped": list(self.clipped),
        }

    def _spectrum(self, frames: int) -> dict[str, Any]:
        """The loudest value in each of the bands, which are equally wide in pitch from 50 Hz to half the rate; a new one for each window of new sound."""
        if frames < SPECTRUM_FRAMES or frames - self._spectrum_of[0] < SPECTRUM_FRAMES:
            return self._spectrum_of[1]
        self._spectrum_of = (frames, self._transformed(np.concatenate(self._recent)[-SPECTRUM_FRAMES:]))
        return self._spectrum_of[1]

    def _transformed(self, recent: Floats) -> dict[str, Any]:
        lines = np.fft.rfft(recent @ self._mono * _WINDOW)
        loudest = np.maximum.reduceat(lines.real**2 + lines.imag**2, self._bins)
        values = np.maximum(SILENCE_DB, 10 * np.log10(np.maximum(loudest, 1e-18)))
        return {"spectrum": values.round(1).tolist(), "bands": self._bands}
