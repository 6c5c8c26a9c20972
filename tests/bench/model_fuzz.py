"""Install damaged and malicious models by the hundred and count what becomes of them: python tests/bench/model_fuzz.py --count 150

A model may be refused when its table of contents is read, end in the child that tries it (by an error, a crash, a limit),
or be installed because only numbers differ. This process must never end by itself.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from fieldapp.errors import ModelError
from fieldapp.speech import random_whisper
from fieldapp.speech.models.binary import read_layout
from fieldapp.speech.models.intake import add_folder
from fieldapp.speech.models.shelf import Shelf


def spoil(folder: Path, rng: np.random.Generator) -> str:
    """Damage one thing in a model folder; what it was."""
    model = folder / "model.bin"
    data = bytearray(model.read_bytes())
    layout = read_layout(model)
    kind = str(rng.choice(["bits anywhere", "cut", "a heading", "numbers", "a shape", "a name", "settings", "words"]))
    variable = layout.variables[int(rng.integers(len(layout.variables)))]
    if kind == "bits anywhere":
        for at in rng.integers(0, len(data), 8):
            data[at] ^= 1 << int(rng.integers(8))
    elif kind == "cut":
        del data[int(rng.integers(len(data))) :]
    elif kind == "a heading":
        data[variable.at - int(rng.integers(1, 12))] ^= 1 << int(rng.integers(8))
    elif kind == "numbers":
        data[variable.at : variable.at + variable.size] = rng.integers(0, 256, variable.size, np.uint8).tobytes()
    elif kind == "a shape" and len(variable.shape) == 2:  # the same size, turned round: passes every check of sizes
        at = variable.at - 5 - 8
        data[at : at + 8] = data[at + 4 : at + 8] + data[at : at + 4]
    elif kind == "a name":
        at = data.index(variable.name.encode())
        data[at + int(rng.integers(len(variable.name)))] = ord("x")
    elif kind == "settings":
        text = (folder / "config.json").read_text()
        (folder / "config.json").write_text(
            text.replace(str(rng.choice(["1", "5", "0", "[", "lang_ids", "alignment_heads"])), str(rng.choice(["-7", "9" * 12, "", "{"])))
        )
    else:
        words = (folder / "tokenizer.json").read_bytes()
        (folder / "tokenizer.json").write_bytes(words[: int(rng.integers(len(words)))])
    model.write_bytes(bytes(data))
    return kind


def main() -> None:
    """Spoil, install, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, became, slowest = np.random.default_rng(options.seed), Counter[str](), 0.0
    with tempfile.TemporaryDirectory() as place:
        whole = random_whisper.make(Path(place) / "whole", "mini")
        shelf = Shelf(Path(place) / "shelf")
        for _ in range(options.count):
            folder = Path(shutil.copytree(whole, Path(place) / "spoiled"))
            kind, begun = spoil(folder, rng), time.perf_counter()
            try:
                add_folder(shelf, folder, name="spoiled")
            except ModelError as trouble:
                tried = "cannot be used" in trouble.message or "did not answer" in trouble.message
                crashed = "crashed" in trouble.message or "did not answer" in trouble.message
                became[f"{kind}: {'crashed the child' if crashed else 'refused by the child' if tried else 'refused unloaded'}"] += 1
            else:
                shelf.remove("spoiled")
                became[f"{kind}: installed"] += 1
            slowest = max(slowest, time.perf_counter() - begun)
            shutil.rmtree(folder)
    sys.stdout.write(json.dumps({"models": options.count, "slowest_seconds": round(slowest, 2), "became": dict(sorted(became.items()))}, indent=2) + "\n")


if __name__ == "__main__":
    main()
