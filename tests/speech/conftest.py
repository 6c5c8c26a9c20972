from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldapp.speech.whisper import Whisper, load


@pytest.fixture(scope="session")
def mini(mini_folder: Path) -> Whisper:
    return load(mini_folder, "cpu", threads=1)


@pytest.fixture(scope="session")
def endless(make_mini: Callable[..., Path]) -> Whisper:
    """One that never stops talking by itself."""
    return load(make_mini(words=None), "cpu", threads=1)
