"""What `fieldapp bench search` measures in one synthetic fieldbook."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.bench.search_arms import arms
from fieldapp.commands.bench.search_book import SPEAKERS, Voices, add_one, build, make_space
from fieldapp.commands.bench.search_times import percentiles, timed
from fieldapp.model import Query, RecordingId, SegmentId, Space
from fieldapp.store import index_folder, segment_filter, segments, spaces, truth
from fieldapp.store.details import hits_of
from fieldapp.store.exact import F32, unit
from fieldapp.store.index import VectorIndex
from fieldapp.store.store import Store

K = 10
_OPENING = """
import sys, time, json
start = time.perf_counter()
from pathlib import Path
import numpy as np
from fieldapp.store import spaces
from fieldapp.store.details import hits_of
from fieldapp.store.index import VectorIndex
from fieldapp.store.store import Store
loaded = time.perf_counter()
def memory():
    lines = Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").exists() else []
    return {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines if line.startswith("Rss")}
queries = np.load(sys.argv[2])
with Store.open(Path(sys.argv[1])) as store, VectorIndex(store) as index:
    space = spaces.space_to_search(store.reader(), "meaning")
    found = hits_of(store.reader(), [name for name, _ in index.search(space, queries[0], 10)])
    first = time.perf_counter()
    assert len(found) == 10
    by_graph = index.status(space).in_graph > 0
    if sys.argv[3] == "rest":
        index.settle()
        ready = time.perf_counter()
        for query in queries:
            hits_of(store.reader(), [name for name, _ in index.search(space, query, 10)])
        print(json.dumps({"graph_ready_s": round(ready - loaded, 2), **memory()}))
    else:
        print(json.dumps({"open_and_first_answer_ms": round(1000 * (first - loaded)), "code_ms": round(1000 * (loaded - start)), "by_graph": by_graph}))
"""


def make(book: Path, size: int, progress: Progress, *, flat: bool, graph_from: int) -> dict[str, Any]:
    """The fieldbook with its index, made where something of it is missing, else checked and loaded."""
    told: dict[str, Any] = {}
    if not book.exists():
        start = time.perf_counter()
        build(book, size, Voices(size, flat=flat), progress)
        told["book_seconds"] = round(time.perf_counter() - start, 1)
    with Store.open(book) as store, VectorIndex(store, graph_from=graph_from) as index:
        start, working = time.perf_counter(), time.process_time()
        _settled(index, _space(store), Voices(size, flat=flat).queries(1)[0], progress)
        told["index_seconds"], told["index_cpu_seconds"] = round(time.perf_counter() - start, 1), round(time.process_time() - working, 1)
        told["index"] = _shape(index, _space(store))
    return told


def measure(book: Path, size: int, progress: Progress, *, flat: bool, queries: int, peers: str, graph_from: int) -> dict[str, Any]:
    """Everything about one fieldbook; times are of the clock, and of this thread's processor time (`cpu`), which other programs disturb less."""
    asked = Voices(size, flat=flat).queries(queries)
    told: dict[str, Any] = {}
    with Store.open(book) as store, VectorIndex(store, graph_from=graph_from) as index:
        space = _space(store)
        _settled(index, space, asked[0], progress)
        progress(-1, "reading all vectors")
        everything = _Everything(store, space)
        told["ways"] = _side_by_side(store, index, space, asked, peers, everything, progress)
        told["filter_1_percent"] = _filtered(store, index, space, asked, everything)
        progress(-1, "adding while searching")
        told["adding"] = _adding(store, index, space, asked)
    told["opening"] = _opening(book, asked, progress)
    if size <= 200_000:
        told["rebuild"] = _rebuilt(book, asked, graph_from, progress)
    return told


def stored(book: Path, progress: Progress, *, queries: int, peers: str) -> dict[str, Any]:
    """The vectors of a fieldbook as it is, each kind: some of its own ask for what is like them. Nothing is made in it."""
    told: dict[str, Any] = {}
    with Store.open(book, read_only=True) as store, VectorIndex(store, background=False) as index:
        for kind in ("meaning", "sound"):
            space = spaces.space_to_search(store.reader(), kind)
            if space is None:
                continue
            everything = _Everything(store, space)
            some = np.random.default_rng(0).choice(len(everything.matrix), min(queries, len(everything.matrix)), replace=False)
            ways = _side_by_side(store, index, space, everything.matrix[some], peers, everything, progress)
            told[kind] = {"segments": len(everything.matrix), "dims": space.dims, "model": space.model, "head": space.head, "ways": ways}
    return told


class _Everything:
    """All vectors of a space, to compare with each of them: what is right."""

    def __init__(self, store: Store, space: Space) -> None:
        db = store.reader()
        blocks = list(truth.after(db, space, 0))
        self.matrix = unit(np.concatenate([block.vectors for block in blocks]))
        known = dict(db.execute("SELECT s.pk, s.id FROM segment AS s").fetchall())
        numbers = np.concatenate([block.segments for block in blocks])
        self.names = [str(known[number]) for number in numbers.tolist()]
        speakers = dict(db.execute("SELECT s.pk, p.code FROM segment AS s JOIN person AS p ON p.id = s.speaker").fetchall())
        self.speakers = np.array([speakers.get(number, "") for number in numbers.tolist()])

    def nearest(self, query: F32, speaker: str = "") -> set[str]:
        """The ten nearest, of all or of one speaker."""
        scores = self.matrix @ unit(query)
        if speaker:
            scores[self.speakers != speaker] = -np.inf
        return {self.names[int(row)] for row in np.argpartition(scores, len(scores) - K)[-K:]}


def _side_by_side(store: Store, index: VectorIndex, space: Space, asked: F32, peers: str, everything: _Everything, progress: Progress) -> list[dict[str, Any]]:
    ways: list[tuple[str, Callable[[F32], set[str]]]] = [
        ("Fieldapp, whole answer", lambda query: set(hits_of(store.reader(), [name for name, _ in index.search(space, query, K)], space=space.id))),
        ("Fieldapp, vectors only", lambda query: {name for name, _ in index.search(space, query, K)}),
    ]
    built: dict[str, float] = {}
    for arm in arms(everything.matrix, graphs=peers == "all") if peers != "none" else ():
        progress(-1, f"built: {arm.name}")
        built[arm.name] = arm.build_seconds
        ways.append((arm.name, lambda query, arm=arm: {everything.names[int(row)] for row in arm.ask(query, K)}))  # type: ignore[misc]
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in ways}
    found: dict[str, list[float]] = {name: [] for name, _ in ways}
    for turn, query in enumerate(asked):
        right = everything.nearest(query)
        for name, way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            took, answer = timed(lambda q=query, w=way: w(q))  # type: ignore[misc]
            spent[name].append(took)
            found[name].append(len(answer & right) / K)
        progress(turn / len(asked), "asking")
    return [
        {"way": name, **percentiles(spent[name]), "recall": round(float(np.mean(found[name])), 4), "build_cpu_seconds": built.get(name)} for name, _ in ways
    ]


def _filtered(store: Store, index: VectorIndex, space: Space, asked: F32, everything: _Everything) -> dict[str, Any]:
    """One speaker of a hundred, by the filter that every way of searching uses. `first`: the filter is new; then its row numbers are remembered."""
    db, shares = store.reader(), []
    first: list[tuple[float, float]] = []
    again: list[tuple[float, float]] = []
    for turn, query in enumerate(asked):
        wanted = Query(speakers=(f"W{turn % 5}",))

        def whole(query: F32 = query, wanted: Query = wanted) -> set[str]:
            narrow = segment_filter.narrowed(db, wanted)
            allowed = index.allowed_by(narrow.sql, narrow.parameters, segment_filter.JOINS)
            return set(hits_of(db, [name for name, _ in index.search(space, query, K, allowed)], space=space.id))

        took, found = timed(whole)
        (first if turn < 5 else again).append(took)
        shares.append(len(found & everything.nearest(query, wanted.speakers[0])) / K)
    return {**percentiles(again), "first_p50_ms": percentiles(first)["p50_ms"], "recall": round(float(np.mean(shares)), 4), "share": 1 / SPEAKERS}


def _adding(store: Store, index: VectorIndex, space: Space, asked: F32, turns: int = 40) -> dict[str, Any]:
    """A thread searches all the time; each new segment must be the first hit of the next search for it."""
    recording = RecordingId(str(store.reader().execute("SELECT id FROM recording LIMIT 1").fetchone()[0]))
    stop = threading.Event()
    searched: list[tuple[float, float]] = []

    def keep_searching() -> None:
        while not stop.is_set():
            searched.extend(timed(lambda q=query: index.search(space, q, K))[0] for query in asked[:20])  # type: ignore[misc]
            time.sleep(0.01)

    thread = threading.Thread(target=keep_searching)
    thread.start()
    committed: list[tuple[float, float]] = []
    visible: list[tuple[float, float]] = []
    added: list[SegmentId] = []
    seen = 0
    try:
        for vector in np.random.default_rng().standard_normal((turns, space.dims)).astype(np.float32):  # never the same: a kept book may hold them
            took, name = timed(lambda v=vector: store.do(lambda tx: add_one(tx, recording, v)))  # type: ignore[misc]
            added.append(name)
            committed.append(took)
            took, found = timed(lambda v=vector: index.search(space, v, 1))  # type: ignore[misc]
            visible.append(took)
            seen += found[0][0] == name
    finally:
        stop.set()
        thread.join()
        store.do(lambda tx: segments.delete_segments(tx, added))
    return {
        "added": turns,
        "visible_in_next_search": seen,
        **{f"search_that_sees_it_{key}": value for key, value in percentiles(visible).items()},
        **{f"commit_{key}": value for key, value in percentiles(committed).items()},
        **{f"searches_meanwhile_{key}": value for key, value in percentiles(searched).items()},
    }


def _opening(book: Path, asked: F32, progress: Progress) -> dict[str, Any]:
    """New processes open the fieldbook: the first answer (which does not wait for the graph), then memory when everything is loaded and was used."""
    progress(-1, "opening")
    file = book.parent / "queries.npy"
    np.save(file, asked)
    firsts = [_child(book, file, "first") for _ in range(3)]
    slowest = max(firsts, key=lambda one: int(one["open_and_first_answer_ms"]))
    return {**slowest, **_child(book, file, "rest")}


def _child(book: Path, file: Path, how: str) -> dict[str, Any]:
    told = subprocess.run([sys.executable, "-c", _OPENING, str(book), str(file), how], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def _rebuilt(book: Path, asked: F32, graph_from: int, progress: Progress) -> dict[str, Any]:
    """Without its files the index is built from the database while searches go on."""
    index_folder.forget(book)
    spent: list[tuple[float, float]] = []
    with Store.open(book) as store, VectorIndex(store, graph_from=graph_from) as index:
        space, start = _space(store), time.perf_counter()
        first, _ = timed(lambda: index.search(space, asked[0], K))
        for _ in _while_settling(index, space, progress):
            spent += [timed(lambda q=query: index.search(space, q, K))[0] for query in asked[:10]]  # type: ignore[misc]
        seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 1),
        "first_answer_ms": round(first[0]),
        **{f"searches_meanwhile_{key}": value for key, value in percentiles(spent).items()},
    }


def _settled(index: VectorIndex, space: Space, query: F32, progress: Progress) -> None:
    index.search(space, query, 1)
    for _ in _while_settling(index, space, progress):
        pass


def _while_settling(index: VectorIndex, space: Space, progress: Progress) -> Iterator[None]:
    """Until everything is built: something to do now and then."""
    thread = threading.Thread(target=index.settle)
    thread.start()
    while thread.is_alive():
        yield
        status = index.status(space)
        progress(*(status.building if status and status.building else (-1, "preparing the index")))
        thread.join(0.1)


def _shape(index: VectorIndex, space: Space) -> dict[str, Any]:
    status = index.status(space)
    assert status is not None
    return {
        "prefix": status.prefix,
        "candidates": status.candidates,
        "in_graph": status.in_graph,
        "ef": status.ef,
        "sealed": status.sealed,
        "recall_measured_when_built": round(status.recall, 4),
    }


def _space(store: Store) -> Space:
    return store.do(make_space)
