"""Fixtures of the end-to-end tests: a virtual microphone one can play into and unplug."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.recorders import recorder_ends_with
from e2e.virtual_mic import VirtualMic, missing
from fieldapp.audio.client import RecorderClient


@pytest.fixture
def virtual_mic(monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualMic]:
    """A microphone named `mic`; processes started by the test hear it, and nothing else."""
    if why := missing():
        pytest.skip(why)
    mic = VirtualMic()
    for name, value in mic.environment.items():
        monkeypatch.setenv(name, value)
    yield mic
    mic.close()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Path]:
    """A folder whose recorder ends with the test."""
    with recorder_ends_with(tmp_path / "book") as folder:
        yield folder


@pytest.fixture
def recorder(book: Path) -> Iterator[RecorderClient]:
    """A running recorder; ask for `virtual_mic` first to have it hear that."""
    with RecorderClient.start_or_attach(book, reserve=0) as client:
        yield client
