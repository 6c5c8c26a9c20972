"""The player on a virtual loudspeaker: an independent ear hears the frames of a queue unchanged and in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from e2e.recorders import until
from e2e.virtual_mic import RATE, VirtualMic, read_marker, write_marker

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_queue_is_heard_unchanged_and_the_cursor_follows_it(virtual_mic: VirtualMic, tmp_path: Path) -> None:
    write_marker(tmp_path / "marker.wav", 3)
    spans = [(RATE // 2, 2 * RATE), (0, RATE // 4), (RATE, 2 * RATE)]
    ear = virtual_mic.listen(tmp_path / "heard.raw")
    until(lambda: (tmp_path / "heard.raw").stat().st_size)
    told = told_by(playing(tmp_path, spans))
    expected = np.concatenate([np.arange(*span) for span in spans]) + 1
    until(lambda: len(heard(tmp_path)) > 0.9 * len(expected))  # a busy machine may make the card or the ear skip a little, never much
    ear.terminate()
    frames = heard(tmp_path)
    rest = iter(expected.tolist())
    assert all(frame in rest for frame in frames.tolist()), "out of order, twice, or changed"
    assert frames[0] == expected[0], "the onset is cut"
    places = [clip * 10 * RATE + frame for clip, frame in map(tuple, told["seen"])]
    assert places == sorted(places)
    assert {clip for clip, _ in told["seen"]} == {0, 1, 2}
    assert all(spans[clip][0] <= frame <= spans[clip][1] for clip, frame in told["seen"])


def test_a_loudspeaker_that_takes_nothing_is_a_sentence_and_not_for_ever(virtual_mic: VirtualMic, tmp_path: Path) -> None:
    write_marker(tmp_path / "marker.wav", 60)
    ear = virtual_mic.listen(tmp_path / "heard.raw")
    player = playing(tmp_path, [(0, 60 * RATE)])
    until(lambda: len(heard(tmp_path)) > 0)
    virtual_mic.hang()
    told = player.communicate(timeout=60)[1]
    ear.terminate()
    assert "The loudspeaker takes no sound." in told


def test_a_stream_that_died_plays_on_and_little_is_lost(virtual_mic: VirtualMic, tmp_path: Path) -> None:
    write_marker(tmp_path / "marker.wav", 4)
    ear = virtual_mic.listen(tmp_path / "heard.raw")
    player = playing(tmp_path, [(0, 4 * RATE)])
    until(lambda: len(heard(tmp_path)) > RATE)
    virtual_mic.drop()
    told = told_by(player)
    until(lambda: heard(tmp_path)[-1] > 3.9 * RATE)
    ear.terminate()
    frames = heard(tmp_path)
    assert told["seen"][-1][1] > 3.9 * RATE
    assert told["dropouts"] == 1
    assert np.all(np.diff(frames) > 0), "out of order or twice"
    assert len(frames) > 3.5 * RATE


def playing(folder: Path, spans: list[tuple[int, int]]) -> subprocess.Popen[str]:
    """A process that plays these spans of the marker."""
    queue = json.dumps([[str(folder / "marker.wav"), *span] for span in spans])
    surroundings = {**os.environ, "PYTHONPATH": f"{Path(__file__).parents[2]}:{Path(__file__).parents[1]}"}
    command = [sys.executable, "-m", "e2e.playing", "field", queue]
    return subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told_by(player: subprocess.Popen[str]) -> dict[str, Any]:
    """What it printed at its end."""
    told, trouble = player.communicate(timeout=60)
    assert player.returncode == 0, trouble
    return dict(json.loads(told))


def heard(folder: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    data = np.fromfile(folder / "heard.raw", np.float32)
    numbers = np.asarray(read_marker(data[: len(data) // 2 * 2].reshape(-1, 2)), np.int64)
    return np.asarray(numbers[numbers != 0])
