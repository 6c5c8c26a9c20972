"""The encoder beside what this processor could do at best, the cost of vectors, and how fast the engine starts.

Times are processor time of one thread, which is the wall's on an idle machine and fair on a busy one; only the start is by the wall.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.commands import Answer, Progress
from fieldapp.commands.bench import gemm
from fieldapp.commands.bench.rehearsal import machine, model_of, synthetic_voice
from fieldapp.errors import FieldError
from fieldapp.paths import resource
from fieldapp.speech.embed import embedded, pack, speech_steps
from fieldapp.speech.endpoints import WINDOW
from fieldapp.speech.manifest import Context
from fieldapp.speech.random_whisper import SHAPES as MODELS
from fieldapp.speech.random_whisper import make
from fieldapp.speech.recogniser import F32, RATE
from fieldapp.speech.whisper import Whisper

WINDOWS = (2.0, 5.0, 10.0, 30.0)
EXACT = Context("flexible", 0.0)
COLD_START = """
import json, sys, time
from pathlib import Path
import numpy as np
from fieldapp.commands.bench.rehearsal import peak_megabytes
from fieldapp.speech import live, vad, whisper
from fieldapp.speech.manifest import Context
began = time.perf_counter()
model = whisper.load(Path(sys.argv[1]), "cpu", threads=1)
voice = vad.VoiceActivity()
voice.push(np.zeros(1600, np.float32))
ready = time.perf_counter() - began
encoded = model.encode([np.zeros(32000, np.float32)], Context("flexible", 1.28))
model.generate(encoded, ["en"], task="transcribe", beam=1, limits=[8])
first = time.perf_counter() - began
print(json.dumps({"ready_s": round(ready, 3), "first_text_s": round(first, 3), "peak_mb": peak_megabytes()}))
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which shapes, how often."""
    parser.add_argument("--sizes", nargs="+", default=["tiny", "base", "small"], choices=sorted(MODELS), help="shapes of models (default tiny base small)")
    parser.add_argument("--model", type=Path, help="a model's folder whose start is measured, too (else: the bundled one, where it is there)")
    parser.add_argument("--rounds", type=int, default=7, help="times each window is encoded; the median and the best count (default 7)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Measure rates, windows, vectors and the start."""
    about = machine()
    progress(0.0, "matrix products")
    rates = {"int8_gops": round(gemm.rate("int8"), 1), "float32_gflops": round(gemm.rate("float32"), 1)}
    sizes: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, size in enumerate(options.sizes):
            progress((1 + number) / (2 + len(options.sizes)), f"{size}: windows and vectors")
            model = model_of(Path(folder), size)
            sizes[size] = {"windows": windows(model, size, rates, max(1, options.rounds)), "final": vector_cost(model, max(1, options.rounds))}
        progress(0.95, "cold start")
        start = {size: cold_start(Path(folder) / size) for size in options.sizes}
        start["mini"] = cold_start(make(Path(folder) / "mini-start"))
        if given := options.model or _bundled():
            start[given.name] = cold_start(given)
    data = {"bench": "encode", "threads": 1, "clock": "processor time", "rates": rates, "sizes": sizes, "cold_start": start, "machine": about}
    return Answer(_as_text(data), data)


def windows(model: Whisper, size: str, rates: dict[str, float], rounds: int) -> dict[str, Any]:
    """Milliseconds for each window, beside the floor; the rounds go over all windows in turn, so that a busy moment hits all.

    The spectrogram is made by numpy, before the encoder; it is taken off where the encoder stands beside its floor.
    """
    voice = synthetic_voice(30.0, 1)
    times: dict[float, list[tuple[float, float]]] = {seconds: [] for seconds in WINDOWS}
    for turn in range(rounds + 1):
        for seconds in WINDOWS:
            row = voice[: round(seconds * RATE)]
            whole = _seconds(lambda row=row: model.encode([row], EXACT))  # type: ignore[misc]
            if turn:  # the first run of a shape makes its buffers
                times[seconds].append((whole, _seconds(lambda row=row: model.spectrograms([row], EXACT))))  # type: ignore[misc]
    found = {}
    for seconds, taken in times.items():
        floor = floor_seconds(size, seconds, rates)
        best, spectrogram = min(whole for whole, _ in taken), min(before for _, before in taken)
        found[f"{seconds:g}s"] = {
            "median_ms": round(statistics.median(whole for whole, _ in taken) * 1e3, 1),
            "best_ms": round(best * 1e3, 1),
            "of_it_spectrogram_ms": round(spectrogram * 1e3, 1),
            "floor_ms": round(floor * 1e3, 1),
            "share_of_floor_rate": round(floor / (best - spectrogram), 2),
        }
    return found


def floor_seconds(size: str, seconds: float, rates: dict[str, float]) -> float:
    """Time for the multiplications alone: projections in 8-bit integers, attention and convolutions in floats."""
    shape, steps = MODELS[size], seconds * 50
    linear = 24 * steps * shape.width**2 * shape.layers
    attention = 4 * steps**2 * shape.width * shape.layers
    convolutions = 2 * 3 * shape.width * (2 * steps * shape.mels + steps * shape.width)
    return float(linear / rates["int8_gops"] + (attention + convolutions) / rates["float32_gflops"]) / 1e9


def vector_cost(model: Whisper, rounds: int) -> dict[str, Any]:
    """A final of 5 s with 20 tokens, and what vectors and kept frames add to it; the encoder runs once for both."""
    row, finals, vectors, before = synthetic_voice(5.0, 2), list[float](), list[float](), model.encodes
    probabilities: F32 = np.full(len(row) // WINDOW, 0.9, np.float32)
    for _ in range(rounds):
        began = time.process_time()
        encoded = model.encode([row], Context("flexible", 1.28))
        model.generate(encoded, ["en"], task="transcribe", beam=1, limits=[20])
        finals.append(time.process_time() - began)
        vectors.append(_seconds(lambda encoded=encoded: _vectors(model, encoded, probabilities)))  # type: ignore[misc]
    share = statistics.median(vectors) / statistics.median(finals)
    times = {"final_ms": round(statistics.median(finals) * 1e3, 1), "vectors_ms": round(statistics.median(vectors) * 1e3, 3)}
    return {**times, "vectors_share": round(share, 4), "encodes_a_final": (model.encodes - before) / rounds}


def cold_start(folder: Path) -> dict[str, Any]:
    """The best of three new processes: from imports done to a loaded engine, and to its first text."""
    runs = [json.loads(subprocess.run([sys.executable, "-c", COLD_START, str(folder)], check=True, capture_output=True).stdout) for _ in range(3)]
    best: dict[str, Any] = min(runs, key=lambda found: found["ready_s"])
    return best


def _bundled() -> Path | None:
    """The model that comes with Fieldapp, if this copy has it."""
    try:
        return resource("models", "starter")
    except FieldError:
        return None


def _vectors(model: Whisper, encoded: Any, probabilities: F32) -> None:
    states = model.frames(encoded)[0]
    pack(embedded(states, speech_steps(probabilities, len(states))).kept)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _as_text(data: dict[str, Any]) -> str:
    lines = [f"one thread multiplies {data['rates']['int8_gops']:.0f} GOP/s in int8, {data['rates']['float32_gflops']:.0f} GFLOP/s in float32"]
    for size, found in data["sizes"].items():
        for window, times in found["windows"].items():
            share = f"{times['share_of_floor_rate']:.0%} of the floor's rate"
            took = f"best {times['best_ms']:8.1f} ms  median {times['median_ms']:8.1f}  of it spectrogram {times['of_it_spectrogram_ms']:5.1f}"
            lines.append(f"  {size:<6} {window:>4}  {took}  floor {times['floor_ms']:8.1f}  {share}")
        final = found["final"]
        vectors = f"vectors {final['vectors_ms']} ms ({final['vectors_share']:.2%})"
        lines.append(f"  {size:<6} final of 5 s {final['final_ms']} ms, {vectors}, {final['encodes_a_final']:g} encoder run")
    for size, start in data["cold_start"].items():
        lines.append(f"  {size:<6} ready in {start['ready_s']} s, first text {start['first_text_s']} s, {start['peak_mb']} MB")
    return "\n".join(lines)
