"""Levels are what they are in decibels, per channel, without being asked in time."""

from __future__ import annotations

import numpy as np
import pytest

from fieldapp.audio.meter import SILENCE_DB, Meter, decibels
from fieldapp.audio.samples import Floats

RATE = 48_000


def tone(hertz: float, level: float, seconds: float) -> Floats:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    return wave.astype(np.float32).reshape(-1, 1)


def fed(sound: Floats) -> Meter:
    meter = Meter(RATE, sound.shape[1])
    for start in range(0, len(sound), 1920):
        meter.feed(sound[start : start + 1920])
    return meter


def test_a_tone_has_its_peak_and_rms() -> None:
    levels = fed(tone(1000, 0.1, 3)).levels()
    assert levels["peak"] == [pytest.approx(-20, abs=0.1)]
    assert levels["rms"] == [pytest.approx(-23, abs=0.1)]


def test_each_channel_is_measured_by_itself() -> None:
    both = np.concatenate([tone(500, 0.5, 1), np.zeros((RATE, 1), np.float32)], axis=1)
    assert fed(both).levels()["peak"] == [pytest.approx(-6, abs=0.1), SILENCE_DB]


def test_the_floor_is_what_lies_between_the_words() -> None:
    words = np.concatenate([tone(300, 0.3, 0.5), tone(300, 0.001, 0.5)] * 4)
    assert fed(words).levels()["floor"] == [pytest.approx(-63, abs=1)]


def test_the_held_peak_outlives_a_click_for_two_seconds() -> None:
    click = np.zeros((4 * RATE, 1), np.float32)
    click[3 * RATE] = 0.5
    assert fed(click).levels()["held"] == [pytest.approx(-6, abs=0.1)]
    click = np.roll(click, -2 * RATE)
    assert fed(click).levels()["held"] == [SILENCE_DB]


def test_samples_at_full_scale_are_counted() -> None:
    meter = fed(np.array([[1.0], [0.5], [-1.0], [1.0]], np.float32))
    assert meter.levels()["clipped"] == [3]


def test_the_spectrum_shows_a_tone_at_its_pitch() -> None:
    levels = fed(tone(1000, 0.5, 0.5)).levels(spectrum=True)
    loudest = int(np.argmax(levels["spectrum"]))
    assert levels["bands"][loudest] <= 1000 < levels["bands"][loudest + 1]
    assert levels["spectrum"][loudest] == pytest.approx(-6, abs=1.5)


def test_before_any_sound_there_is_nothing_to_show() -> None:
    assert Meter(RATE, 1).levels(spectrum=True)["peak"] == []
    assert decibels(0) == SILENCE_DB
