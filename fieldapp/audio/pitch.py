"""Fundamental frequency by autocorrelation, for the pitch track under a spectrogram. A plain function for any thread.

After Boersma (1993): the autocorrelation of a windowed piece divided by that of the window, so that a pure tone peaks at 1. There is no path
search, so single pieces may jump by an octave; it is for the eye, and measurements belong in Praat, to which everything can be exported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
HOP_S = 0.01
WINDOW_S = 0.04
_VOICED = 0.5
_SILENCE = 10 ** (-50 / 20)
_HIGHER_IS_LIKELIER = 0.03  # a share of correlation per octave: the double period of a tone correlates as well as the period
_ENOUGH_RATE = 8000


def pitch(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Hertz every `HOP_S` from the start, NaN where nothing is voiced. The last value is the last whole window."""
    step = max(1, rate // _ENOUGH_RATE)
    heard = samples[: len(samples) // step * step].reshape(-1, step).mean(axis=1)  # coarse low-pass and decimation: pitch is far below
    rate = rate // step
    window, hop = round(WINDOW_S * rate), HOP_S * rate
    count = int((len(heard) - window) // hop) + 1 if len(heard) >= window else 0
    if count < 1:
        return np.zeros(0, np.float32)
    starts = np.round(np.arange(count) * hop).astype(np.int64)
    pieces = heard[starts[:, np.newaxis] + np.arange(window)]
    level = np.sqrt((pieces**2).mean(axis=1))
    shape = np.hanning(window).astype(np.float32)
    shortest, longest = int(rate / HIGHEST_HZ), min(int(rate / LOWEST_HZ) + 1, window - 1)
    alike = _autocorrelation((pieces - pieces.mean(axis=1, keepdims=True)) * shape, longest + 2) / _autocorrelation(shape[np.newaxis], longest + 2)
    lags = np.arange(shortest, longest + 1)
    scores = alike[:, shortest : longest + 1] - _HIGHER_IS_LIKELIER * np.log2(lags / shortest)
    best = shortest + np.argmax(scores, axis=1)
    rows = np.arange(count)
    left, middle, right = alike[rows, best - 1], alike[rows, best], alike[rows, best + 1]
    bend = left - 2 * middle + right
    shift = np.divide(left - right, 2 * bend, out=np.zeros(count), where=np.abs(bend) > 1e-9).clip(-0.5, 0.5)
    found: NDArray[np.float32] = (rate / (best + shift)).astype(np.float32)
    found[(middle < _VOICED) | (level < _SILENCE)] = np.nan
    return found


def _autocorrelation(pieces: NDArray[np.float32], lags: int) -> NDArray[np.float64]:
    size = 1 << (pieces.shape[1] + lags - 1).bit_length()
    power = np.abs(np.fft.rfft(pieces, size, axis=1)) ** 2
    out = np.fft.irfft(power, size, axis=1)[:, :lags]
    whole: NDArray[np.float64] = out / np.maximum(out[:, :1], 1e-12)
    return whole
