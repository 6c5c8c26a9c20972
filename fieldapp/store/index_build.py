"""Building the index of a space from the database: read, code, from some size on make a graph. Runs in the background; nobody waits for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fieldapp.model import Space
from fieldapp.store import truth, vectors
from fieldapp.store.graph import Graph
from fieldapp.store.index_file import About
from fieldapp.store.prefix import choose, tune
from fieldapp.store.space_rows import SpaceRows

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A new index of a space, not yet written."""

    about: About
    rows: SpaceRows
    graph: Graph | None


def build(db: sqlite3.Connection, space: Space, graph_from: int, progress: Progress) -> Built:
    """Everything the database has of a space now; with a graph from so many vectors on."""
    total = vectors.counted(db, space)

    def read() -> Iterator[truth.Stored]:
        for number, some in enumerate(truth.after(db, space, 0), 1):
            progress(0.1 * min(1.0, number * truth.BATCH / max(total, 1)), f"reading {total:,} vectors")
            yield some

    stored = truth.together(read(), space)
    rows = SpaceRows.of(stored.pks, stored.segments, stored.vectors, lambda share: progress(0.1 + 0.05 * share, "coding"))
    if len(rows) < graph_from:
        return Built(About(0, 0, 0, 1.0), rows, None)
    choice = choose(stored.vectors, lambda share, doing: progress(0.15 + 0.05 * share, doing))
    del stored
    codes, centre = rows.base.codes, rows.centre
    graph = Graph.build(codes, centre, choice.dims, lambda share, doing: progress(0.2 + 0.75 * share, doing), choice.made_of)
    recall = tune(graph, choice)
    graph.complete(codes, centre, choice.made_of)
    return Built(About(choice.dims, choice.candidates, graph.ef, recall), rows, graph)
