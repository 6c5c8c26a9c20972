"""Searching by vectors: the answers, what is never found, what is found at once, bad queries."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from fieldapp.errors import WrongUsage
from fieldapp.model import RecordingId
from fieldapp.store import consent, people, segments, vectors
from fieldapp.store.exact import Best, unit
from fieldapp.store.index import VectorIndex
from fieldapp.store.space_rows import Part, SpaceRows
from fieldapp.store.store import Store
from store.building import fill_space, make_space, numbers_of

F32 = NDArray[np.float32]


@pytest.fixture
def index(store: Store) -> Iterator[VectorIndex]:
    with VectorIndex(store) as made:
        yield made


def brute_force(matrix: F32, query: F32, k: int) -> list[int]:
    return [int(row) for row in np.argsort(-(unit(matrix.astype(np.float16)) @ unit(query)), kind="stable")[:k]]


def test_the_nearest_come_first_with_the_cosine_of_the_stored_vectors(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 300)
    query = matrix[7] + matrix[8]
    found = index.search(space, query, 10)
    assert [name for name, _ in found] == [ids[row] for row in brute_force(matrix, query, 10)]
    assert [score for _, score in found] == pytest.approx(sorted(unit(matrix.astype(np.float16)) @ unit(query), reverse=True)[:10], abs=1e-6)


def test_a_new_vector_is_in_the_next_search(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, _, matrix = fill_space(store, master, 20)
    assert len(index.search(space, matrix[0], 100)) == 20
    _, ids, more = fill_space(store, master, 1, seed=9)
    assert index.search(space, more[0], 1)[0][0] == ids[0]
    assert len(index.search(space, matrix[0], 100)) == 21


def test_what_another_process_wrote_is_found_by_a_reader(store: Store, master: RecordingId) -> None:
    space, _, matrix = fill_space(store, master, 5)
    with Store.open(store.folder, read_only=True) as reading, VectorIndex(reading) as index:
        assert len(index.search(space, matrix[0], 10)) == 5
        _, ids, more = fill_space(store, master, 2, seed=9)
        assert index.search(space, more[1], 1)[0][0] == ids[1]
        store.do(lambda tx: segments.delete_segments(tx, ids))
        assert len(index.search(space, more[1], 10)) == 5


def test_a_replaced_vector_is_found_in_its_new_place_only(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 30)
    index.search(space, matrix[0], 1)
    store.do(lambda tx: vectors.put_vectors(tx, space, [(ids[3], -matrix[3])]))
    assert index.search(space, matrix[3], 30)[0][0] != ids[3]
    assert [name for name, _ in index.search(space, -matrix[3], 30)].count(ids[3]) == 1
    assert index.search(space, -matrix[3], 1)[0][0] == ids[3]


def test_deleted_segments_make_room_for_others(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 60)
    nearest = [name for name, _ in index.search(space, matrix[0], 50)]
    store.do(lambda tx: segments.delete_segments(tx, nearest[:45]))
    left = index.search(space, matrix[0], 15)
    assert [name for name, _ in left[:5]] == nearest[45:]
    assert {name for name, _ in left} == set(ids) - set(nearest[:45])


def test_undo_brings_a_vector_back(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 10)
    store.do(lambda tx: segments.delete_segments(tx, ids[:1]), undo="Delete")
    assert ids[0] not in dict(index.search(space, matrix[0], 10))
    store.undo().result()
    index.settle()
    assert index.search(space, matrix[0], 1)[0][0] == ids[0]


def test_vectors_that_moved_to_another_segment_are_found_and_filtered_there(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 10)
    index.search(space, matrix[0], 1)
    target = store.do(lambda tx: segments.split_segment(tx, ids[9], segments.segment(tx.db, ids[9]).span.start + 1))[1].id
    store.do(lambda tx: vectors.move_vectors(tx, ids[0], target))
    assert index.search(space, matrix[0], 1)[0][0] == target
    assert index.search(space, matrix[0], 3, numbers_of(store, [target]))[0][0] == target
    assert index.search(space, matrix[0], 3, numbers_of(store, [ids[0]])) == []


def test_a_filter_is_exact_and_one_that_allows_nothing_finds_nothing(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 400)
    allowed = [ids[row] for row in range(3, 400, 40)]
    found = index.search(space, matrix[0], 5, numbers_of(store, allowed))
    assert [name for name, _ in found] == [ids[3 + 40 * row] for row in brute_force(matrix[3:400:40], matrix[0], 5)]
    assert index.search(space, matrix[0], 5, np.zeros(0, np.int64)) == []
    assert index.search(space, matrix[0], 5, np.array([-4, 10**9], np.int64)) == []


def test_conditions_become_filters_and_are_asked_again_after_a_change(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 12)
    speaker = store.do(lambda tx: people.ensure_person(tx, "W7")).id
    where, joins = "p.code = ?", "JOIN person AS p ON p.id = s.speaker"
    assert index.search(space, matrix[0], 5, index.allowed_by(where, ["W7"], joins)) == []
    store.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, ids[4]), speaker=speaker)))
    allowed = index.allowed_by(where, ["W7"], joins)
    assert [name for name, _ in index.search(space, matrix[0], 5, allowed)] == [ids[4]]
    assert index.allowed_by(where, ["W7"], joins) is allowed


def test_more_than_there_is_and_less_than_one(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, _, matrix = fill_space(store, master, 3)
    assert len(index.search(space, matrix[0], 10**9)) == 3
    assert index.search(space, matrix[0], 0) == index.search(space, matrix[0], -1) == []
    assert index.search(make_space(store, "empty", 8), matrix[0], 5) == []


@pytest.mark.parametrize("query", [np.full(8, np.nan), np.array([np.inf, *[0.0] * 7]), np.zeros(8), np.ones(7), np.ones((2, 8))])
def test_a_query_that_is_none_is_a_sentence(store: Store, master: RecordingId, index: VectorIndex, query: NDArray[np.float64]) -> None:
    space, _, _ = fill_space(store, master, 3)
    with pytest.raises(WrongUsage, match="vector"):
        index.search(space, query.astype(np.float32), 3)


def test_stored_vectors_without_direction_or_with_damage_are_never_found(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 6)
    store.do(lambda tx: vectors.put_vectors(tx, space, [(ids[0], np.zeros(8, np.float32))]))
    nan = np.full(8, np.nan, "<f2").tobytes()
    store.do(lambda tx: tx.db.execute("UPDATE vector SET data = ?, crc = ? WHERE segment = ?", (nan, zlib.crc32(nan), ids[1])))
    store.do(lambda tx: tx.db.execute("UPDATE vector SET data = zeroblob(16) WHERE segment = ?", (ids[2],)))
    store.do(lambda tx: tx.db.execute("UPDATE vector SET data = x'00' WHERE segment = ?", (ids[3],)))
    assert {name for name, _ in index.search(space, matrix[0], 10)} == set(ids[4:])


def test_withdrawn_vectors_are_not_found_from_the_commit_on(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 8)
    speaker = store.do(lambda tx: people.ensure_person(tx, "W7")).id
    store.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, ids[2]), speaker=speaker)))
    assert ids[2] in dict(index.search(space, matrix[2], 1))
    store.do(lambda tx: consent.withdraw(tx, speaker))
    assert ids[2] not in dict(index.search(space, matrix[2], 8))


@pytest.mark.slow
def test_threads_add_delete_and_search_at_once(store: Store, master: RecordingId, index: VectorIndex) -> None:
    space, ids, matrix = fill_space(store, master, 200)
    troubles: list[BaseException] = []
    stop = threading.Event()

    def look() -> None:
        random = np.random.default_rng()
        try:
            while not stop.is_set():
                found = index.search(space, random.standard_normal(8).astype(np.float32), 20)
                assert len({name for name, _ in found}) == len(found) == 20
        except BaseException as trouble:  # noqa: BLE001  (told by the test)
            troubles.append(trouble)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for round_ in range(12):
        fill_space(store, master, 150, seed=round_ + 1)
        store.do(lambda tx, some=ids[round_ * 10 : round_ * 10 + 10]: segments.delete_segments(tx, some))  # type: ignore[misc]
    stop.set()
    for thread in threads:
        thread.join()
    assert not troubles
    assert len(index.search(space, matrix[0], 10**6)) == 200 + 12 * 150 - 120


@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 3))
@settings(max_examples=60)
def test_the_best_are_those_that_sorting_gives(rows: int, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(-3, 4, rows).astype(np.float32)  # many ties
    scores[random.random(rows) < 0.1] = np.nan
    best = Best(count)
    for start in range(0, rows, 70):
        best.offer(scores[start : start + 70], 100 + start)
    found, told = best.rows()
    assert told.tolist() == sorted(scores[~np.isnan(scores)].tolist(), reverse=True)[:count]
    assert scores[found - 100].tolist() == told.tolist()
    assert len(set(found.tolist())) == len(found)


def test_what_has_no_direction_becomes_zeros() -> None:
    made = unit(np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 1], [1e-30, 0], [3e38, 3e38]], np.float64))
    np.testing.assert_allclose(made[[0, 4]], np.array([[0.6, 0.8], [1, 0]]), rtol=1e-6)
    assert not made[1:4].any()
    assert np.isfinite(made).all()


def some_rows(vectors: NDArray[np.floating]) -> SpaceRows:
    numbers = np.arange(1, len(vectors) + 1)
    return SpaceRows.of(numbers, numbers + 10, vectors, lambda _: None)


def more(rows: SpaceRows, pk: int, segment: int, *numbers: float) -> Part:
    return Part.of(np.array([pk]), np.array([segment]), np.array([numbers], np.float16), rows.centre)


def test_rows_keep_their_numbers_while_the_tail_grows() -> None:
    rows = some_rows(np.eye(3, dtype=np.float16))
    for number in range(5000):
        rows.add(more(rows, 10 + number, 100 + number, 1, number, 0))
    assert len(rows) == 5003
    assert rows.pks(np.array([0, 2, 3, 5002])).tolist() == [1, 3, 10, 5009]
    assert rows.rows_of(np.array([12, 100, 5099, 7, 10**8])).tolist() == [1, 3, 5002]
    assert rows.last == 5009


def test_rows_are_compared_all_or_some_or_from_one_on_but_never_the_dead() -> None:
    rows = some_rows(np.eye(3, dtype=np.float16))
    rows.add(more(rows, 9, 19, 1, 1, 0))
    rows.add(more(rows, 10, 20, 0, 0, 0))
    first = np.array([1, 0, 0], np.float32)
    found, about = rows.best(first, 9)
    assert found[:2].tolist() == [0, 3]
    assert sorted(found.tolist()) == [0, 1, 2, 3]  # what has no direction is like nothing
    np.testing.assert_allclose(about, [1, 0.5**0.5, 0, 0], atol=0.02)
    assert rows.best(first, 9, since=2)[0].tolist() == [3, 2]
    assert rows.best(first, 9, np.array([1, 0, 3, 4, 2]))[0][:2].tolist() == [0, 3]
    assert rows.best(first, 9, np.array([1, 3]), since=3)[0].tolist() == [3, 1]
    assert rows.best(first, 9, np.zeros(0, np.int64))[0].tolist() == []
    rows.bury(np.array([0, 1]))
    assert rows.best(first, 9)[0].tolist() == [3, 2]
    assert rows.best(first, 9, np.array([1, 2]))[0].tolist() == [2]
