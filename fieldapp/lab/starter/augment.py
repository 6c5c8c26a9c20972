"""Rooms, noise, microphones, telephones and levels: what happens to a voice on its way, so that the model hears through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab.starter.voices import RATE

F32 = NDArray[np.float32]


def augment(samples: F32, chance: np.random.Generator) -> F32:
    """One way of having been recorded; about every third stays as it was spoken.

    More of it costs more than it gives in a training of some thousand steps: with three quarters through rooms and noise, the
    sounds of what was trained stayed twice as hard to hear as in the clean recordings themselves.
    """
    if chance.random() < 0.35:
        return level(samples, chance)
    out = stretch(samples, chance)
    if chance.random() < 0.25:
        out = room(out, chance)
    if chance.random() < 0.35:
        out = microphone(out, chance)
    if chance.random() < 0.45:
        out = noise(out, chance)
    return level(out, chance)


def stretch(samples: F32, chance: np.random.Generator) -> F32:
    """Faster and higher or slower and lower, formants with it: another size of speaker."""
    factor = float(chance.uniform(0.88, 1.14))
    count = max(2, round(len(samples) / factor))
    return np.interp(np.linspace(0, len(samples) - 1, count), np.arange(len(samples)), samples).astype(np.float32)


def room(samples: F32, chance: np.random.Generator) -> F32:
    """Echoes that die away within 0.1 to 0.6 s."""
    seconds = float(chance.uniform(0.1, 0.6))
    length = int(seconds * RATE)
    answer = chance.standard_normal(length).astype(np.float32) * np.exp(-6.9 * np.arange(length, dtype=np.float32) / length)
    answer *= np.float32(chance.uniform(0.05, 0.35)) / max(1e-6, float(np.sqrt((answer**2).sum())))
    answer[0] = 1.0
    return convolve(samples, answer)[: len(samples)]


def microphone(samples: F32, chance: np.random.Generator) -> F32:
    """A tilt of the spectrum, or a telephone's narrow band."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    if chance.random() < 0.25:
        gain = ((hertz > 250) & (hertz < 3400)).astype(np.float32)
    else:
        gain = (10 ** (chance.uniform(-6, 6) * (np.log2(np.maximum(hertz, 50) / 1000)) / 40)).astype(np.float32)
        gain[hertz < chance.uniform(20, 120)] *= 0.1
    return np.fft.irfft(spectrum * gain, n=len(samples)).astype(np.float32)


def noise(samples: F32, chance: np.random.Generator) -> F32:
    """White, falling or humming noise, 8 to 40 dB below the voice."""
    kind = chance.integers(3)
    hiss = chance.standard_normal(len(samples)).astype(np.float32)
    if kind == 1:
        spectrum = np.fft.rfft(hiss) / np.maximum(1.0, np.sqrt(np.arange(len(samples) // 2 + 1)))
        hiss = np.fft.irfft(spectrum, n=len(samples)).astype(np.float32)
    elif kind == 2:
        time = np.arange(len(samples), dtype=np.float32) / RATE
        base = chance.choice([50.0, 60.0])
        hiss = 0.3 * hiss + sum(np.sin(2 * np.pi * base * n * time) / n for n in (1, 2, 3, 5)).astype(np.float32)
    loudness = float(np.sqrt((samples**2).mean())) + 1e-6
    ratio = 10 ** (-chance.uniform(8, 40) / 20)
    return samples + hiss * np.float32(ratio * loudness / (float(np.sqrt((hiss**2).mean())) + 1e-6))


def level(samples: F32, chance: np.random.Generator) -> F32:
    """From loud to barely there."""
    return samples * np.float32(10 ** (chance.uniform(-30, 0) / 20))


def convolve(samples: F32, answer: F32) -> F32:
    """Through the frequency domain, padded so that nothing wraps round."""
    size = 1 << (len(samples) + len(answer) - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(answer, size), size).astype(np.float32)
