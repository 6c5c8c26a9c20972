"""Eight hours through the recorder: its share of a core in real time, its memory over an accelerated source, and the roll-over before 4 GiB.

    python tests/bench/recorder_long.py --hours 8 --realtime 60 --out tests/bench/results/2026-11-21-recorder-long.json

48 kHz, 24 bits, stereo, with levels and spectrum asked for thirty times a second as a window does in the real-time part.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psutil
from e2e.recorders import recorder_ends_with, until
from e2e.virtual_mic import RATE, VirtualMic, breaks, missing, read_marker, write_marker

from fieldapp.audio.client import RecorderClient
from fieldapp.audio.masters import read_master
from fieldapp.model import Span


def in_real_time(book: Path, seconds: float, watched: bool) -> dict[str, Any]:
    """CPU and memory while the virtual microphone (or a file) is recorded."""
    with RecorderClient.start_or_attach(book, reserve=0) as client:
        if missing():
            write_marker(book / "marker.wav", seconds + 10)
            client.arm_file(book / "marker.wav")
        else:
            client.arm("mic", channels=2)
            until(lambda: client.levels()["peak"])
        client.record(book / "audio" / "m", peaks=book / "derived" / "peaks")
        process = psutil.Process(client.pid)
        time.sleep(2)
        began, before = time.monotonic(), sum(process.cpu_times()[:2])
        while time.monotonic() - began < seconds:
            if watched:
                client.levels(spectrum=True)
            time.sleep(1 / 30)
        used, memory = sum(process.cpu_times()[:2]) - before, process.memory_info().rss
        wall = time.monotonic() - began
        client.stop()
    return {"seconds": seconds, "cpu_percent_of_one_core": round(100 * used / wall, 2), "rss_mb": round(memory / 2**20, 1)}


def accelerated(book: Path, hours: float) -> dict[str, Any]:
    """As fast as the disk takes it; ten minutes of numbered sound, over and over."""
    times = round(hours * 6)
    write_marker(book / "marker.wav", 600)
    memory: list[float] = []
    with RecorderClient.start_or_attach(book, reserve=10**9) as client:
        client.arm_file(book / "marker.wav", speed=0, times=times)
        client.record(book / "audio" / "m", peaks=book / "derived" / "peaks")
        process = psutil.Process(client.pid)
        process.nice(10)  # as fast as it can, but not in the way of others
        began = time.monotonic()
        while client.status()["state"] == "recording":
            memory.append(process.memory_info().rss / 2**20)
            time.sleep(0.25)
        wall, used = time.monotonic() - began, sum(process.cpu_times()[:2])
        last = client.status()["last"]
    master = read_master(book / "audio" / "m")
    seam = master.parts[-1]
    numbers = read_marker(master.parts[0].read(Span(master.parts[0].frames - RATE, master.parts[0].frames)))
    then = read_marker(seam.read(Span(0, RATE)))
    third = max(1, len(memory) // 3)
    return {
        "hours": hours,
        "frames_missing": round(times * 600 * RATE) - last["frames"],
        "why": last["why"],
        "wall_seconds": round(wall, 1),
        "cpu_seconds_an_hour_of_sound": round(used / hours, 2),
        "parts": [{"bytes": part.path.stat().st_size, "first_frame": part.first_frame} for part in master.parts],
        "seam_breaks": len(breaks(numbers)) + len(breaks(then)) + int(numbers[-1] % (600 * RATE) + 1 != then[0]) if len(master.parts) > 1 else None,
        "time_reference_goes_on": seam.layout.time_reference - master.parts[0].layout.time_reference == seam.first_frame,
        "rss_mb_first_third": round(max(memory[:third]), 1),
        "rss_mb_last_third": round(max(memory[-third:]), 1),
    }


def main() -> int:
    """Run, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--realtime", type=float, default=60.0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    outcome: dict[str, Any] = {"machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"}
    mic = None if missing() else VirtualMic()
    os.environ.update(mic.environment if mic else {})
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, watched in (("real_time", False), ("real_time_watched", True)):
                with recorder_ends_with(Path(folder) / name) as book:
                    outcome[name] = in_real_time(book, options.realtime, watched)
            with recorder_ends_with(Path(folder) / "long") as book:
                outcome["accelerated"] = accelerated(book, options.hours)
    finally:
        if mic:
            mic.close()
    text = json.dumps(outcome, indent=2)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
