"""Other ways to find the nearest vectors, for side-by-side measurements; each is one thread. usearch and faiss are used where they are installed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Ask = Callable[[F32, int], NDArray[np.integer[Any]]]
LINKS, CARE, WIDTH = 16, 100, 100


@dataclass(frozen=True, slots=True)
class Arm:
    """One way: its name, the rows nearest to a query, and the processor time it took to build."""

    name: str
    ask: Ask
    build_seconds: float


def arms(matrix: F32, *, graphs: bool) -> Iterator[Arm]:
    """Each built in turn; without `graphs` only those that compare with everything."""
    for name, make in (*_FLAT, *(_GRAPHS if graphs else ())):
        start = time.process_time()
        try:
            ask = make(matrix)
        except ModuleNotFoundError:
            continue
        yield Arm(name, ask, round(time.process_time() - start, 1))


def _numpy(matrix: F32) -> Ask:
    def ask(query: F32, k: int) -> NDArray[np.integer[Any]]:
        scores = matrix @ query
        best = np.argpartition(scores, len(scores) - k)[-k:]
        return best[np.argsort(-scores[best])]

    return ask


def _faiss_flat(matrix: F32) -> Ask:
    faiss = importlib.import_module("faiss")
    return _faiss(faiss, faiss.IndexFlatIP(matrix.shape[1]), matrix)


def _faiss_half(matrix: F32) -> Ask:
    faiss = importlib.import_module("faiss")
    index = faiss.IndexScalarQuantizer(matrix.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return _faiss(faiss, index, matrix)


def _faiss_graph(matrix: F32) -> Ask:
    faiss = importlib.import_module("faiss")
    index = faiss.IndexHNSWFlat(matrix.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = CARE, WIDTH
    return _faiss(faiss, index, matrix)


def _faiss(faiss: Any, index: Any, matrix: F32) -> Ask:
    faiss.omp_set_num_threads(1)
    if not index.is_trained:
        index.train(matrix)
    index.add(matrix)
    return lambda query, k: np.asarray(index.search(query[None], k)[1][0])


def _hnswlib(matrix: F32) -> Ask:
    import hnswlib

    index = hnswlib.Index(space="ip", dim=matrix.shape[1])
    index.init_index(max_elements=len(matrix), ef_construction=CARE, M=LINKS)
    index.add_items(matrix, num_threads=1)
    index.set_ef(WIDTH)
    return lambda query, k: np.asarray(index.knn_query(query, k=k, num_threads=1)[0][0])


def _usearch(matrix: F32) -> Ask:
    usearch = importlib.import_module("usearch.index")
    index = usearch.Index(ndim=matrix.shape[1], metric="ip", dtype="f16", connectivity=LINKS, expansion_add=CARE, expansion_search=WIDTH)
    index.add(np.arange(len(matrix)), matrix, threads=1)
    return lambda query, k: np.asarray(index.search(query, k, threads=1).keys, np.int64)


_FLAT: tuple[tuple[str, Callable[[F32], Ask]], ...] = (
    ("numpy, every vector", _numpy),
    ("faiss, every vector", _faiss_flat),
    ("faiss, every vector, 16 bits", _faiss_half),
)
_GRAPHS: tuple[tuple[str, Callable[[F32], Ask]], ...] = (
    ("hnswlib, whole vectors", _hnswlib),
    ("usearch, 16 bits", _usearch),
    ("faiss HNSW", _faiss_graph),
)
