"""How soon the window can be worked with: from starting the interpreter until a page of a large fieldbook is drawn and has answered its events.

Review goes on reading then; when all segments and lists are there is printed beside it. The fieldbook is made with short recordings and
many segments, or named. Each start is a process of its own; the first warms the files and is shown apart.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fieldapp.commands import Answer, Progress
from fieldapp.commands.bench.window import make_book

PAGES = ("start", "record", "review", "find")
SHORT_H = 0.1
_START = (
    "import sys; from pathlib import Path; from fieldapp.gui.bench import start_until_usable; "
    "print(*start_until_usable(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, how often."""
    parser.add_argument("fieldbook", nargs="?", type=Path, help="a fieldbook that exists (default: one is made)")
    parser.add_argument("--segments", type=int, default=100_000, help="segments of the one that is made (100000)")
    parser.add_argument("--starts", type=int, default=7, help="starts of each page, after a first one (7)")
    parser.add_argument("--page", choices=PAGES, action="append", help="which page (default: all that are quick to reach)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Start the window again and again; pages take turns."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    pages = options.page or list(PAGES)
    with tempfile.TemporaryDirectory(prefix="fieldapp-bench-") as scratch:
        book = options.fieldbook
        if book is None:
            book = Path(scratch) / "book"
            progress(-1, "making the fieldbook")
            make_book(book, SHORT_H, options.segments)
        environment["FIELDAPP_HOME"] = scratch
        seconds: dict[str, list[tuple[float, float]]] = {page: [] for page in pages}
        for number in range(options.starts + 1):
            for page in pages:
                progress(number / (options.starts + 1), f"starting: {page}")
                seconds[page].append(_start(book, Path(scratch) / "settings.json", page, environment))
    found = {page: _figures(some) for page, some in seconds.items()}
    lines = [
        f"{page:8} {one['median']:.2f} s (worst {one['worst']:.2f} s, the first time {one['first']:.2f} s; all is read after {one['read']:.2f} s)"
        for page, one in found.items()
    ]
    of = str(options.fieldbook) if options.fieldbook else f"{options.segments:,} segments"
    return Answer(
        text="\n".join([f"from starting the process until the page is drawn and answers, {options.starts} warm starts, {of}:", *lines]),
        data={"starts": options.starts, "of": of, "seconds": found},
    )


def _figures(taken: list[tuple[float, float]]) -> dict[str, float]:
    first, *warm = (usable for usable, _ in taken)
    return {"first": first, "median": statistics.median(warm), "worst": max(warm), "read": statistics.median(read for _, read in taken[1:])}


def _start(book: Path, settings: Path, page: str, environment: dict[str, str]) -> tuple[float, float]:
    began = time.time()
    words = [sys.executable, "-c", _START, str(book), str(settings), page]
    ended = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    usable, read = (float(moment) - began for moment in ended.stdout.split())
    return usable, read
