"""SeqSim between all recordings of many sites: speed and memory on made-up frames of the shape of the YuBao retrieval benchmark (78 sites)."""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.lab.metrics import Pool

FRAMES_PER_SECOND = 25


def arguments(parser: argparse.ArgumentParser) -> None:
    """The shape."""
    parser.add_argument("--sites", type=int, default=78, help="sites (default 78)")
    parser.add_argument("--sentences", type=int, default=50, help="sentences each site has (default 50)")
    parser.add_argument("--seconds", type=float, default=3.0, help="mean length of a sentence; they run from half to one and a half of it (default 3)")
    parser.add_argument("--width", type=int, default=512, help="numbers a frame (default 512)")
    parser.add_argument("--threads", type=int, default=1, help="pairs of sites compared at once, beside what the matrix library does by itself (default 1)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Compare every two sites, each with itself too; one matrix a pair serves both directions."""
    import numpy as np

    from fieldapp.lab.metrics import Pool
    from fieldapp.lab.ranking import ranks

    chance = np.random.default_rng(0)
    shared = [chance.standard_normal((1, options.width)).astype(np.float32) for _ in range(options.sentences)]
    sites = []
    for number in range(options.sites):
        progress(0.05 * number / options.sites, f"making site {number + 1}")
        lengths = chance.integers(round(options.seconds * FRAMES_PER_SECOND / 2), round(options.seconds * FRAMES_PER_SECOND * 1.5) + 1, options.sentences)
        sites.append(Pool.of([0.2 * one + chance.standard_normal((length, options.width)).astype(np.float32) for one, length in zip(shared, lengths)]))
    pairs = [(one, other) for one in range(options.sites) for other in range(one, options.sites)]
    began, worked = time.perf_counter(), time.process_time()
    hits = [float(ranks(scores, np.eye(options.sentences, dtype=np.bool_)).hits(1).mean()) for scores in _matrices(sites, pairs, options.threads, progress)]
    seconds, work = time.perf_counter() - began, time.process_time() - worked
    data: dict[str, Any] = {
        "sites": options.sites,
        "sentences": options.sentences,
        "width": options.width,
        "frames": sum(len(site.frames) for site in sites),
        "pairs_of_sites": len(pairs),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(work, 1),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "mean_r1": round(float(np.mean(hits)), 4),
    }
    text = (
        f"{len(pairs)} pairs of {options.sites} sites ({data['frames']} frames of {options.width}): {seconds:.1f} s, {work:.1f} s of processor time, "
        f"{data['peak_bytes'] / 1e9:.2f} GB at most; both directions"
    )
    return Answer(text, data)


def _matrices(sites: Sequence[Pool], pairs: Sequence[tuple[int, int]], threads: int, progress: Progress) -> Any:
    from fieldapp.lab.metrics import seqsim_matrix

    with ThreadPoolExecutor(max(1, threads), thread_name_prefix="seqsim") as pool:
        for number, scores in enumerate(pool.map(lambda pair: seqsim_matrix(sites[pair[0]], sites[pair[1]]), pairs)):
            progress(0.05 + 0.95 * number / len(pairs), f"{number} of {len(pairs)} pairs")
            yield scores
