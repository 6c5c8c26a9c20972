"""Building the index of a space from the database: read, choose a prefix, make the graph. Runs in the background; nobody waits for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fieldapp.model import Space
from fieldapp.store import truth, vectors
from fieldapp.store.exact import unit
from fieldapp.store.graph import Graph
from fieldapp.store.index_file import About
from fieldapp.store.prefix import choose, tune
from fieldapp.store.space_rows import Part

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A new index of a space, not yet written."""

    about: About
    part: Part
    graph: Graph | None


def build(db: sqlite3.Connection, space: Space, graph_from: int, progress: Progress) -> Built:
    """Everything the database has of a space now; with a graph from so many vectors on."""
    total = vectors.counted(db, space)
    blocks = []
    for some in truth.after(db, space, 0):
        blocks.append(some)
        progress(0.1 * min(1.0, len(blocks) * truth.BATCH / max(total, 1)), f"reading {total:,} vectors")
    whole = np.concatenate([some.vectors for some in blocks]) if blocks else np.zeros((0, space.dims), np.float16)
    pks, segments = (np.concatenate([getattr(some, name) for some in blocks] or [np.zeros(0, np.int64)]) for name in ("pks", "segments"))
    blocks.clear()
    choice = choose(whole, lambda share, doing: progress(0.1 + 0.1 * share, doing))
    prefixes = np.empty((len(whole), choice.dims), np.float32)
    for start in range(0, len(whole), truth.BATCH):
        prefixes[start : start + truth.BATCH] = unit(whole[start : start + truth.BATCH, : choice.dims])
    part = Part(pks, segments, prefixes)
    del whole
    if len(part) < graph_from:
        return Built(About(choice.dims, choice.candidates, 0, choice.recall), part, None)
    graph = Graph.build(prefixes, lambda share, doing: progress(0.2 + 0.75 * share, doing), choice.made_of)
    recall = tune(graph, choice)
    graph.complete(prefixes, choice.made_of)
    return Built(About(choice.dims, choice.candidates, graph.ef, recall), part, graph)
