"""Similarities and ranks: against metrics written by other hands, and what must hold by definition."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.lab import metrics
from fieldapp.lab.dtw import dtw_matrix
from fieldapp.lab.metrics import Pool, cosine_matrix, csls, energy_dims, pooled, seqsim_matrix
from fieldapp.lab.ranking import ndcg, ranks, same
from fieldapp.lab.utterances import F32
from fieldapp.speech.embed import unit


def utterances(count: int, seed: int = 0, width: int = 16, longest: int = 20) -> list[F32]:
    chance = np.random.default_rng(seed)
    return [chance.standard_normal((chance.integers(1, longest), width)).astype(np.float32) for _ in range(count)]


def test_seqsim_agrees_with_the_reference_whatever_the_blocks(reference: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = utterances(9, 1), utterances(7, 2)
    expected = reference.sim_matrix(one, other)
    for rows in (1, 30, 2048):
        monkeypatch.setattr(metrics, "BLOCK_FRAMES", rows)
        np.testing.assert_allclose(seqsim_matrix(Pool.of(one), Pool.of(other)), expected, atol=1e-5)


def test_seqsim_of_an_utterance_with_itself_is_one_and_one_matrix_serves_both_ways() -> None:
    one, other = utterances(5, 1), utterances(6, 2)
    np.testing.assert_allclose(np.diag(seqsim_matrix(Pool.of(one), Pool.of(one))), 1, atol=1e-5)
    np.testing.assert_allclose(seqsim_matrix(Pool.of(one), Pool.of(other)), seqsim_matrix(Pool.of(other), Pool.of(one)).T, atol=1e-5)


def test_frames_of_zeros_give_no_nan_and_an_utterance_without_frames_is_refused() -> None:
    nothing = Pool.of([np.zeros((3, 4), np.float32)])
    assert seqsim_matrix(nothing, nothing)[0, 0] == 0
    with pytest.raises(ValueError, match="without frames"):
        Pool.of([np.zeros((0, 4), np.float32)])
    with pytest.raises(ValueError, match="nothing"):
        Pool.of([])


def test_some_rows_of_a_pool_are_a_pool_of_some_rows() -> None:
    some = utterances(6)
    chosen, direct = Pool.of(some).chosen([4, 1]), Pool.of([some[4], some[1]])
    np.testing.assert_array_equal(chosen.frames, direct.frames)
    np.testing.assert_array_equal(chosen.starts, direct.starts)


def test_dtw_agrees_with_the_reference_for_all_lengths(reference: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = utterances(5, 4, longest=12), utterances(6, 5, longest=15)
    expected = np.array([[reference.dtw_mean(a, b) for b in other] for a in one])
    for cells in (1, 500, 4_000_000):
        monkeypatch.setattr("fieldapp.lab.dtw.CELLS", cells)
        np.testing.assert_allclose(dtw_matrix(Pool.of(one), Pool.of(other)), expected, atol=1e-5)
    assert dtw_matrix(Pool.of(one[:1]), Pool.of(one[:1]))[0, 0] == pytest.approx(0, abs=1e-3)


def test_pooled_vectors_have_length_one_and_cosines_stay_within_one() -> None:
    vectors = pooled(utterances(4))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.abs(cosine_matrix(vectors, vectors)).max() <= 1 + 1e-5


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.integers(0, 99))
def test_ranks_agree_with_the_definition(rows: int, columns: int, levels: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    scores = chance.integers(0, levels + 1, (rows, columns)).astype(float)
    asked, there = ([f"m{n}" for n in chance.integers(0, 3, size)] for size in (rows, columns))
    found = ranks(scores, same(asked, there))
    expected = {}
    for row in range(rows):
        gold = [scores[row, at] for at in range(columns) if there[at] == asked[row]]
        if gold:
            expected[row] = 1 + sum(scores[row, at] >= max(gold) for at in range(columns) if there[at] != asked[row])
    assert dict(zip(found.rows.tolist(), found.ranks.tolist())) == expected


def test_retrieval_figures_agree_with_the_reference(reference: ModuleType) -> None:
    scores = np.random.default_rng(0).standard_normal((12, 15))
    asked, there = [str(n % 5) for n in range(12)], [str(n % 7) for n in range(15)]
    expected = reference.retrieval(scores, asked, there)
    found = ranks(scores, same(asked, there)).figures()
    assert {name: found[name] for name in ("R@1", "R@5", "R@10", "MRR", "mean_rank", "n")} == {
        name: value for name, value in expected.items() if name != "chance"
    }
    alone = ranks(scores[:, :12], same([str(n) for n in range(12)], [str(n) for n in range(12)])).figures()
    assert alone["chance"] == pytest.approx(1 / 12)


def test_a_collapsed_model_and_one_that_gives_no_numbers_score_nothing() -> None:
    right = np.eye(5, dtype=bool)
    assert ranks(np.zeros((5, 5)), right).figures()["R@1"] == 0
    assert ranks(np.full((5, 5), np.nan), right).figures()["R@1"] == 0


def test_candidates_that_may_not_answer_take_no_part() -> None:
    scores = np.array([[3.0, 2.0, 1.0]])
    right, may = np.array([[False, True, False]]), np.array([[False, True, True]])
    found = ranks(scores, right, may)
    assert (found.ranks[0], found.pool[0], found.chance[0]) == (1, 2, 0.5)
    assert not len(ranks(scores, right, np.array([[True, False, True]])))


def test_ndcg_agrees_with_the_reference_and_ties_cost(reference: ModuleType) -> None:
    chance = np.random.default_rng(2)
    scores, right = chance.standard_normal((8, 10)), chance.random((8, 10)) < 0.3
    assert ndcg(scores, right, 5) == pytest.approx(reference.ndcg(scores, right, 5))
    assert ndcg(np.array([[3.0, 2, 1]]), np.array([[False, True, False]]), 3) == pytest.approx(1 / np.log2(3))
    assert ndcg(np.zeros((1, 4)), np.array([[True, False, False, False]]), 3) == 0


def test_energy_agrees_with_the_reference(reference: ModuleType) -> None:
    chance = np.random.default_rng(3)
    flat = chance.standard_normal((60, 3)) @ chance.standard_normal((3, 20))
    assert energy_dims(flat) == reference.energy_dims(flat)
    assert energy_dims(flat)[0.99] <= 3
    assert energy_dims(np.ones((4, 3)))[0.5] == 1


def test_csls_brings_down_a_candidate_that_is_near_to_everybody() -> None:
    scores = np.array([[0.9, 0.8, 0.1], [0.9, 0.1, 0.8], [0.9, 0.2, 0.2]])
    assert scores.argmax(axis=1).tolist() == [0, 0, 0]
    assert csls(scores, 2).argmax(axis=1).tolist()[:2] == [1, 2]


def test_unit_leaves_zeros_alone() -> None:
    np.testing.assert_array_equal(unit(np.zeros((2, 3))), np.zeros((2, 3)))
