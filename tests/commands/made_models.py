"""Made models that commands can be tried with: a bag of pieces on the shelf."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fieldapp import paths
from fieldapp.speech import bag
from fieldapp.speech.manifest import Manifest, checksums_of, write

PIECES, WIDTH = 51_865, 16


def bag_on_the_shelf(model: Path) -> Manifest:
    """A sentence encoder called 'bag', made of a Whisper's own pieces, each with a vector of chance."""
    folder = paths.models() / "bag"
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_bytes((model / "tokenizer.json").read_bytes())
    bag.write(folder, np.random.default_rng(0).standard_normal((PIECES, WIDTH)).astype(np.float32))
    (folder / "config.json").write_text("{}")
    about = Manifest(name="bag", kind="text", checksums=checksums_of(folder))
    write(folder, about)
    return about
