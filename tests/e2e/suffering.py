"""Recording a numbered signal from the virtual microphone while the application suffers; shared by a test and a bench.

An independent ear on the virtual card's monitor (`parec`) hears the same: a break both hear at the same number is the card's or the
player's own; one that only the recorder has would be ours.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from e2e.killing import application, put_down
from e2e.recorders import until
from e2e.virtual_mic import RATE, VirtualMic, breaks, read_marker, write_marker
from fieldapp.audio.client import RecorderClient
from fieldapp.audio.launch import own_surroundings
from fieldapp.audio.masters import read_master
from fieldapp.model import Span
from fieldapp.speech import random_whisper

BLOCK = 60 * RATE
LOAD = "import os; os.nice(10)\nwhile True: sum(range(9999))"  # other people's background work
ENCODING = Path(__file__).with_name("encoding.py")


def marker_breaks(blocks: Any) -> tuple[list[tuple[int, int]], int, int]:
    """Breaks as (number before, number after), first and last number heard, over blocks read one by one."""
    found: list[tuple[int, int]] = []
    first = last = 0
    for block in blocks:
        numbers = read_marker(block)
        if last and len(numbers):  # numbering goes on across the seam between two blocks
            numbers = np.concatenate([[last], numbers])
        heard = numbers[np.flatnonzero(numbers)]
        if not len(heard):
            continue
        first = first or int(heard[0])
        found += [(before, after) for _, before, after in breaks(numbers)]
        last = int(heard[-1])
    return found, first, last


@contextlib.contextmanager
def busy_cores(folder: Path, models: int, size: str) -> Iterator[None]:
    """A process a core that only counts, and so many models that encode without pause on all cores, at the recorder's own priority."""
    cores = os.cpu_count() or 1
    loads = [subprocess.Popen([sys.executable, "-c", LOAD], stdout=subprocess.PIPE) for _ in range(cores)]
    try:
        if models:
            made = random_whisper.make(folder / "model", size)
            encoders = [
                subprocess.Popen([sys.executable, str(ENCODING), str(made), str(cores)], stdout=subprocess.PIPE, env=own_surroundings()) for _ in range(models)
            ]
            loads += encoders
            for encoder in encoders:
                assert encoder.stdout
                assert encoder.stdout.readline() == b"encoding\n"
        yield
    finally:
        for process in loads:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()


def record_while_suffering(book: Path, mic: VirtualMic, seconds: float, models: int = 0, size: str = "small") -> dict[str, Any]:
    """One recording; every lost or doubled frame is seen and blamed."""
    with busy_cores(book, models, size):
        return {"models_encoding": f"{models} x {size} int8" if models else "none", **_record(book, mic, seconds)}


def _record(book: Path, mic: VirtualMic, seconds: float) -> dict[str, Any]:
    write_marker(book / "marker.wav", seconds)
    ear = mic.listen(book / "ear.raw")
    suffering = application(book, "--torture", str(seconds + 5))
    with RecorderClient.attach(book, "bench") as watcher:
        recorder = psutil.Process(watcher.pid)
        if hasattr(os, "nice"):
            recorder.nice(0)  # not every system grants the priority it asks for
        until(lambda: watcher.status()["frames"] > RATE)
        began, cpu = time.monotonic(), sum(recorder.cpu_times()[:2])
        mic.play(book / "marker.wav").wait(seconds + 60)
        wall, cpu = time.monotonic() - began, sum(recorder.cpu_times()[:2]) - cpu
        memory = recorder.memory_info().rss
        time.sleep(1.5)
        status = watcher.status()
        watcher.stop()
    put_down(suffering)
    ear.terminate()
    ear.wait()
    master = read_master(book / "audio" / "m")
    ours, first, last = marker_breaks(part.read(Span(at, min(at + BLOCK, part.frames))) for part in master.parts for at in range(0, part.frames, BLOCK))
    raw = np.memmap(book / "ear.raw", np.float32, "r")
    heard = raw[: len(raw) // 2 * 2].reshape(-1, 2)
    theirs, *_ = marker_breaks(heard[at : at + BLOCK] for at in range(0, len(heard), BLOCK))
    card = set(theirs)
    return {
        "seconds_played": seconds,
        "first_number": first,
        "last_number": last,
        "frames_played": round(seconds * RATE),
        "overflows": status["overflows"],
        "gaps_logged": len(master.events),
        "breaks_heard_by_the_recorder": len(ours),
        "breaks_heard_by_the_other_ear": len(theirs),
        "breaks_only_the_recorder_heard": [each for each in ours if each not in card],
        "frames_lost_by_the_recorder": sum(max(0, after - before - 1) for before, after in ours if (before, after) not in card),
        "recorder_cpu_percent_of_one_core": round(100 * cpu / wall, 2),
        "recorder_rss_mb": round(memory / 2**20, 1),
    }
