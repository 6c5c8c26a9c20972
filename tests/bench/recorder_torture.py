"""Record a numbered signal from the virtual microphone while the application suffers; every lost or doubled frame is seen and blamed.

    python tests/bench/recorder_torture.py --seconds 600 --models 2 --out tests/bench/results/2026-11-21-recorder-torture-with-models.json

The application runs four busy threads, collects garbage over a million objects, and blocks its main thread for 5 s at a time; further
processes load every core, with `--models` also such in which a model encodes 30 s windows on all cores without pause; the recorder's
raised priority is taken from it. The marker signal numbers every frame. An independent ear on
the virtual card's monitor (`parec`) hears the same: a break both hear at the same number is the card's or the player's own; one that
only the recorder has would be ours.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from e2e.recorders import recorder_ends_with
from e2e.suffering import record_while_suffering
from e2e.virtual_mic import VirtualMic, missing

from fieldapp.speech.random_whisper import SHAPES


def main() -> int:
    """Run, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--models", type=int, default=0, metavar="N", help="so many Whisper models of random weights encode beside it")
    parser.add_argument("--size", choices=sorted(SHAPES), default="small", help="of these models")
    parser.add_argument("--journal", type=Path, help="keep the recorder's journal here")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if why := missing():
        sys.stderr.write(why + "\n")
        return 1
    mic = VirtualMic()
    os.environ.update(mic.environment)
    try:
        with tempfile.TemporaryDirectory() as folder, recorder_ends_with(Path(folder) / "book") as book:
            outcome = record_while_suffering(book, mic, options.seconds, options.models, options.size)
            if options.journal:
                shutil.copy(book / "audio" / "m.journal.jsonl", options.journal)
    finally:
        mic.close()
    machine = {"machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}", "load_of_the_last_5_minutes": os.getloadavg()[1]}
    text = json.dumps(machine | outcome, indent=2)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text + "\n")
    return 0 if not outcome["frames_lost_by_the_recorder"] and not outcome["overflows"] else 1


if __name__ == "__main__":
    sys.exit(main())
