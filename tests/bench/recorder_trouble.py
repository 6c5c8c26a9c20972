"""Kill the application and the recorder, pull the plug, again and again, and count what is missing.

    python tests/bench/recorder_trouble.py --times 20 --plugs 10 --out tests/bench/results/2026-11-21-recorder-trouble.json

The source of the killings is a file in real time whose frames are numbered; the plug is that of the virtual microphone. Full and
read-only disks are in tests/e2e/test_disks.py.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from e2e.killing import kill_the_application, kill_the_recorder
from e2e.plugging import unplug_again_and_again
from e2e.recorders import recorder_ends_with
from e2e.virtual_mic import VirtualMic, missing


def kill_recorders(folder: Path, times: int, seed: int) -> dict[str, Any]:
    """Each time a fresh recording, killed at a random moment of its first seconds."""
    chance = random.Random(seed)
    losses = [kill_the_recorder(folder / f"r{number}", after=chance.uniform(0.2, 4.0)) for number in range(times)]
    return {
        "kills": times,
        "most_lost_seconds": round(max(loss["lost_seconds"] for loss in losses), 3),
        "most_unseen_before_repair_seconds": round(max(loss["tail_unseen_before_repair_seconds"] for loss in losses), 3),
        "all_programs_open_every_file_before_and_after_repair": all(loss["intact"] for loss in losses),
    }


def main() -> int:
    """Run, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--plugs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    outcome: dict[str, Any] = {"machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with recorder_ends_with(folder / "a") as book:
            outcome["application_killed"] = kill_the_application(book, options.times, options.seed)
        outcome["recorder_killed"] = kill_recorders(folder, options.times, options.seed)
        if why := missing():
            outcome["unplugged"] = why
        else:
            mic = VirtualMic()
            os.environ.update(mic.environment)
            try:
                with recorder_ends_with(folder / "p") as book:
                    plugged = unplug_again_and_again(mic, book, ["unplug", "freeze"] * (options.plugs // 2))
                outcome["unplugged"] = {**plugged, "largest_error_ms": max(abs(gap["error_ms"]) for gap in plugged["gaps"])}
            finally:
                mic.close()
    text = json.dumps(outcome, indent=2)
    sys.stdout.write(text + "\n")
    if options.out:
        options.out.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
