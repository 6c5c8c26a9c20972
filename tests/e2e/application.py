"""A stand-in for the application that starts the recorder: `python application.py FOLDER [SOURCE]`. It can be told to suffer.

It starts or attaches, records, and then either waits to be killed or, with `--torture SECONDS`, does to its own process what a window full of
Python can do: four busy threads, garbage collections over a million objects, a blocked main thread.
"""

from __future__ import annotations

import argparse
import gc
import sys
import threading
import time
from pathlib import Path

from fieldapp.audio.client import RecorderClient


def busy(until: float) -> None:
    """Pure Python that never lets go of the interpreter by itself."""
    number = 0
    while time.monotonic() < until:
        number += sum(range(2000))


def torture(seconds: float) -> None:
    """Everything at once, as often as it fits."""
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=busy, args=(until,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    heap = [[number] for number in range(1_000_000)]
    while time.monotonic() < until:
        gc.collect()
        time.sleep(min(5.0, max(0.0, until - time.monotonic())))  # the window hangs
    heap.clear()
    for thread in threads:
        thread.join()


def main() -> None:
    """Record, then wait or suffer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--torture", type=float, default=0.0)
    options = parser.parse_args()
    recorder = RecorderClient.start_or_attach(options.folder, reserve=0)
    if recorder.status()["state"] == "idle":
        if options.source:
            recorder.arm_file(options.source, options.speed)
        else:
            recorder.arm("mic", channels=2)
    if recorder.status()["state"] == "armed":
        recorder.record(options.folder / "audio" / "m", peaks=options.folder / "derived" / "peaks")
    sys.stdout.write("recording\n")
    sys.stdout.flush()
    if options.torture:
        torture(options.torture)
    else:
        time.sleep(600)


if __name__ == "__main__":
    main()
