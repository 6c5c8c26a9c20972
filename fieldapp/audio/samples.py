"""Samples as PCM bytes and as float32, both ways without loss up to 24 bits; plain functions for any thread.

A float32 has 24 significant bits: every 24-bit sample divided by 2**23 is exactly one float32, and the way back gives the same
integer. That is why the sound card's ring may carry float32 although the master holds 24-bit integers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
"""Sound as (frames, channels), full scale is 1.0."""


def to_pcm(block: Floats, bits: int) -> bytes:
    """The block as interleaved little-endian PCM; what lies beyond full scale is clipped, never wrapped."""
    full = float(1 << (bits - 1))
    # float64 on purpose: 1.0 - 2**-23 times 2**23 must not be rounded before it is clipped
    whole = np.clip(np.rint(block.astype(np.float64) * full), -full, full - 1).astype("<i4")
    if bits == 16:
        return whole.astype("<i2").tobytes()
    return np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def from_pcm(data: bytes, bits: int, channels: int) -> Floats:
    """Whole frames of interleaved little-endian PCM as floats; a started frame at the end is left out."""
    size = bits // 8 * channels
    data = data[: len(data) // size * size]
    if bits == 16:
        return (np.frombuffer(data, "<i2").astype(np.float32) / np.float32(1 << 15)).reshape(-1, channels)
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return ((wide.view("<i4")[:, 0] >> 8).astype(np.float32) / np.float32(1 << 23)).reshape(-1, channels)
