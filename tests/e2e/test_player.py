"""The player on a virtual loudspeaker: an independent ear hears every frame of a queue once, in order and without a gap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from e2e.recorders import until
from e2e.virtual_mic import RATE, VirtualMic, read_marker, write_marker

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_queue_is_heard_bit_for_bit_and_the_cursor_follows_it(virtual_mic: VirtualMic, tmp_path: Path) -> None:
    write_marker(tmp_path / "marker.wav", 3)
    spans = [(RATE // 2, 2 * RATE), (0, RATE // 4), (RATE, 2 * RATE)]
    ear = virtual_mic.listen(tmp_path / "heard.raw")
    until(lambda: (tmp_path / "heard.raw").stat().st_size)
    queue = json.dumps([[str(tmp_path / "marker.wav"), *span] for span in spans])
    command = [sys.executable, "-m", "e2e.playing", "field", queue]
    folders = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{Path(__file__).parents[1]}"}
    told = json.loads(subprocess.run(command, env={**os.environ, **folders}, capture_output=True, check=True, timeout=60).stdout)
    expected = np.concatenate([np.arange(*span) for span in spans]) + 1
    until(lambda: np.count_nonzero(heard(tmp_path)) >= len(expected))
    ear.terminate()
    if told["dropouts"] == 0:  # a machine that stops for a second makes the sound break off, which is counted and told
        assert np.array_equal(heard(tmp_path)[heard(tmp_path) != 0], expected)
    places = [clip * 10 * RATE + frame for clip, frame in map(tuple, told["seen"])]
    assert places == sorted(places)
    assert {clip for clip, _ in told["seen"]} == {0, 1, 2}
    assert all(spans[clip][0] <= frame <= spans[clip][1] for clip, frame in told["seen"])


def heard(folder: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    data = np.fromfile(folder / "heard.raw", np.float32)
    return np.asarray(read_marker(data[: len(data) // 2 * 2].reshape(-1, 2)), np.int64)
