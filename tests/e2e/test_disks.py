"""A disk that is full or turns read-only in the middle of a recording: it stops with a sentence, and what was recorded before is whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from e2e.killing import opened_by
from e2e.recorders import recorder_ends_with, until
from e2e.virtual_mic import RATE, breaks, read_marker, write_marker
from fieldapp.audio.client import RecorderClient
from fieldapp.audio.masters import read_master

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root may mount a small disk"),
]


def mounted(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk))
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An ext4 file system in a file."""
    if not shutil.which("mkfs.ext4"):
        pytest.skip("no mkfs.ext4")
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(path)], check=True)
    return path


def record_until_it_stops(book: Path, marker: Path, reserve: int, speed: float) -> dict[str, Any]:
    """Record a file onto a disk that cannot hold it; says how that ended."""
    with RecorderClient.start_or_attach(book, reserve=reserve) as recorder:
        recorder.arm_file(marker, speed)
        recorder.record(book / "audio" / "m", peaks=book / "derived" / "peaks")
        until(lambda: recorder.status()["state"] == "armed")
        return dict(recorder.status()["last"]) | {"news": recorder.news()}


def numbers_in(path: Path) -> np.ndarray[Any, Any]:
    return read_marker(soundfile.read(path, dtype="int32", always_2d=True)[0])


@pytest.mark.parametrize(("reserve", "speed", "why"), [(4 << 20, 12.0, "reserve"), (0, 0.0, "full")], ids=["reserve", "to the last byte"])
def test_a_full_disk_ends_the_recording_and_leaves_it_whole(tmp_path: Path, small_disk: Path, reserve: int, speed: float, why: str) -> None:
    write_marker(tmp_path / "marker.wav", 90)
    with recorder_ends_with(small_disk / "book") as book:
        ended = record_until_it_stops(book, tmp_path / "marker.wav", reserve, speed)
    assert why in ended["why"]
    assert any(notice["kind"] == "trouble" for notice in ended["news"])
    path = book / "audio" / "m.wav"
    frames = ended["frames"]
    assert frames > RATE
    assert opened_by(path) == dict.fromkeys(("wave", "soundfile", "wavinfo", "parselmouth"), frames)
    numbers = numbers_in(path)
    assert (numbers[0], len(numbers), breaks(numbers)) == (1, frames, [])


def test_a_disk_that_turns_read_only_keeps_what_was_made_durable(tmp_path: Path, image: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    write_marker(tmp_path / "marker.wav", 30)
    mounted("mount", "-o", "loop", str(image), str(disk))
    try:
        with recorder_ends_with(disk / "book") as book, RecorderClient.start_or_attach(book, reserve=0) as recorder:
            recorder.arm_file(tmp_path / "marker.wav")
            recorder.record(book / "audio" / "m")
            until(lambda: recorder.status()["frames"] > 2 * RATE)
            before = recorder.status()["frames"]
            mounted("mount", "-o", "remount,abort", str(disk))  # what ext4 does after an error of the disk
            until(lambda: recorder.status()["state"] == "armed")
            assert "read-only" in recorder.status()["last"]["why"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    mounted("mount", "-o", "loop", str(image), str(disk))  # what really was on the disk
    try:
        master = read_master(disk / "book" / "audio" / "m", mend=True)
        assert before - master.frames < RATE
        assert set(opened_by(master.parts[0].path).values()) == {master.frames}
        numbers = numbers_in(master.parts[0].path)
        assert (numbers[0], breaks(numbers)) == (1, [])
    finally:
        subprocess.run(["umount", str(disk)], check=True)
