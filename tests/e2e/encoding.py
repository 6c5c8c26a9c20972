"""A model at full load: `python encoding.py MODEL THREADS` encodes 30 s windows without pause until it is killed; says `encoding` when it began."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from fieldapp.speech.manifest import Context
from fieldapp.speech.recogniser import RATE
from fieldapp.speech.whisper import load


def main() -> None:
    """Encode for ever."""
    model = load(Path(sys.argv[1]), "cpu", threads=int(sys.argv[2]))
    sound = np.random.default_rng(0).standard_normal(30 * RATE).astype(np.float32) * 0.1
    sys.stdout.write("encoding\n")
    sys.stdout.flush()
    while True:
        model.encode([sound], Context("padded"))


if __name__ == "__main__":
    main()
