"""From which size on a graph is worth building, measured on synthetic vectors by processor time."""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.bench.search_book import Voices
from fieldapp.commands.bench.search_times import timed
from fieldapp.store.exact import unit
from fieldapp.store.graph import Graph
from fieldapp.store.prefix import choose, tune
from fieldapp.store.space_rows import SpaceRows

_PAYS_MS = 0.5  # a graph that saves less than this is not worth being built
_STEPS = (50_000, 100_000, 200_000, 400_000)
_PROPOSED = 320  # as for an answer of ten


def crossover(largest: int, progress: Progress, *, flat: bool) -> dict[str, Any]:
    """From how many rows on proposing by a graph saves time that somebody could notice; each size with the prefix and the width it would have."""
    steps = [step for step in _STEPS if step <= largest] or [largest]
    voices = Voices(steps[-1], flat=flat)
    vectors, asked = voices.said(0, steps[-1]).astype(np.float16), voices.queries(50)
    measured: list[dict[str, float]] = []
    pays = 2 * steps[-1]
    for step in steps:
        progress(-1, f"the graph of {step:,} rows")
        choice = choose(vectors[:step], progress)
        rows = SpaceRows.of(np.arange(step), np.arange(step), vectors[:step], lambda _: None)
        graph = Graph.build(rows.base.codes, rows.centre, choice.dims, progress, choice.made_of)
        recall = tune(graph, choice)
        graph.complete(rows.base.codes, rows.centre, choice.made_of)
        times: dict[str, list[float]] = {"exact": [], "graph": []}
        for query in unit(asked):
            short = unit(query[: choice.dims])
            times["exact"].append(timed(lambda q=query, r=rows: r.best(q, _PROPOSED))[0][1])  # type: ignore[misc]
            times["graph"].append(timed(lambda q=query, s=short, r=rows, g=graph, c=choice: r.best(q, _PROPOSED, g.nearest(s, c.candidates)))[0][1])  # type: ignore[misc]
        found = {f"{way}_cpu_ms": round(float(np.median(spent)), 3) for way, spent in times.items()}
        measured.append({"rows": step, "prefix": choice.dims, "candidates": choice.candidates, "ef": graph.ef, "graph_recall": round(recall, 4), **found})
    for row in reversed(measured):
        if row["exact_cpu_ms"] - row["graph_cpu_ms"] < _PAYS_MS:
            break
        pays = int(row["rows"])
    return {"measured": measured, "graph_from": pays}
