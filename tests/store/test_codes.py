"""Vectors in bytes: how near their likeness comes to the cosine, and that the nearest are found whatever the vectors are like."""

from __future__ import annotations

import sys

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from fieldapp.model import RecordingId
from fieldapp.store.codes import Asked, Codes, centre_of, likeness
from fieldapp.store.exact import unit
from fieldapp.store.index import VectorIndex
from fieldapp.store.store import Store
from store.building import numbers_of, put_matrix

F32 = NDArray[np.float32]


@given(st.integers(0, 200), st.integers(1, 800), st.sampled_from([0.0, 1.0, 30.0]))
@settings(max_examples=60)
def test_the_likeness_of_codes_is_the_cosine_to_a_hundredth_whatever_the_length(rows: int, dims: int, common: float) -> None:
    random = np.random.default_rng(rows + dims)
    matrix = random.standard_normal((rows, dims)) + common * random.standard_normal(dims)
    query = unit(random.standard_normal(dims) + common)
    centre = centre_of(matrix)
    about = likeness(Codes.of(matrix, centre), Asked.of(query, centre))
    assert about.shape == (rows,)
    assert about == pytest.approx(unit(matrix) @ query, abs=0.02)


def test_codes_are_the_finer_the_closer_the_vectors_lie_together() -> None:
    random = np.random.default_rng(0)
    near = unit(random.standard_normal((500, 256)) + 100 * random.standard_normal(256))
    query, centre = near[0], centre_of(near)
    wrong = np.abs(likeness(Codes.of(near, centre), Asked.of(query, centre)) - near @ query).max()
    assert wrong < 1e-5


def test_what_has_no_direction_is_like_nothing_and_has_no_prefix() -> None:
    codes = Codes.of(np.array([[3, 4, 0], [0, 0, 0], [np.nan, 1, 1], [np.inf, 0, 1]], np.float32), centre := np.array([0.5, 0.5, 0], np.float32))
    about = likeness(codes, Asked.of(unit(np.array([1, 1, 1], np.float32)), centre))
    assert about[0] == pytest.approx(7 / 5 / 3**0.5, abs=0.01)
    assert (about[1:] == -np.inf).all()
    assert codes.prefixes(centre, 2) == pytest.approx(np.array([[0.6, 0.8], [0, 0], [0, 0], [0, 0]]), abs=0.01)


def test_comparing_often_costs_no_references() -> None:
    codes = Codes.of(np.eye(3, dtype=np.float32), centre := np.zeros(3, np.float32))
    asked = Asked.of(centre + 1, centre)
    before = sys.getrefcount(None)
    for _ in range(1000):
        likeness(codes, asked)
    assert abs(sys.getrefcount(None) - before) < 100


def clustered(count: int, dims: int, common: float, spread: float) -> F32:
    """Words by voices, all of which have much in common, and a few numbers that are large in every vector."""
    random = np.random.default_rng(dims)
    words, voices = random.standard_normal((count // 20, dims)), random.standard_normal((20, dims))
    made = words[random.integers(0, len(words), count)] + 0.7 * voices[random.integers(0, 20, count)] + 0.6 * random.standard_normal((count, dims))
    made = spread * made + common * random.standard_normal(dims)
    made[:, : dims // 50] += 10 * common
    return made.astype(np.float32)


@pytest.mark.parametrize(("dims", "common", "spread"), [(256, 0.0, 1.0), (384, 1.0, 1.0), (257, 1.0, 0.1), (33, 1.0, 0.05)])
def test_the_ten_nearest_are_found_however_much_vectors_have_in_common(store: Store, master: RecordingId, dims: int, common: float, spread: float) -> None:
    matrix = clustered(1500, dims, common, spread)
    space, ids = put_matrix(store, master, matrix)
    stored = unit(matrix.astype(np.float16))
    random, good = np.random.default_rng(0), 0
    allowed = random.choice(1500, 60, replace=False)
    with VectorIndex(store, background=False) as index:
        numbers = numbers_of(store, [ids[row] for row in allowed])
        for _ in range(30):
            query = unit(matrix[random.integers(1500)] + 0.5 * matrix[random.integers(1500)])
            scores = stored @ query
            found = [name for name, _ in index.search(space, query, 10)]
            good += len({ids[row] for row in np.argsort(-scores)[:10]} & set(found))
            found = [name for name, _ in index.search(space, query, 5, numbers)]
            assert set(found) == {ids[row] for row in allowed[np.argsort(-scores[allowed])[:5]]}
    assert good >= 0.99 * 300
