"""ABX and wording: against the reference and by definition."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.lab.abx import Token, cell_errors, cells, languages_apart, score
from fieldapp.lab.dtw import dtw_matrix
from fieldapp.lab.metrics import Pool
from fieldapp.lab.utterances import F32
from fieldapp.lab.wording import Errors, character_errors, edits, han_only, unicode_letters, word_errors


def tokens(kinds: str, direction: list[float], seed: int) -> list[F32]:
    chance = np.random.default_rng(seed)
    return [(np.array(direction) + 0.3 * chance.standard_normal((chance.integers(2, 6), 2))).astype(np.float32) for _ in kinds]


def cell_error(to_a: np.ndarray, to_b: np.ndarray, *, same_tokens: bool = False) -> float:
    wrong, comparisons = cell_errors(to_a, to_b, same_tokens)
    return wrong / comparisons if comparisons else float("nan")


def test_a_cell_agrees_with_the_reference_with_and_without_the_tokens_themselves(reference: ModuleType) -> None:
    a, b, x = tokens("aaaa", [1, 0], 1), tokens("bbb", [0.6, 0.6], 2), tokens("xx", [1, 0.2], 3)
    every = Pool.of([*a, *b, *x])
    distances = dtw_matrix(every, every)
    expected = reference.abx_cell(a, b, x)
    assert cell_error(distances[7:, :4], distances[7:, 4:7]) == pytest.approx(expected)
    same = reference.abx_cell(a, b, a, x_is_a=True)
    assert cell_error(distances[:4, :4], distances[:4, 4:7], same_tokens=True) == pytest.approx(same)
    assert 0 < expected < 1


def test_what_can_be_told_apart_has_no_errors_and_what_is_the_same_has_half() -> None:
    near, far = np.zeros((2, 3)), np.ones((2, 3))
    assert cell_error(near, far) == 0
    assert cell_error(far, near) == 1
    assert cell_error(near, near) == 0.5
    assert np.isnan(cell_error(np.zeros((1, 1)), np.zeros((1, 2)), same_tokens=True))


def test_within_and_across_ask_about_the_right_speakers() -> None:
    said = [Token(on, "k_t", speaker) for speaker in ("s1", "s2") for on in ("a", "i") for _ in range(3)]
    for cell in cells(said, "within"):
        assert len({said[row].speaker for row in (*cell.a, *cell.b, *cell.x)}) == 1
    across = list(cells(said, "across"))
    for cell in across:
        assert {said[row].speaker for row in cell.x} != {said[row].speaker for row in cell.a}
        assert {said[row].on for row in cell.x} == {cell.on[0]} == {said[row].on for row in cell.a}
    assert len(across) == 4
    assert not list(cells([Token("a", "k_t", "s1"), Token("i", "k_t", "s1")], "within"))  # one token of a kind cannot be X and A


def test_each_contrast_is_told_for_each_speaker_who_makes_it() -> None:
    said = [Token(on, "", speaker) for speaker in ("clear", "merging") for on in ("n", "l") for _ in range(2)]
    place = np.array([0.0, 0.1, 1.0, 1.1, 5.0, 5.1, 5.0, 5.1])  # the second speaker says both alike
    found = score(np.abs(place[:, None] - place[None, :]), cells(said, "within"))
    assert found.by_speaker["l", "n", "clear"] == 0
    assert found.by_speaker["l", "n", "merging"] == 0.75
    assert found.pairs["l", "n"] == pytest.approx(0.375)


def test_of_many_tokens_some_are_drawn_and_the_same_ones_for_the_same_seed() -> None:
    said = [Token(on, "", "s") for on in "ab" for _ in range(50)]
    assert all(len(cell.a) == 4 for cell in cells(said, most=4))
    assert list(cells(said, most=4, seed=1)) == list(cells(said, most=4, seed=1)) != list(cells(said, most=4, seed=2))


def test_the_error_is_averaged_over_contexts_then_speakers_then_both_ways() -> None:
    said = [Token("a", "x", "s"), Token("a", "x", "s"), Token("b", "x", "s"), Token("b", "x", "s")]
    distances = np.array([[0, 1, 2, 2], [1, 0, 0.5, 2], [2, 0.5, 0, 1], [2, 2, 1, 0]])
    found = score(distances, cells(said))
    assert found.pairs == {("a", "b"): pytest.approx((1 / 4 + 1 / 4) / 2)}
    assert (found.cells, found.comparisons) == (2, 8)
    assert np.isnan(score(distances, []).error)


def test_languages_are_told_apart_across_speakers_only() -> None:
    languages, speakers = ["x", "x", "y", "y"], ["1", "2", "3", "4"]
    apart = np.array([[0, 1, 5, 5], [1, 0, 5, 5], [5, 5, 0, 1], [5, 5, 1, 0]])
    assert languages_apart(apart, languages, speakers).error == 0
    assert languages_apart(5.0 - apart, languages, speakers).error == 1
    assert np.isnan(languages_apart(apart, languages, ["1"] * 4).error)


@given(st.text("abc", max_size=8), st.text("abcd", max_size=8))
def test_edits_agree_with_the_plain_definition(one: str, other: str) -> None:
    table = [[max(i, j) if not i or not j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (one[i - 1] != other[j - 1]))
    assert edits(one, other) == table[-1][-1]


def test_error_rates_agree_with_the_reference(reference: ModuleType) -> None:
    assert character_errors("abcd", "abd").rate == reference.er("abcd", "abd") == 0.25
    assert word_errors("one two three", "one too three four").rate == pytest.approx(2 / 3)
    assert (Errors(1, 4) + Errors(2, 8)).rate == 0.25
    assert Errors(3, 0).rate == 3


def test_normalisers_take_away_what_is_no_error() -> None:
    assert unicode_letters("  Häuser,  DA\u0301S !") == "häuser dás"
    assert han_only("这辆汽车要开到广州去。/这辆汽车要开去广州。") == "这辆汽车要开到广州去"
    assert han_only("a.你好#56，b.𠀀吗？") == "你好𠀀吗"
    assert character_errors("你好。", "您好", "han") == Errors(1, 2)
