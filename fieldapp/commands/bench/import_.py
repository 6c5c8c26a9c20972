"""An archive's worth of speech through four pipelines in turn: ours with short and with packed windows, faster-whisper's default and batched.

The same model (8-bit integers, random weights), audio, beam 1, fixed language, and the same number of tokens in all: what
our voice detector hears times the talking speed, spread over each pipeline's windows. Each run is a process of its own, so
that peak memory is its own; loading the model is not timed, listening for speech is.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from fieldapp.commands import Answer, Progress
from fieldapp.commands.bench.rehearsal import TOKENS_PER_SECOND, WORK, machine, model_of, talk
from fieldapp.errors import WrongUsage

OURS = ("short", "packed")
ARMS = (*OURS, "default", "batched")
GOALS = (("short", "default"), ("short", "batched"), ("packed", "default"))


def arguments(parser: argparse.ArgumentParser) -> None:
    """How much, on what."""
    parser.add_argument("--minutes", type=float, default=4.0, help="minutes of audio (default 4)")
    parser.add_argument("--rounds", type=int, default=2, help="times all pipelines run, one after the other (default 2)")
    parser.add_argument("--size", default="small", choices=("tiny", "base", "small"), help="the model's shape (default small)")
    parser.add_argument("--audio", type=Path, help="a sound file or a folder of them (else: the recordings beside the project, or a synthetic voice)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Run all, interleaved."""
    if not options.minutes > 0 or options.rounds < 1:
        raise WrongUsage("--minutes must be above 0 and --rounds at least 1.")
    about, runs = machine(), dict[str, list[dict[str, Any]]]({arm: [] for arm in ARMS})
    audio, source = talk(options.minutes, options.audio)
    with tempfile.TemporaryDirectory() as folder:
        model_of(Path(folder), options.size)
        np.save(Path(folder) / "audio.npy", audio)
        for turn in range(options.rounds):
            for number, arm in enumerate(ARMS):
                progress((turn + number / len(ARMS)) / options.rounds, f"round {turn + 1}, {arm}")
                runs[arm].append(_one(arm, Path(folder), options.size))
    arms = {arm: _summary(found, options.minutes * 60) for arm, found in runs.items()}
    ratios = {f"{one}_over_{other}": _ratio(runs, one, other, "seconds") for one, other in GOALS}
    cpu = {f"{one}_over_{other}": _ratio(runs, one, other, "cpu_seconds") for one, other in GOALS}
    data = {"bench": "import", "model": f"{options.size} int8", "minutes": options.minutes, "rounds": options.rounds, "audio": source}
    data |= {"tokens_per_second": TOKENS_PER_SECOND, "beam": 1, "arms": arms, "times_as_fast": ratios, "times_less_processor_time": cpu}
    return Answer(_as_text(data), {**data, "how": WORK, "machine": about})


def _one(arm: str, folder: Path, size: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "fieldapp.commands.bench.import_arms", arm, str(folder / size), str(folder / "audio.npy")]
    ours = arm in OURS  # a peer multiplies as it comes, on every core: our own wish (`cores.py`) would slow its spectrogram down
    environment = dict(os.environ) if ours else {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)
    return found


def _summary(found: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    took = statistics.median(run["seconds"] for run in found)
    return {
        "seconds": [run["seconds"] for run in found],
        "cpu_seconds": [run["cpu_seconds"] for run in found],
        "times_real_time": round(seconds / took, 2),
        "peak_mb": max(run["peak_mb"] for run in found),
        "tokens": found[0]["tokens"],
        "encoder_runs": found[0]["windows"],
    }


def _ratio(runs: dict[str, list[dict[str, Any]]], one: str, other: str, what: str) -> float:
    """How many times as fast the first is: the median over the rounds, each compared within itself."""
    return round(float(statistics.median(b[what] / a[what] for a, b in zip(runs[one], runs[other]))), 2)


def _as_text(data: dict[str, Any]) -> str:
    lines = [f"{data['model']}, {data['minutes']:g} min ({data['audio']}), beam 1, {data['rounds']} rounds"]
    for arm, found in data["arms"].items():
        work = f"{found['tokens']} tokens, {found['encoder_runs']} encoder runs"
        lines.append(f"  {arm:<8} {found['times_real_time']:6.2f} times real time, peak {found['peak_mb']} MB, {work}")
    lines += [f"  {name.replace('_', ' ')}: {ratio} times" for name, ratio in data["times_as_fast"].items()]
    return "\n".join(lines)
