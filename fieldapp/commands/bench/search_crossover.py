"""From which size on a graph is worth building, measured on synthetic vectors by processor time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.bench.search_book import Voices
from fieldapp.commands.bench.search_times import timed
from fieldapp.store.exact import unit
from fieldapp.store.graph import Graph
from fieldapp.store.prefix import choose, tune
from fieldapp.store.space_rows import Part, SpaceRows

_PAYS_MS = 0.5  # a graph that saves less than this is not worth being built
_STEPS = (10_000, 30_000, 100_000, 300_000)  # beyond, a graph surely pays
_NEAREST = 18  # proposed where whole vectors are compared


def crossover(largest: int, progress: Progress, *, flat: bool) -> dict[str, Any]:
    """From how many rows on proposing by a graph saves time that somebody could notice."""
    steps = [step for step in _STEPS if step <= largest] or [largest]
    voices = Voices(steps[-1], flat=flat)
    vectors, asked = voices.said(0, steps[-1]).astype(np.float16), voices.queries(50)
    choice = choose(vectors, progress)
    whole = Part.of(np.arange(len(vectors)), np.arange(len(vectors)), vectors, choice.dims)
    count = choice.candidates or _NEAREST
    measured: list[dict[str, float]] = []
    pays, graph = 2 * steps[-1], None
    for step in steps:
        progress(-1, f"the graph of {step:,} rows")
        if graph is None:
            graph = Graph.build(whole.prefixes[:step], progress)
        else:
            graph.add(whole.prefixes[graph.rows : step], progress)
        rows = SpaceRows(whole.first(step))
        tune(graph, replace(choose(vectors[:step], progress), dims=choice.dims, candidates=choice.candidates))
        times: dict[str, list[tuple[float, float]]] = {"exact": [], "graph": []}
        for query in unit(asked[:, : choice.dims]):
            times["exact"].append(timed(lambda q=query, r=rows: r.best(q, count))[0])  # type: ignore[misc]
            times["graph"].append(timed(lambda q=query, g=graph: g.nearest(q, count))[0])  # type: ignore[misc]
        measured.append({"rows": step, **{f"{way}_cpu_ms": round(float(np.median(np.array(spent)[:, 1])), 3) for way, spent in times.items()}})
    for row in reversed(measured):
        if row["exact_cpu_ms"] - row["graph_cpu_ms"] < _PAYS_MS:
            break
        pays = int(row["rows"])
    return {"prefix": choice.dims, "candidates": count, "measured": measured, "graph_from": pays}
