from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from fieldapp.audio.master import stream_master
from fieldapp.audio.resample import mono16k_array
from fieldapp.model import Recording, RecordingId, SessionId


def write(folder: Path, name: str, seconds: float, rate: int = 48_000, *, first_frame: int = 0) -> Recording:
    wave = 0.3 * np.sin(2 * np.pi * 300 * np.arange(round(seconds * rate)) / rate)
    soundfile.write(folder / name, wave, rate, subtype="PCM_24")
    frames = len(wave)
    return Recording(id=RecordingId(name), session=SessionId("s"), path=name, rate=rate, channels=1, bits=24, frames=frames, first_frame=first_frame)


def test_parts_follow_each_other_and_gaps_are_silent(tmp_path: Path) -> None:
    parts = [write(tmp_path, "a.wav", 2.0), write(tmp_path, "b.wav", 1.0, first_frame=5 * 48_000)]
    audio = np.concatenate(list(stream_master(tmp_path, parts)))
    assert len(audio) == 6 * 16_000
    np.testing.assert_array_equal(audio[:32_000], mono16k_array(tmp_path / "a.wav"))
    assert not audio[32_000:80_000].any()
    np.testing.assert_array_equal(audio[80_000:], mono16k_array(tmp_path / "b.wav"))


@pytest.mark.parametrize("rate", [44_100, 22_050, 16_000])
def test_the_clock_does_not_drift_over_parts(tmp_path: Path, rate: int) -> None:
    parts, at = [], 0
    for number in range(5):
        part = write(tmp_path, f"{number}.wav", 1.00001 + number / 7, rate, first_frame=at)
        parts.append(part)
        at += part.frames
    audio = np.concatenate(list(stream_master(tmp_path, parts)))
    assert abs(len(audio) - at * 16_000 / rate) <= 1
