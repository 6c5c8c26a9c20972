"""What is kept of one encoder pass: pooled vectors, the mask of speech, compressed frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fieldapp.errors import Damaged
from fieldapp.speech.embed import F32, STEPS_PER_FRAME, embedded, keep, pack, speech_steps, unit, unpack


def states_of(steps: int, width: int = 16, seed: int = 0) -> F32:
    return np.random.default_rng(seed).standard_normal((steps, width)).astype(np.float32)


def cosine(a: F32, b: F32) -> F32:
    return np.asarray((unit(a) * unit(b)).sum(axis=-1))


def test_silence_around_the_speech_does_not_change_the_meaning_vector() -> None:
    spoken = states_of(40)
    padded = np.concatenate([np.full((10, 16), 9.0, np.float32), spoken, np.full((20, 16), -9.0, np.float32)])
    mask = np.r_[np.zeros(10, bool), np.ones(40, bool), np.zeros(20, bool)]
    with_silence, without = embedded(padded, mask), embedded(spoken)
    np.testing.assert_allclose(with_silence.meaning, without.meaning, atol=1e-6)
    np.testing.assert_allclose(with_silence.sound, without.sound, atol=1e-6)
    assert len(with_silence.kept) == len(without.kept) == 20
    assert with_silence.kept.seconds()[0] == pytest.approx(0.2)


def test_both_vectors_have_length_one() -> None:
    found = embedded(states_of(33))
    assert np.linalg.norm(found.meaning) == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(found.sound) == pytest.approx(1.0, abs=1e-5)
    assert found.sound.shape == (3 * 16,)


def test_the_sound_vector_knows_the_order_and_the_meaning_vector_does_not() -> None:
    forth = states_of(30)
    back = forth[::-1].copy()
    np.testing.assert_allclose(embedded(forth).meaning, embedded(back).meaning, atol=1e-6)
    assert cosine(embedded(forth).sound, embedded(back).sound) < 0.9


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_shortest_segments_have_vectors_too(steps: int) -> None:
    found = embedded(states_of(steps))
    assert np.isfinite(found.sound).all()
    assert len(found.kept) == -(-steps // STEPS_PER_FRAME)


def test_a_mask_without_speech_counts_everything() -> None:
    np.testing.assert_array_equal(embedded(states_of(9), np.zeros(9, bool)).meaning, embedded(states_of(9)).meaning)


def test_a_segment_without_states_and_a_wrong_mask_are_bugs() -> None:
    with pytest.raises(ValueError, match="without encoder states"):
        embedded(states_of(0))
    with pytest.raises(ValueError, match="does not fit"):
        embedded(states_of(5), np.ones(4, bool))


def test_voice_activity_becomes_a_mask_of_steps() -> None:
    mask = speech_steps(np.array([0.0, 0.9, 0.9, 0.1], np.float32), 7)
    np.testing.assert_array_equal(mask, [False, False, True, True, True, False, False])
    assert not speech_steps(np.zeros(0, np.float32), 3).any()
    assert speech_steps(np.array([0.9], np.float32), 5).all()  # the last window goes on


def test_frames_survive_storing_with_little_loss() -> None:
    states = states_of(101, 64) * np.linspace(0.01, 30, 64).astype(np.float32)  # a few dimensions drown the rest, as in real encoders
    kept = keep(states, np.ones(101, bool))
    means = np.stack([*(part.mean(axis=0) for part in np.array_split(states[:100], 50)), states[100]])
    assert (np.abs(kept.states - means) <= np.abs(means).max(axis=0) / 127 * 0.6).all()
    assert cosine(kept.states, means).min() > 0.9999
    again = unpack(pack(kept))
    np.testing.assert_array_equal(again.values, kept.values)
    np.testing.assert_array_equal(again.at, kept.at)
    np.testing.assert_array_equal(again.states, kept.states)
    assert again.rate == kept.rate == 25.0


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(1, 20)), elements=st.floats(-1e4, 1e4, width=32)), st.randoms(use_true_random=False))
def test_any_frames_round_trip(states: F32, random: object) -> None:
    mask = np.array([getattr(random, "random")() < 0.7 for _ in range(len(states))])  # noqa: B009
    mask[0] = True
    kept = keep(states, mask)
    again = unpack(pack(kept))
    np.testing.assert_array_equal(again.states, kept.states)
    frames = np.add.reduceat(mask, np.arange(0, len(states), STEPS_PER_FRAME)) > 0
    np.testing.assert_array_equal(kept.at, np.flatnonzero(frames))


def test_kept_frames_are_an_eighth_of_the_states() -> None:
    states = states_of(250, 512)
    assert len(pack(keep(states, np.ones(250, bool)))) < states.nbytes / 7.5


@given(st.binary(max_size=200) | st.builds(lambda cut, at, flip: _spoiled(cut, at, flip), st.integers(0, 400), st.integers(0, 30), st.integers(1, 255)))
def test_spoiled_frames_are_said_to_be_damaged(data: bytes) -> None:
    try:
        kept = unpack(data)
    except Damaged as trouble:
        assert "embed" in trouble.hint  # noqa: PT017
    else:
        assert kept.values.shape == (len(kept.at), len(kept.scales))


def _spoiled(cut: int, at: int, flip: int) -> bytes:
    whole = bytearray(pack(keep(states_of(20, 8), np.ones(20, bool))))
    whole[at] ^= flip
    return bytes(whole[:cut])
