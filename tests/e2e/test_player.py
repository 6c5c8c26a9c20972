"""The player on a virtual loudspeaker: an independent ear hears the frames of a queue unchanged and in order."""

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


def test_a_queue_is_heard_unchanged_and_the_cursor_follows_it(virtual_mic: VirtualMic, tmp_path: Path) -> None:
    write_marker(tmp_path / "marker.wav", 3)
    spans = [(RATE // 2, 2 * RATE), (0, RATE // 4), (RATE, 2 * RATE)]
    ear = virtual_mic.listen(tmp_path / "heard.raw")
    until(lambda: (tmp_path / "heard.raw").stat().st_size)
    queue = json.dumps([[str(tmp_path / "marker.wav"), *span] for span in spans])
    command = [sys.executable, "-m", "e2e.playing", "field", queue]
    surroundings = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{Path(__file__).parents[1]}"}
    told = json.loads(subprocess.run(command, env={**os.environ, **surroundings}, capture_output=True, check=True, timeout=60).stdout)
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
    queue = json.dumps([[str(tmp_path / "marker.wav"), 0, 60 * RATE]])
    surroundings = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{Path(__file__).parents[1]}"}
    ear = virtual_mic.listen(tmp_path / "heard.raw")
    playing = subprocess.Popen([sys.executable, "-m", "e2e.playing", "field", queue], env={**os.environ, **surroundings}, stderr=subprocess.PIPE, text=True)
    until(lambda: len(heard(tmp_path)) > 0)
    virtual_mic.hang()
    told = playing.communicate(timeout=60)[1]
    ear.terminate()
    assert "The loudspeaker takes no sound." in told


def test_a_stream_that_died_is_a_sentence_and_the_next_playing_is_heard(virtual_mic: VirtualMic, tmp_path: Path) -> None:
    write_marker(tmp_path / "marker.wav", 60)
    whole, end = (json.dumps([[str(tmp_path / "marker.wav"), start * RATE, 60 * RATE]]) for start in (0, 58))
    surroundings = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{Path(__file__).parents[1]}"}
    ear = virtual_mic.listen(tmp_path / "heard.raw")
    command = [sys.executable, "-m", "e2e.playing", "field", whole, end]
    playing = subprocess.Popen(command, env={**os.environ, **surroundings}, stdout=subprocess.PIPE, text=True)
    until(lambda: len(heard(tmp_path)) > 0)
    virtual_mic.drop()
    told = json.loads(playing.communicate(timeout=60)[0])
    until(lambda: heard(tmp_path)[-1] > 59.9 * RATE)
    ear.terminate()
    assert "The loudspeaker takes no sound." in told["trouble"]
    assert told["seen"][-1][1] > 59.9 * RATE


def heard(folder: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    data = np.fromfile(folder / "heard.raw", np.float32)
    numbers = np.asarray(read_marker(data[: len(data) // 2 * 2].reshape(-1, 2)), np.int64)
    return np.asarray(numbers[numbers != 0])
