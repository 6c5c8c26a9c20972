"""Pixels for experiments: drawings as PNG files, pictures as numbers. Not a bench itself.

A process of the window's side draws, so that nothing here knows Qt.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.audio.launch import own_process, own_surroundings
from fieldapp.errors import FieldError

if TYPE_CHECKING:
    from fieldapp.lab.utterances import F32

RASTER = "fieldapp.gui.raster"
WINDOW = "PySide6"
SECONDS = 300


def can_draw() -> bool:
    """Whether the library that draws is installed; the core does without."""
    return importlib.util.find_spec(WINDOW) is not None


def pngs(drawings: Mapping[str, str]) -> dict[str, bytes]:
    """Each drawing (SVG) as the bytes of a PNG, by name; nothing where nothing can draw."""
    if not drawings or not can_draw():
        return {}
    with tempfile.TemporaryDirectory(prefix="fieldapp-draw-") as aside:
        pairs = []
        for number, (name, svg) in enumerate(drawings.items()):
            source, target = Path(aside, f"{number}.svg"), Path(aside, f"{number}.png")
            source.write_text(svg, encoding="utf-8")
            pairs.append((name, source, target))
        _draw([(source, target, 0) for _, source, target in pairs])
        return {name: target.read_bytes() for name, _, target in pairs}


def pixels(pictures: Sequence[Path], side: int) -> F32:
    """Each picture as the colours of a small square, one row a picture, 0 to 1."""
    import numpy as np

    if not can_draw():
        raise FieldError("Pictures cannot be read: PySide6 is not installed.", "Install Fieldapp whole: bash installers/setup.sh")
    if missing := [path for path in pictures if not path.is_file()]:
        raise FieldError(f"The picture {missing[0]} is not there.", "Bring it back, or leave its recordings out with --where.")
    with tempfile.TemporaryDirectory(prefix="fieldapp-draw-") as aside:
        targets = [Path(aside, f"{number}.ppm") for number in range(len(pictures))]
        _draw([(source, target, side) for source, target in zip(pictures, targets)])
        rows = [np.frombuffer(target.read_bytes()[-3 * side * side :], np.uint8) for target in targets]
    return (np.stack(rows) / np.float32(255)).astype(np.float32)


def _draw(wanted: Sequence[tuple[Path, Path, int]]) -> None:
    asked = json.dumps([{"from": str(source), "to": str(target), "side": side} for source, target, side in wanted])
    try:
        done = subprocess.run(
            own_process(RASTER), input=asked, capture_output=True, encoding="utf-8", errors="replace", env=own_surroundings(), timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as trouble:
        raise FieldError(f"Pictures could not be drawn: {trouble}.", "Try again.") from trouble
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["the process that draws ended early"]
        raise FieldError(f"Pictures could not be drawn: {said[0]}.", "Is it a picture that other programs open?")
