"""How a process of our own is started, from a checkout, an installation and a frozen program alike; plain functions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

OWN_MODULES = ("fieldapp.audio.recorder", "fieldapp.audio.devices", "fieldapp.speech.models.probe", "fieldapp.gui.raster")
FROZEN_WORD = "run-module"  # what a frozen program is called with to run one of our modules in place of its window


def own_process(module: str, *words: str) -> list[str]:
    """The command line that runs one of our modules."""
    if getattr(sys, "frozen", False):
        return [sys.executable, FROZEN_WORD, module, *words]
    return [sys.executable, "-m", module, *words]


def own_surroundings() -> dict[str, str]:
    """The environment in which that process finds us, wherever it is started."""
    home = str(Path(__file__).resolve().parents[2])
    already = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": home + (os.pathsep + already if already else "")}
