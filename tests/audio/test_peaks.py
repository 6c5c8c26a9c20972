"""Waveform overviews: true at every zoom, cheap to open, and rebuilt whenever they are not what they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.audio.peaks import BUCKET, FULL_SCALE, Peaks, PeaksWriter, build_peaks, open_peaks
from fieldapp.errors import AudioError, Damaged
from fieldapp.model import Span


def sound_file(path: Path, frames: int = 200_003, channels: int = 2) -> Path:
    sound = np.random.default_rng(frames).uniform(-0.5, 0.5, (frames, channels)) * np.linspace(0.01, 1, frames)[:, np.newaxis]
    soundfile.write(path, sound, 48_000, subtype="PCM_16")
    return path


@pytest.mark.parametrize("buckets", [1, 8, 64, 512])
def test_each_column_shows_the_extremes_and_energy_of_its_frames(tmp_path: Path, buckets: int) -> None:
    source = sound_file(tmp_path / "a.wav")
    whole, _ = soundfile.read(source, dtype="float32")
    peaks = build_peaks(source, tmp_path / "derived" / "a.peaks")
    columns, width = 200_003 // (BUCKET * buckets), BUCKET * buckets
    shown = peaks.view(Span(0, columns * width), columns)
    true = whole[: columns * width].reshape(columns, width, 2)
    assert np.abs(shown[:, :, 0] - true.min(axis=1)).max() < 2 / FULL_SCALE
    assert np.abs(shown[:, :, 1] - true.max(axis=1)).max() < 2 / FULL_SCALE
    assert np.abs(shown[:, :, 2] - np.sqrt((true**2).mean(axis=1))).max() < 4 / FULL_SCALE
    peaks.verify()


@given(start=st.integers(0, 250_000), length=st.integers(1, 250_000), columns=st.integers(1, 2000))
@settings(max_examples=60, deadline=None)
def test_no_view_misses_a_click(tmp_path_factory: pytest.TempPathFactory, start: int, length: int, columns: int) -> None:
    target = tmp_path_factory.getbasetemp() / "click.peaks"
    if not target.exists():
        sound = np.zeros((200_000, 1), np.float32)
        sound[123_456] = 0.9
        writer = PeaksWriter(target, 48_000, 1)
        writer.push(sound)
        writer.finish()
    shown = Peaks(target).view(Span(start, start + length), columns)
    assert shown.shape == (columns, 1, 3)
    if start <= 123_456 < start + length:
        assert shown[..., 1].max() > 0.89


@pytest.mark.parametrize("block", [1, 100, 256, 5000])
def test_the_overview_does_not_depend_on_block_sizes(tmp_path: Path, block: int) -> None:
    whole, _ = soundfile.read(sound_file(tmp_path / "a.wav", 3001, 1), dtype="float32", always_2d=True)
    for name, size in (("once", 3001), ("pieces", block)):
        writer = PeaksWriter(tmp_path / name, 48_000, 1)
        for at in range(0, len(whole), size):
            writer.push(whole[at : at + size])
        writer.finish()
    assert (tmp_path / "once").read_bytes() == (tmp_path / "pieces").read_bytes()


def test_a_growing_overview_is_read_while_it_is_written(tmp_path: Path) -> None:
    writer = PeaksWriter(tmp_path / "live.peaks", 48_000, 1)
    peaks = Peaks(tmp_path / "live.peaks")
    assert peaks.growing
    assert not peaks.view(Span(0, 48_000), 10).any()
    writer.push(np.full((48_000, 1), 0.5, np.float32))
    peaks.refresh()
    assert np.allclose(peaks.view(Span(0, 47_872), 10), 0.5, atol=1e-3)
    writer.abandon()


def test_a_missing_stale_or_damaged_overview_is_to_be_built_again(tmp_path: Path) -> None:
    source, target = sound_file(tmp_path / "a.wav"), tmp_path / "a.peaks"
    assert open_peaks(source, target) is None
    build_peaks(source, target)
    assert open_peaks(source, target) is not None
    good = target.read_bytes()
    for at in (9, 60, len(good) - 3):
        target.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert open_peaks(source, target) is None
    target.write_bytes(good[:-6])
    assert open_peaks(source, target) is None
    target.write_bytes(good[:200] + b"\x00\x01" + good[202:])
    with pytest.raises(Damaged):
        Peaks(target).verify()
    target.write_bytes(good)
    sound_file(source, 200_004)
    assert open_peaks(source, target) is None


def test_a_source_that_cannot_be_read_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(AudioError):
        build_peaks(tmp_path / "a.wav", tmp_path / "derived" / "a.peaks")
    assert list((tmp_path / "derived").iterdir()) == []


def test_the_coarser_levels_cost_little_and_cover_a_long_file(tmp_path: Path) -> None:
    writer = PeaksWriter(tmp_path / "day.peaks", 48_000, 1)
    minute = np.zeros((48_000 * 60, 1), np.float32)
    for _ in range(30):
        writer.push(minute)
    writer.finish()
    peaks = Peaks(tmp_path / "day.peaks")
    assert (tmp_path / "day.peaks").stat().st_size < 48_000 * 60 * 30 * 6 / BUCKET * 1.15
    assert peaks.view(Span(0, peaks.frames), 1500).shape == (1500, 1, 3)
