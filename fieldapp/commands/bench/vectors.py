"""How small kept frames become, how fast a head is made and a space is read; with --text, what a query costs."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.commands import Answer, Progress
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.speech.embed import F32, keep, pack, unit, unpack
from fieldapp.store import segments, sessions, spaces, vectors
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

SECONDS = 5.0
RATE = 16_000
_BATCH = 50_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much."""
    parser.add_argument("--size", default="base", choices=("mini", "tiny", "base", "small"), help="shape of the speech model (random weights; default base)")
    parser.add_argument("--head", type=int, default=10_000, metavar="N", help="segments a head is made of (default 10000)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="vectors of 256 numbers in the space that is read (default 1000000)")
    parser.add_argument("--text", metavar="MODEL", default="", help="a sentence encoder: time its queries, too")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Measure one thing after the other."""
    with tempfile.TemporaryDirectory() as place:
        progress(0.0, "frames")
        data: dict[str, Any] = {"frames": _kept(Path(place) / "model", options.size)}
        progress(0.3, "heads")
        width = data["frames"]["width"]
        data["head"] = {"meaning": _head(options.head, width), "sound": _head(options.head, 3 * width)}
        progress(0.5, "a space")
        data["space"] = _space(Path(place) / "book", options.rows, progress)
    if options.text:
        data["text"] = _text(options.text)
    lines = [f"{part}: {', '.join(f'{key} {value}' for key, value in found.items())}" for part, found in data.items()]
    return Answer("\n".join(lines), data)


def _kept(folder: Path, size: str) -> dict[str, Any]:
    """How small frames become, and how near they stay. (What they cost beside a final: fieldapp bench encode.)"""
    from fieldapp.speech import random_whisper, whisper
    from fieldapp.speech.manifest import Context

    model = whisper.load(random_whisper.make(folder, size), "cpu", threads=1)
    audio = np.random.default_rng(0).standard_normal(round(SECONDS * RATE)).astype(np.float32) * 0.1
    states = model.frames(model.encode([audio], Context("flexible", 0.0)))[0]
    stored = pack(keep(states, np.ones(len(states), np.bool_)))
    pairs = states[: len(states) // 2 * 2].reshape(-1, 2, states.shape[1]).mean(axis=1)
    likeness = (unit(pairs) * unit(unpack(stored).states[: len(pairs)])).sum(axis=1)
    return {
        "model": size,
        "width": int(states.shape[1]),
        "bytes_per_second": round(len(stored) / SECONDS),
        "states_bytes_per_second": round(states.nbytes / SECONDS),
        "least_cosine": round(float(likeness.min()), 6),
    }


def _head(count: int, width: int) -> dict[str, Any]:
    from fieldapp.speech import heads

    random = np.random.default_rng(0)
    raw = unit(random.standard_normal((count, width), np.float32) * (np.arange(1, width + 1) ** -0.5).astype(np.float32)).astype(np.float16)
    seconds, head = _timed(lambda: heads.fit(raw))
    apply_seconds, _ = _timed(lambda: head(raw.astype(np.float32)))
    return {
        "segments": count,
        "width": width,
        "fit_seconds": round(seconds, 2),
        "apply_us_each": round(1e6 * apply_seconds / count, 2),
        "bytes": len(heads.to_bytes(head)),
    }


def _space(folder: Path, rows: int, progress: Progress) -> dict[str, Any]:
    """Put that many vectors into a fieldbook and read them as a matrix."""
    random = np.random.default_rng(0)
    with Store.create(folder, "bench") as store:
        master, space = store.do(_room)
        spent = 0.0
        for start in range(0, rows, _BATCH):
            progress(0.5 + 0.4 * start / rows, f"{start} vectors")
            count = min(_BATCH, rows - start)
            made = [Segment(id=SegmentId(new_id()), recording=master, span=Span(i, i + 1)) for i in range(start, start + count)]
            store.do(lambda tx, made=made: segments.add_segments(tx, made))  # type: ignore[misc]
            values = random.standard_normal((count, space.dims), np.float32)
            spent += _timed(lambda m=made, v=values: store.do(lambda tx: vectors.put_vectors(tx, space, zip((s.id for s in m), v))))[0]  # type: ignore[misc]
        seconds, (pks, matrix) = _timed(lambda: vectors.matrix(store.reader(), space))
        lacking, _ = _timed(lambda: vectors.lacking(store.reader(), space))
        assert matrix.shape == (rows, space.dims)
        assert len(pks) == rows
    return {
        "vectors": rows,
        "dims": 256,
        "put_per_second": round(rows / spent),
        "read_seconds": round(seconds, 2),
        "find_lacking_seconds": round(lacking, 2),
        "database_bytes_each": round((folder / "fieldbook.db").stat().st_size / rows),
    }


def _room(tx: Transaction) -> tuple[RecordingId, Any]:
    session = sessions.ensure_session(tx, "bench")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/bench.wav", rate=48_000, channels=1, bits=24, frames=1 << 40)
    sessions.add_recording(tx, master)
    return master.id, spaces.ensure_space(tx, kind="meaning", model="bench", dims=256)


def _text(name: str) -> dict[str, Any]:
    from fieldapp.commands.engine import model_folder
    from fieldapp.speech.text import TextEncoder

    folder = model_folder(name)
    found: dict[str, Any] = {"model": name, "megabytes": round((folder / "model.bin").stat().st_size / 1e6, 1)}
    query = "how does grandmother say the sun is rising"
    several = [f"{query} {number} times over the hills" for number in range(64)]
    exact: F32 | None = None
    for compute_type in ("float32", "int8_float32"):
        encoder = TextEncoder(folder, compute_type=compute_type, threads=1)
        encoder([query])
        found[f"query_ms_{compute_type}"] = round(1000 * statistics.median(_timed(lambda: encoder([query]))[0] for _ in range(20)), 2)  # noqa: B023
        spent, made = _timed(lambda: encoder(several))  # noqa: B023
        found[f"sentences_64_ms_{compute_type}"] = round(1000 * spent)
        if exact is not None:
            found["int8_cosine_least"] = round(float((made * exact).sum(axis=1).min()), 4)
        exact = made
    return found


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    made = work()
    return time.perf_counter() - begun, made
