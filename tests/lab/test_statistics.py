"""Intervals over sentences, permutation p, seeds."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from fieldapp.lab.statistics import bootstrap, bootstrap_difference, bootstrap_ratio, by_group, exchange, permutation_p


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values, groups = np.random.default_rng(0).random(40), [str(n) for n in range(40)]
    assert bootstrap(values, groups, seed=3) == bootstrap(values, groups, seed=3)
    assert bootstrap(values, groups, seed=3) != bootstrap(values, groups, seed=4)


def test_repeating_every_sentence_does_not_narrow_the_interval() -> None:
    values, groups = [0.0, 1.0] * 10, [str(n) for n in range(20)]
    once = bootstrap(values, groups)
    assert bootstrap(values * 50, groups * 50) == once
    assert 0.2 < once.low < 0.5 < once.high < 0.8


def test_an_interval_of_nothing_is_no_number() -> None:
    assert np.isnan(bootstrap([], []).low)


def test_the_interval_of_a_mean_is_about_that_of_theory() -> None:
    values = np.random.default_rng(1).standard_normal(400)
    found = bootstrap(values, [str(n) for n in range(400)])
    assert found.high - found.low == pytest.approx(2 * 1.96 / 20, rel=0.15)


def test_a_clear_difference_excludes_nothing_changed() -> None:
    one, other, groups = [0.0] * 30, [0.0] * 5 + [1.0] * 25, [str(n) for n in range(30)]
    assert bootstrap_difference(one, other, groups).low > 0.5
    assert bootstrap_ratio([1.0] * 30, [4.0] * 30, groups).high == pytest.approx(0.25)


def test_sums_follow_the_groups() -> None:
    sums, counts = by_group([1.0, 2.0, 4.0], ["a", "b", "a"])
    assert (sums.tolist(), counts.tolist()) == ([5.0, 2.0], [2.0, 1.0])


def p_of(scores: np.ndarray, queries: list[str], candidates: list[str]) -> float:
    return permutation_p([exchange(scores, queries, candidates)])


def test_a_perfect_match_is_unlikely_by_chance_and_noise_is_not(reference: ModuleType) -> None:
    names = [str(n) for n in range(12)]
    assert p_of(np.eye(12), names, names) == pytest.approx(1 / 2001)
    noise = np.random.default_rng(5).standard_normal((12, 12))
    assert p_of(noise, names, names) == pytest.approx(reference.perm_p(noise)[1], abs=0.05)
    assert p_of(np.zeros((12, 12)), names, names) == 1.0


def test_repeating_one_word_does_not_make_chance_less_likely() -> None:
    two = ["yes", "no"] * 20
    scores = (np.array(two)[:, None] == np.array(two)[None, :]) + np.random.default_rng(0).random((40, 40)) * 0.1
    assert p_of(scores, two, two) > 0.4  # with two meanings half of all exchanges are right


def test_one_sentence_in_many_pairs_is_one_sentence() -> None:
    names = [str(n) for n in range(4)]
    one = exchange(np.eye(4), names, names)
    assert permutation_p([one] * 20) == permutation_p([one]) > 0.02
    assert permutation_p([]) == 1.0


def test_what_cannot_be_answered_is_not_asked() -> None:
    found = exchange(np.eye(3), ["a", "b", "x"], ["a", "b", "y"])
    assert (found.asked.tolist(), found.first.tolist(), found.meanings) == ([0, 1], [0, 1], ("a", "b"))
    assert not len(exchange(np.eye(2), ["a", "b"], ["a", "b"], ~np.eye(2, dtype=bool)).asked)
