"""Searching by vectors: how long whole answers take, how many of the nearest they hold, beside other ways of searching.

A whole answer is everything but the encoding of the query: candidates, ranking by the stored vectors, rows and texts of ten segments.
All ways take turns, query by query. Recall is the share of the ten nearest by comparing with every stored vector. The size from
which a graph pays is measured, too; --record writes it to the settings.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from fieldapp.commands import Answer, Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """How big, beside whom, where."""
    parser.add_argument("--sizes", default="10000,100000", help="numbers of segments, comma-separated (10000,100000); a million takes minutes")
    parser.add_argument("--queries", type=int, default=200, help="queries of each kind (200)")
    parser.add_argument("--graph-from", type=int, metavar="N", help="have a graph from so many segments on (else as the application does)")
    parser.add_argument("--flat", action="store_true", help="vectors whose numbers all carry the same, as whitening makes them")
    parser.add_argument("--peers", choices=("all", "flat", "none"), default="all", help="side by side with all other ways, with those without a graph, or none")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep the fieldbooks here, or use those that are there")
    parser.add_argument("--only-build", action="store_true", help="make the fieldbooks and their indexes in --keep, measure nothing")
    parser.add_argument("--book", metavar="DIR", type=Path, help="measure the vectors that this fieldbook holds, too")
    parser.add_argument("--no-crossover", action="store_true", help="do not measure from which size on a graph pays")
    parser.add_argument("--record", action="store_true", help="write the measured crossover to the settings")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Build, ask, compare."""
    from fieldapp.commands.bench import search_measures as measures
    from fieldapp.commands.bench.search_crossover import crossover
    from fieldapp.store.index import GRAPH_FROM

    sizes = [int(size) for size in options.sizes.split(",")]
    graph_from = options.graph_from or GRAPH_FROM
    spectrum = "flat" if options.flat else "falling"
    data: dict[str, Any] = {"cpus": os.cpu_count(), "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "all"), "spectrum": spectrum}
    with contextlib.ExitStack() as stack:
        scratch = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fieldapp-bench-")))
        data["sizes"] = {}
        for size in sizes:
            book = scratch / f"{spectrum}-{size}"
            found = measures.make(book, size, progress, flat=options.flat, graph_from=graph_from)
            if not options.only_build:
                found |= measures.measure(book, size, progress, flat=options.flat, queries=options.queries, peers=options.peers, graph_from=graph_from)
            data["sizes"][str(size)] = found
        if options.book:
            data["book"] = measures.stored(options.book, progress, queries=options.queries, peers=options.peers)
        if not options.only_build and not options.no_crossover:
            data["crossover"] = crossover(max(sizes), progress, flat=options.flat)
    if options.record and "crossover" in data:
        _record(int(data["crossover"]["graph_from"]))
    return Answer(_as_text(data), data)


def _record(graph_from: int) -> None:
    from dataclasses import replace

    from fieldapp import paths, settings

    file = paths.config() / settings.FILE
    settings.save(replace(settings.load(file)[0], search_graph_from=max(1000, graph_from)), file)


def _as_text(data: dict[str, Any]) -> str:
    lines = [f"{data['cpus']} cores, BLAS threads: {data['blas_threads']}, {data['spectrum']} spectrum"]
    for size, found in data["sizes"].items():
        lines.append(f"\n{int(size):,} segments")
        for name, value in found.items():
            if isinstance(value, list):
                lines += [_way(row) for row in value]
            elif isinstance(value, dict):
                lines.append(f"  {name}: " + ", ".join(f"{key} {part}" for key, part in value.items()))
            else:
                lines.append(f"  {name}: {value}")
    for kind, found in data.get("book", {}).items():
        lines += [f"\n{found['segments']:,} segments of the fieldbook by {kind}", *(_way(row) for row in found["ways"])]
    if "crossover" in data:
        rows = [f"  {row['rows']:>8,} rows: exact {row['exact_cpu_ms']:.2f} ms, graph {row['graph_cpu_ms']:.2f} ms" for row in data["crossover"]["measured"]]
        lines += ["\nproposing candidates, p50 of processor time", *rows, f"  a graph from {data['crossover']['graph_from']:,} on"]
    return "\n".join(lines)


def _way(row: dict[str, Any]) -> str:
    times = f"p50 {row['p50_ms']:8.2f}  p99 {row['p99_ms']:8.2f}  cpu p50 {row['cpu_p50_ms']:7.2f} ms"
    return f"  {row['way']:34} {times}  recall {row['recall']:.3f}"
