"""Resampling: a span sounds as it does in the whole file, at any rate and however the blocks fall."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from fieldapp.audio.resample import Resampler, frames_at, mono16k, mono16k_array, resampled
from fieldapp.model import Span


def tone(path: Path, rate: int, seconds: float = 2.0, channels: int = 1) -> Path:
    rng = np.random.default_rng(0)
    soundfile.write(path, rng.standard_normal((round(rate * seconds), channels)) * 0.1, rate, subtype="FLOAT")
    return path


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_a_span_is_the_same_stretch_of_the_whole(tmp_path: Path, rate: int) -> None:
    path = tone(tmp_path / "a.wav", rate)
    whole = mono16k_array(path)
    assert len(whole) == 32_000
    for start, stop in ((0, rate // 3), (rate // 2 + 7, rate + 11), (rate, 2 * rate), (2 * rate - 5, 2 * rate)):
        part = mono16k_array(path, Span(start, stop))
        first = frames_at(start, rate, 16_000)
        assert len(part) == frames_at(stop, rate, 16_000) - first
        assert np.abs(part - whole[first : first + len(part)]).max(initial=0) < 1e-5


def test_two_channels_become_their_mean(tmp_path: Path) -> None:
    path = tone(tmp_path / "a.wav", 16_000, channels=2)
    both, _ = soundfile.read(path, dtype="float32")
    assert np.allclose(mono16k_array(path), both.mean(axis=1), atol=1e-7)


def test_a_span_beyond_the_end_stops_where_the_file_does(tmp_path: Path) -> None:
    path = tone(tmp_path / "a.wav", 48_000, 1.0)
    assert len(mono16k_array(path, Span(24_000, 480_000))) == 8000


@pytest.mark.parametrize("size", [1, 7, 1000, 48_000])
def test_streaming_equals_resampling_at_once_whatever_the_blocks(size: int) -> None:
    sound = np.random.default_rng(1).standard_normal((20_000 if size > 1 else 500, 2)).astype(np.float32)
    blocks = (sound[i : i + size] for i in range(0, len(sound), size))
    streamed = np.concatenate(list(resampled(blocks, 48_000, 16_000, 2)))
    assert np.allclose(streamed, soxr.resample(sound, 48_000, 16_000), atol=1e-5)


def test_the_same_rate_passes_untouched() -> None:
    stream, block = Resampler(16_000, 16_000, 1), np.ones((5, 1), np.float32)
    assert stream.push(block) is block
    assert len(stream.finish()) == 0


def test_model_blocks_come_one_by_one(tmp_path: Path) -> None:
    stream = mono16k(tone(tmp_path / "a.wav", 48_000, 10.0))
    assert 0 < len(next(stream)) < 40_000
