"""Two hundred prompts with random keys, the answers marked by their pitch: how many segments hold the wrong one, how many onsets are cut.

Run from the project: `python tests/bench/elicitation_200.py [SESSIONS]`. The answers are played through `fieldapp record --source` faster than
real time; every key is stamped at a frame of the source. A sixth of the answers begin exactly 300 ms before their key, another sixth up to that.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import soundfile

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from e2e.marked_session import make_session  # noqa: E402  (the project is not installed)

PROMPTS = 200


def one(seed: int, folder: Path) -> dict[str, Any]:
    """One session of 200 prompts."""
    session = make_session(PROMPTS, seed)
    words = ["--source", str(session.write_sound(folder / "played.wav")), "--speed", "0", "--prompts", str(session.write_list(folder / "list.csv"))]
    begun = time.perf_counter()
    command = [sys.executable, "-m", "fieldapp", "record", str(folder / "book"), *words, "--speaker", "W1", "--json"]
    told = subprocess.run(command, input=session.script(), capture_output=True, text=True, check=True, cwd=ROOT)
    seconds = time.perf_counter() - begun
    answer = json.loads(told.stdout)["sessions"][0]
    heard = soundfile.read(folder / "book" / answer["files"][0]["path"], dtype="float32")[0]
    counts = {name: len(found) for name, found in session.mistakes(answer["segments"], heard).items()}
    early = sum(any(answer.start < second < answer.stop for second, _ in session.keys) for answer in session.answers)
    facts = {"seed": seed, "keys": len(session.keys), "takes": len(answer["segments"]), "began_before_key": early}
    return {**facts, **counts, "sound_s": session.seconds, "s": round(seconds, 1)}


def main() -> int:
    """Several sessions, one JSON document."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    runs = []
    for seed in range(count):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(one(seed, Path(folder)))
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    total = {name: sum(run[name] for run in runs) for name in ("takes", "began_before_key", "mismatched", "cut", "missing")}
    sys.stdout.write(json.dumps({"bench": "elicitation_200", "machine": machine, "total": total, "runs": runs}, indent=2) + "\n")
    return 1 if total["mismatched"] or total["cut"] or total["missing"] else 0


if __name__ == "__main__":
    sys.exit(main())
