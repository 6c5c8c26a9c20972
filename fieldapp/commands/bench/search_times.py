"""Times of the clock and of the processor, and what is told of many. Used by the benches of searching."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def timed(work: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Milliseconds of the clock and of the processor, and what came out."""
    start, working = time.perf_counter(), time.thread_time()
    result = work()
    return (1000 * (time.perf_counter() - start), 1000 * (time.thread_time() - working)), result


def percentiles(spent: Sequence[tuple[float, float]]) -> dict[str, float]:
    if not spent:
        return {}
    clock, processor = np.array(spent).T
    told = {"p50_ms": np.percentile(clock, 50), "p99_ms": np.percentile(clock, 99), "cpu_p50_ms": np.percentile(processor, 50)}
    return {name: round(float(value), 2) for name, value in told.items()}
