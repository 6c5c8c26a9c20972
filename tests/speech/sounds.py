"""Sounds for tests of the speech engine: synthetic noises, and real speech joined from the recordings beside the project."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

F32 = NDArray[np.float32]
RATE = 16_000


def silence(seconds: float) -> F32:
    return np.zeros(round(seconds * RATE), np.float32)


def fan(seconds: float, seed: int = 1) -> F32:
    """Broadband noise falling towards high frequencies, slowly swelling."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(round(seconds * RATE)))
    spectrum /= np.sqrt(np.arange(1, len(spectrum) + 1))
    noise = np.fft.irfft(spectrum, round(seconds * RATE))
    swell = 1 + 0.3 * np.sin(2 * np.pi * 0.3 * np.arange(len(noise)) / RATE)
    return _level(noise * swell, 0.02)


def hum(seconds: float, base: float = 50.0) -> F32:
    """Mains hum with its harmonics."""
    t = np.arange(round(seconds * RATE)) / RATE
    return _level(sum(np.sin(2 * np.pi * base * k * t) / k for k in range(1, 8)), 0.05)


def music(seconds: float, seed: int = 2) -> F32:
    """Plucked notes of a pentatonic scale with a held chord below."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    out = np.asarray(0.2 * sum(np.sin(2 * np.pi * f * t) for f in (110.0, 164.8, 220.0)))
    note = np.arange(2 * RATE) / RATE
    for begin in np.arange(0, max(0.0, seconds - 2.0), 0.35):
        pitch = 220.0 * 2 ** (int(rng.choice([0, 2, 4, 7, 9, 12, 14])) / 12)
        at = round(begin * RATE)
        out[at : at + len(note)] += np.exp(-4 * note) * sum(np.sin(2 * np.pi * pitch * k * note) / k for k in range(1, 5))
    return _level(out, 0.1)


def breathing(seconds: float, seed: int = 3) -> F32:
    """Filtered noise that comes and goes every three seconds, close to a microphone."""
    rng = np.random.default_rng(seed)
    noise = np.convolve(rng.standard_normal(round(seconds * RATE)), np.hanning(9), "same")
    t = np.arange(len(noise)) / RATE
    return _level(noise * np.clip(np.sin(2 * np.pi * t / 3.0), 0, None) ** 2, 0.03)


def knocks(seconds: float) -> F32:
    """Somebody puts cups on the table."""
    out = silence(seconds)
    for begin in np.arange(0.7, seconds - 0.2, 1.9):
        t = np.arange(round(0.08 * RATE)) / RATE
        at = round(begin * RATE)
        out[at : at + len(t)] += (0.5 * np.exp(-60 * t) * np.sin(2 * np.pi * 900 * t)).astype(np.float32)
    return out


NOISES = {"silence": silence, "fan": fan, "hum": hum, "music": music, "breathing": breathing, "knocks": knocks}


def real_speech(dev: Path, count: int | None = None) -> list[F32]:
    """The longer recordings beside the project, or the first of them, 16 kHz mono, in a fixed order."""
    return [_remembered(path) for path in sorted((dev / "asr").iterdir())[:count]]


@cache
def _remembered(path: Path) -> F32:
    audio = read(path)
    audio.setflags(write=False)
    return audio


def read(path: Path) -> F32:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(audio.mean(axis=1), rate, RATE), np.float32)


def _level(wave: NDArray[np.float64] | float, rms: float) -> F32:
    array = np.asarray(wave, np.float64)
    return np.asarray(array * (rms / np.sqrt(np.mean(array**2))), np.float32)
