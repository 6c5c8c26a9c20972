from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fieldapp.lab.starter import tokens
from fieldapp.speech import bag
from fieldapp.speech.manifest import Manifest, write
from fieldapp.speech.whisper import Whisper, load


@pytest.fixture(scope="session")
def mini(mini_folder: Path) -> Whisper:
    return load(mini_folder, "cpu", threads=1)


@pytest.fixture(scope="session")
def endless(make_mini: Callable[..., Path]) -> Whisper:
    """One that never stops talking by itself."""
    return load(make_mini(words=None), "cpu", threads=1)


@pytest.fixture
def bag_folder(tmp_path: Path) -> Path:
    """A bag of pieces that nobody trained."""
    folder = tmp_path / "bag"
    folder.mkdir()
    learned = tokens.learn(["the red fish swims", "红鱼游泳"] * 3)
    learned.save(str(folder / "tokenizer.json"))
    count = learned.get_vocab()[tokens.END]
    bag.write(folder, np.random.default_rng(4).standard_normal((count, 8)).astype(np.float32))
    write(folder, Manifest(name="bag", kind="text"))
    return folder
