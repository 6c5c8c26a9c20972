"""Pitch of tones, gliding and noisy, and the quietest place near another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fieldapp.audio.pitch import pitch
from fieldapp.audio.quiet import quietest


def voice(hertz: float, rate: int, seconds: float = 0.5) -> NDArray[np.float32]:
    """Like a voice: ten harmonics, falling."""
    t = np.arange(round(seconds * rate)) / rate
    return np.asarray(0.2 * np.sum([np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, 11)], axis=0), np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("hertz", [75.0, 120.0, 220.0, 400.0])
def test_a_voice_has_its_pitch_at_every_rate(hertz: float, rate: int) -> None:
    found = pitch(voice(hertz, rate), rate)
    assert np.isfinite(found).mean() > 0.9
    assert np.nanmedian(found) == pytest.approx(hertz, rel=0.02)


def test_noise_and_silence_have_none() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 16000).astype(np.float32)
    assert np.isnan(pitch(noise, 16000)).mean() > 0.9
    assert np.isnan(pitch(np.zeros(16000, np.float32), 16000)).all()


def test_too_little_sound_gives_nothing() -> None:
    assert len(pitch(np.zeros(10, np.float32), 48000)) == 0


def test_the_quietest_place_is_found() -> None:
    sound = np.random.default_rng(4).normal(0, 0.1, 16000).astype(np.float32)
    sound[4000:4400] = 0
    assert 4000 <= quietest(sound, 16000, 8000) <= 4400


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_any_place_found_lies_in_the_sound(length: int, near: int) -> None:
    found = quietest(np.ones(length, np.float32), 16000, min(near, length))
    assert 0 <= found <= length
