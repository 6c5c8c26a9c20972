"""The clock finds when a stream began from arrivals that are late by an unknown, changing amount."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.audio.frame_clock import FrameClock, Position

RATE = 48_000


@given(began=st.floats(0, 1e6), seed=st.integers(0, 1000), block=st.sampled_from([128, 480, 2048]))
def test_late_arrivals_in_blocks_are_seen_through(began: float, seed: int, block: int) -> None:
    chance = random.Random(seed)
    clock = FrameClock(RATE)
    delivered = 0
    for tick in range(1, 200):
        moment = began + tick * 0.04 + chance.uniform(0, 0.03)
        delivered = max(delivered, int((moment - began - chance.uniform(0, 0.02)) * RATE) // block * block)
        clock.observe(moment, delivered)
    assert clock.began is not None
    assert clock.began == pytest.approx(began, abs=0.006 + block / RATE / 4)
    assert clock.began >= began - 1e-6


def test_a_drifting_card_is_followed() -> None:
    clock = FrameClock(RATE)
    slow = RATE * (1 - 100e-6)  # 100 ppm
    for tick in range(40 * 600):
        clock.observe(tick * 0.04, int(tick * 0.04 * slow))
    assert clock.began is not None
    now = 40 * 600 * 0.04
    assert Position(RATE, clock.began).frame_at(now) == pytest.approx(now * slow, abs=0.003 * RATE)


def test_after_a_loss_the_past_is_forgotten() -> None:
    clock = FrameClock(RATE)
    clock.observe(1.0, RATE)
    clock.forget()
    assert clock.began is None
    clock.observe(2.0, RATE)
    assert clock.began == pytest.approx(1.0)


def test_a_position_counts_on_from_its_zero_and_never_below_the_masters_first_frame() -> None:
    here = Position(RATE, began=10.0, zero=-RATE)
    assert here.frame_at(12.0) == RATE
    assert here.frame_at(0.0) == 0
