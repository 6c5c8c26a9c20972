from __future__ import annotations

from pathlib import Path

import pytest

from fieldapp.speech.random_whisper import make
from fieldapp.speech.whisper import Whisper, load


@pytest.fixture(scope="session")
def mini(mini_folder: Path) -> Whisper:
    return load(mini_folder, "cpu", threads=1)


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Whisper:
    """One that never stops talking by itself."""
    return load(make(tmp_path_factory.mktemp("models") / "endless", words=None), "cpu", threads=1)
