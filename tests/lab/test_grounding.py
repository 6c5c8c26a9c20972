"""Listeners that teach themselves, pictures beside sound, and the gap between one language and two."""

from __future__ import annotations

import numpy as np
import pytest

from fieldapp.lab.adapt import grounding, listener
from fieldapp.lab.adapt.grounding import ONE, PICTURES, SOUND, TWO, Heard, Plan, Recordings
from fieldapp.speech.embed import F32

pytestmark = [pytest.mark.slow, pytest.mark.torch]

SIZE = 6
WORDS = [f"w{number:02d}" for number in range(14)]


def melody(word: int, speaker: int, language: int) -> F32:
    """Frames of a word: its own steps in its language, a little of the voice."""
    steps = np.random.default_rng((word, language)).standard_normal((5, SIZE)).repeat(3, axis=0)
    voice = np.random.default_rng((99, speaker)).standard_normal(SIZE)
    return (steps + 0.3 * voice + 0.1 * np.random.default_rng((word, speaker)).standard_normal(steps.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def given() -> Recordings:
    """Two languages of three speakers; the first six words have pictures."""
    rows = [(w, s, language) for language in range(2) for s in range(3) for w in range(len(WORDS))]
    return Recordings(
        [melody(w, 10 * language + s, language) for w, s, language in rows],
        [f"L{language}" for _, _, language in rows],
        [f"L{language}S{s}" for _, s, language in rows],
        [WORDS[w] for w, _, _ in rows],
        [w if w < 6 else -1 for w, _, _ in rows],
        np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32),
    )


def test_what_is_told_apart_was_never_learned_from(given: Recordings) -> None:
    parts = grounding.roles(given, words=5, seed=1)
    for language in ("L0", "L1"):
        learned = {*parts.plain[language], *parts.shown[language]}
        words = {given.meanings[row] for row in parts.asked[language]}
        assert len(words) == 5
        assert not words & {given.meanings[row] for row in learned}
        assert parts.held_back[language] not in {given.speakers[row] for row in learned}
        assert all(given.pictures[row] >= 0 for row in parts.shown[language])


def test_a_listener_guesses_what_was_covered_better_with_time(given: Recordings) -> None:
    frames = listener.scaled(given.frames, given.frames)
    material = listener.clips(frames, listener.units_of(frames, 0))
    with listener.one_thread():
        losses = listener.learn(listener.new_listener(SIZE, 0), material, 30, 0)
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.3


def test_both_arms_take_the_same_steps_and_a_repetition_gives_the_same_digits(given: Recordings) -> None:
    plan = Plan(first=2, then=3, seeds=(3,), words=6)
    once, again = (grounding.compare(given, plan, 0, lambda *_: None) for _ in range(2))
    assert once == again
    assert [(one.language, one.of, one.arm) for one in once if one.of == ONE] == [(lang, ONE, arm) for lang in ("L0", "L1") for arm in (SOUND, PICTURES)]
    assert len([one for one in once if one.of == "L0 and L1"]) == 4
    assert all((one.found is None) == (one.arm == SOUND) for one in once)


def test_pictures_that_teach_are_found(given: Recordings) -> None:
    heard = grounding.compare(given, Plan(first=2, then=40, seeds=(0,), words=6), 0, lambda *_: None)
    assert np.mean([one.found for one in heard if one.found is not None]) > 0.5  # chance: one in six


def test_the_gap_is_what_the_definition_says() -> None:
    """7.105 beside 9.35 is 31.6 % worse; with pictures 6.335 beside 6.85 is 8.1 %: gains 10.8 and 26.7 %."""
    figures = {(ONE, SOUND): 7.105, (TWO, SOUND): 9.35, (ONE, PICTURES): 6.335, (TWO, PICTURES): 6.85}
    heard = [Heard("en", "en and fr" if of == TWO else of, arm, 0, {"a": error / 100, "b": error / 100}, None) for (of, arm), error in figures.items()]
    found = grounding.gaps(heard, seed=0)
    assert found.gap[SOUND][0] == pytest.approx(0.316, abs=5e-4)
    assert found.gap[PICTURES][0] == pytest.approx(0.0813, abs=5e-4)
    assert (found.gain[ONE][0], found.gain[TWO][0]) == pytest.approx((0.1084, 0.2674), abs=5e-4)
    assert found.narrower[1].low == pytest.approx(found.narrower[0])  # two words that agree leave no doubt
