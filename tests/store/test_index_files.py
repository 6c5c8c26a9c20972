"""Index files and graphs: built, sealed, loaded, damaged in every way, taken away when somebody withdraws."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldapp.model import Consent, ConsentId, RecordingId, SegmentId, Space, SpaceId, new_id
from fieldapp.store import backup, consent, index_file, index_folder, people, segments, spaces, vectors
from fieldapp.store.exact import F32, unit
from fieldapp.store.graph import Graph
from fieldapp.store.index import VectorIndex
from fieldapp.store.index_file import About
from fieldapp.store.index_keeper import Outdated
from fieldapp.store.prefix import choose, tune
from fieldapp.store.space_rows import SpaceRows
from fieldapp.store.store import Store
from store.building import fill_space, numbers_of

DIMS = 96
Filled = tuple[Space, list[SegmentId], F32]


def opened(store: Store, *, graph_from: int = 100, seal_from: int = 50) -> VectorIndex:
    return VectorIndex(store, graph_from=graph_from, seal_from=seal_from)


def silent(share: float, doing: str) -> None:
    """A progress nobody looks at."""


def coded(vectors: NDArray[np.floating]) -> SpaceRows:
    numbers = np.arange(1, len(vectors) + 1)
    return SpaceRows.of(numbers, numbers, vectors, lambda _: None)


@pytest.fixture
def filled(store: Store, master: RecordingId) -> Filled:
    return fill_space(store, master, 300, dims=DIMS)


@pytest.fixture
def folder(store: Store) -> Path:
    return index_folder.folder(store.folder)


@pytest.fixture
def index(store: Store, filled: Filled) -> Iterator[VectorIndex]:
    """With a graph, sealed."""
    with opened(store) as made:
        made.search(filled[0], filled[2][0], 1)
        assert made.settle(60)
        yield made


def right(index: VectorIndex, filled: Filled, k: int = 10) -> bool:
    """Whether the answers to twenty queries are those of comparing with everything."""
    space, ids, matrix = filled
    stored = unit(matrix.astype(np.float16))
    good = 0
    for row in range(0, len(ids), max(1, len(ids) // 20)):
        wanted = [ids[int(i)] for i in np.argsort(-(stored @ unit(matrix[row])), kind="stable")[:k]]
        good += len(set(wanted) & {name for name, _ in index.search(space, matrix[row], k)})
    return good >= 0.95 * k * 20


def test_a_large_space_gets_a_sealed_file_and_a_graph(index: VectorIndex, filled: Filled, folder: Path) -> None:
    status = index.status(filled[0])
    assert status is not None
    assert (status.rows, status.in_graph, status.sealed, status.building) == (300, 300, True, None)
    assert sorted(file.suffix for file in folder.iterdir()) == [".graph", ".vectors"]
    assert right(index, filled)


def test_the_next_opening_reads_the_file_and_loads_its_graph(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    index.close()
    before = sorted(folder.iterdir())
    with opened(store) as again:
        assert right(again, filled)
        assert again.settle(60)
        status = again.status(filled[0])
        assert status is not None
        assert status.in_graph == 300
        assert right(again, filled)
    assert sorted(folder.iterdir()) == before


def test_a_command_uses_what_lies_there_and_makes_nothing(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    index.close()
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    with Store.open(store.folder, read_only=True) as reading, VectorIndex(reading, background=False) as quick:
        assert right(quick, filled)
        assert quick.settle()
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before


def test_new_vectors_are_found_before_and_after_they_join_the_graph(store: Store, master: RecordingId, index: VectorIndex, filled: Filled) -> None:
    added = [fill_space(store, master, 40, seed=seed, dims=DIMS) for seed in range(1, 4)]
    for _, ids, more in added:
        assert [index.search(filled[0], vector, 1)[0][0] for vector in more] == ids
    assert index.settle(60)
    status = index.status(filled[0])
    assert status is not None
    assert status.in_graph == 420
    for _, ids, more in added:
        assert [index.search(filled[0], vector, 1)[0][0] for vector in more] == ids


def test_much_that_is_new_is_written_to_a_new_file(store: Store, master: RecordingId, index: VectorIndex, filled: Filled, folder: Path) -> None:
    before = set(folder.iterdir())
    _, ids, more = fill_space(store, master, 2100, seed=5, dims=DIMS)
    assert index.search(filled[0], more[9], 1)[0][0] == ids[9]
    assert index.settle(60)
    assert not before & set(folder.iterdir())
    assert len(list(folder.iterdir())) == 2
    index.close()
    with opened(store) as again:
        assert again.search(filled[0], more[9], 1)[0][0] == ids[9]
        assert again.search(filled[0], filled[2][9], 1)[0][0] == filled[1][9]


def test_deleted_vectors_are_not_found_and_do_not_starve_the_answer(store: Store, index: VectorIndex, filled: Filled) -> None:
    space, ids, matrix = filled
    store.do(lambda tx: segments.delete_segments(tx, ids[:290]))
    assert {name for name, _ in index.search(space, matrix[0], 10)} == set(ids[290:])
    assert index.settle(60)
    assert {name for name, _ in index.search(space, matrix[0], 300)} == set(ids[290:])


def test_narrow_and_broad_filters_are_exact(store: Store, index: VectorIndex, filled: Filled) -> None:
    space, ids, matrix = filled
    stored = unit(matrix.astype(np.float16))
    for allowed in (range(0, 300, 60), range(30, 300)):
        numbers = numbers_of(store, [ids[row] for row in allowed])
        for row in (0, 77):
            wanted = sorted(allowed, key=lambda other: -float(stored[other] @ stored[row]))[:5]
            assert [name for name, _ in index.search(space, matrix[row], 5, numbers)] == [ids[i] for i in wanted]


def withdraw_one(store: Store, filled: Filled, row: int) -> None:
    speaker = store.do(lambda tx: people.ensure_person(tx, "W7")).id
    store.do(lambda tx: segments.update_segment(tx, replace(segments.segment(tx.db, filled[1][row]), speaker=speaker)))
    store.do(lambda tx: consent.withdraw(tx, speaker))


def runs_along(numbers: NDArray[np.number], vector: F32) -> bool:
    """Whether some stretch of the numbers points where a vector does."""
    if len(numbers) < len(vector):
        return False
    with np.errstate(invalid="ignore"):
        sane = np.where(np.abs(numbers) < 1000, numbers, 0).astype(np.float64)
    lengths = np.sqrt(np.convolve(sane**2, np.ones(len(vector)), "valid"))
    return bool(((np.correlate(sane, unit(vector), "valid") > 0.95 * lengths) & (lengths > 0)).any())


def holds(file: Path, vector: F32) -> bool:
    """Whether a file holds a vector as it is stored, coded, or in a graph of all or of its first numbers."""
    data = file.read_bytes()
    if file.suffix == ".vectors":
        return runs_along(np.frombuffer(data, np.int8), vector)
    if file.suffix == ".graph":
        return any(runs_along(np.frombuffer(data[: len(data) // 4 * 4], "<f4"), vector[:size]) for size in (64, DIMS))
    return vector.astype("<f2").tobytes() in data


def traces(store: Store, vector: F32) -> list[str]:
    """Files of the fieldbook that hold a vector."""
    return [str(file) for file in store.folder.rglob("*") if file.is_file() and holds(file, vector)]


def test_a_withdrawal_leaves_no_file_with_the_vector(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    assert {Path(name).suffix for name in traces(store, filled[2][5])} >= {".vectors", ".graph"}  # the test can see it
    withdraw_one(store, filled, 5)
    assert not [name for name in traces(store, filled[2][5]) if "fieldbook.db" not in name]
    assert index.settle(60)
    assert sorted(file.suffix for file in folder.iterdir()) == [".graph", ".vectors"]
    index.close()
    store.close()
    assert not traces(store, filled[2][5])  # closing merges the write-ahead file; deleted pages are overwritten


def test_a_withdrawal_without_an_index_takes_the_files_too(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    index.close()
    withdraw_one(store, filled, 5)
    assert not list(folder.iterdir())


def test_a_withdrawal_while_an_index_is_written_keeps_it_from_being_used(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    space, ids, matrix = filled
    rows = coded(matrix)
    keeper = index._keeper
    assert keeper is not None
    before = keeper._withdrawals

    def late(rename: Callable[[], None]) -> None:
        withdraw_one(store, filled, 5)
        keeper._unless_withdrawn(before, rename)

    with pytest.raises(Outdated):
        index_file.write(folder, space, About(0, 0, 0, 1.0), rows, None, late)
    assert index.settle(60)
    assert not [name for name in traces(store, matrix[5]) if "fieldbook.db" not in name]
    assert ids[5] not in dict(index.search(space, matrix[5], 10))


def test_a_refusal_without_deletion_leaves_the_files(store: Store, index: VectorIndex, folder: Path) -> None:
    speaker = store.do(lambda tx: people.ensure_person(tx, "W7")).id
    before = sorted(folder.iterdir())
    store.do(lambda tx: consent.give(tx, Consent(id=ConsentId(new_id()), person=speaker, purpose="train", allowed=True)))
    assert index.settle(60)
    assert sorted(folder.iterdir()) == before


def test_going_back_to_a_backup_drops_the_files(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    index.close()
    copy = backup.make(store.folder / "fieldbook.db")
    store.close()
    backup.restore(store.folder, copy)
    assert not list(folder.iterdir())


def test_the_files_of_a_dropped_space_go(store: Store, index: VectorIndex, filled: Filled, master: RecordingId, folder: Path) -> None:
    store.do(lambda tx: spaces.drop_space(tx, filled[0].id))
    assert index.search(filled[0], filled[2][0], 5) == []
    assert index.settle(60)
    fill_space(store, master, 3, dims=DIMS)
    assert index.settle(60)
    assert not list(folder.iterdir())


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    """One of the ways in which files break."""
    kind, at = random.integers(7), int(random.integers(len(data)))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes([data[at] ^ (1 << int(random.integers(8)))]) + data[at + 1 :]
    if kind == 2:
        return data[: at // 4096 * 4096] + bytes(len(data[at // 4096 * 4096 :][:4096])) + data[at // 4096 * 4096 + 4096 :]
    if kind == 3:
        return data + bytes(random.bytes(int(random.integers(1, 5000))))
    if kind == 4:
        head = int(random.integers(400))
        return data[:head] + bytes(random.bytes(8)) + data[head + 8 :]
    if kind == 5:
        return bytes(random.bytes(len(data)))
    return b"" if at % 2 else data[at:]


@pytest.mark.slow
def test_no_damage_to_the_files_crashes_or_invents_an_answer(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    space, _, matrix = filled
    index.close()
    whole = {file: file.read_bytes() for file in folder.iterdir()}
    random = np.random.default_rng(3)
    truth = unit(matrix.astype(np.float16)) @ unit(matrix[7])
    cosines = dict(zip(filled[1], truth.tolist()))
    refused = 0
    for turn in range(500):
        index_folder.forget(store.folder)
        victim = sorted(whole)[turn % 2]
        for file, data in whole.items():
            file.write_bytes(damaged(data, random) if file == victim else data)
        sealed = index_file.newest(folder, space, clean=False)
        sound = sealed is not None and sealed.verify()
        graph = sealed.graph() if sealed and sound else None
        refused += graph is None
        with VectorIndex(store, background=False) as quick:
            found = quick.search(space, matrix[7], 5)
        assert all(cosine == pytest.approx(cosines[name], abs=1e-5) for name, cosine in found)
        assert not (sound or sealed is None) or [cosine for _, cosine in found] == pytest.approx(sorted(truth)[:-6:-1], abs=1e-5)
    assert refused > 450


def test_a_damaged_file_is_built_again(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    for suffix in (".graph", ".vectors"):
        index.close()
        file = next(file for file in folder.iterdir() if file.suffix == suffix)
        data = bytearray(file.read_bytes())
        data[-5] ^= 64
        file.write_bytes(data)
        with opened(store) as again:
            assert right(again, filled)
            assert again.settle(60)
            assert right(again, filled)
            status = again.status(filled[0])
            assert status is not None
            assert (status.in_graph, status.sealed) == (300, True)
        assert not file.exists()
        assert len(list(folder.iterdir())) == 2


def test_a_file_of_an_older_version_is_built_again(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    index.close()
    old = next(file for file in folder.iterdir() if file.suffix == ".vectors")
    data = old.read_bytes()
    length = int.from_bytes(data[8:12], "little")
    header = b"FieldIx1" + data[8 : 12 + length]  # whole, with a right checksum
    old.write_bytes(header + hashlib.sha256(header).digest() + data[len(header) + 32 :])
    assert index_file.newest(folder, filled[0], clean=False) is None
    with opened(store) as again:
        assert right(again, filled)
        assert again.settle(60)
        assert right(again, filled)
    assert not old.exists()
    assert sorted(file.suffix for file in folder.iterdir()) == [".graph", ".vectors"]


def test_the_file_of_another_space_is_refused(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    index.close()
    other = replace(filled[0], id=SpaceId(new_id()))
    for file in list(folder.iterdir()):
        file.rename(folder / file.name.replace(filled[0].id, other.id))
    assert index_file.newest(folder, other, clean=False) is None
    assert index_file.newest(folder, replace(filled[0], dims=DIMS // 2), clean=False) is None


def test_what_a_crash_left_is_cleared_away(store: Store, index: VectorIndex, filled: Filled, folder: Path) -> None:
    index.close()
    left = folder / f"{filled[0].id}-{new_id()}.graph.part"
    orphan = folder / f"{filled[0].id}-{new_id()}.graph"
    foreign = folder / f"{new_id()}-{new_id()}.vectors"
    for file in (left, orphan, foreign):
        file.write_bytes(b"half")
    os.utime(left, (0, 0))
    with opened(store) as again:
        assert right(again, filled)
        assert again.settle(60)
    assert len(list(folder.iterdir())) == 2
    assert not any(file.exists() for file in (left, orphan, foreign))


def test_a_full_disk_means_no_file_and_the_same_answers(store: Store, filled: Filled, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(index_file, "write", full)
    with opened(store) as index:
        assert right(index, filled)
        assert index.settle(60)
        status = index.status(filled[0])
        assert status is not None
        assert (status.sealed, status.in_graph) == (False, 300)
        assert right(index, filled)


def test_a_graph_that_is_cut_short_in_writing_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = coded(np.random.default_rng(0).standard_normal((50, 8)))
    graph = Graph.build(rows.base.codes, rows.centre, 8, silent)

    class Short:
        def save_index(self, file: str) -> None:
            Path(file).write_bytes(b"short")

        def index_file_size(self) -> int:
            return 4711

    monkeypatch.setattr(graph, "_native", Short())
    with pytest.raises(OSError, match="full"):
        graph.save(tmp_path / "some.graph")


def test_a_graph_that_is_being_changed_makes_nobody_wait() -> None:
    matrix = unit(np.random.default_rng(0).standard_normal((50, 8)))
    rows = coded(matrix)
    graph = Graph.build(rows.base.codes, rows.centre, 8, silent)
    assert graph.nearest(matrix[3], 5) is not None
    with graph._lock:
        assert graph.nearest(matrix[3], 5) is None


def test_a_graph_grows_beyond_its_room_and_leaves_rows_without_direction_out() -> None:
    matrix = unit(np.random.default_rng(0).standard_normal((6000, 4)))
    matrix[[5, 70]] = 0
    rows = coded(matrix)
    graph = Graph.build(rows.base.codes.rows(slice(10)), rows.centre, 4, silent)
    graph.add(rows.base.codes.rows(slice(10, None)), rows.centre, silent)
    assert graph.rows == 6000
    found = graph.nearest(matrix[5999], 10**6)
    assert found is None or 5999 in found
    near = graph.nearest(matrix[4000], 3)
    assert near is not None
    assert 4000 in near


def test_the_prefix_is_as_short_as_recall_allows() -> None:
    random = np.random.default_rng(0)
    falling = random.standard_normal((3000, 256)) * np.arange(1, 257) ** -1.0
    choice = choose(falling.astype(np.float16), silent)
    assert (choice.dims, choice.recall >= 0.99) == (64, True)
    flat = random.standard_normal((3000, 256))
    assert choose(flat.astype(np.float16), silent).dims == 256
    assert choose(np.eye(4, 256, dtype=np.float16), silent).recall == 1.0
    short = unit(falling[:, :64])
    rows = coded(falling)
    graph = Graph.build(rows.base.codes, rows.centre, 64, silent, choice.made_of)
    assert tune(graph, choice) > 0.9
    row = int(choice.made_of[5])
    for expected in (False, True):
        near = graph.nearest(short[row], 3)
        assert near is not None
        assert (row in near) is expected
        graph.complete(rows.base.codes, rows.centre, choice.made_of)


def test_vectors_put_while_an_index_is_built_are_found(store: Store, master: RecordingId, filled: Filled) -> None:
    with opened(store) as index:
        index.search(filled[0], filled[2][0], 1)
        for seed in range(1, 20):
            _, ids, more = fill_space(store, master, 20, seed=seed, dims=DIMS)
            assert index.search(filled[0], more[3], 1)[0][0] == ids[3]
        assert index.settle(60)
        assert len(index.search(filled[0], filled[2][0], 10**4)) == 300 + 19 * 20
        assert vectors.counted(store.reader(), filled[0]) == 680
