"""Cuts are exact to the sample and keep the metadata of the master they come from."""

from __future__ import annotations

import wave
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavinfo import WavInfoReader

from fieldapp.audio.cut import cut
from fieldapp.audio.wav import Origin, WavFormat, WavWriter
from fieldapp.errors import AudioError
from fieldapp.model import Span


def master(path: Path, bits: int, channels: int, frames: int = 5000) -> bytes:
    pcm = np.random.default_rng(1).integers(0, 256, frames * channels * bits // 8, dtype=np.uint8).tobytes()
    writer = WavWriter(path, WavFormat(48000, channels, bits), Origin("R1", datetime(2026, 3, 1, 10, 0, 0)))
    writer.append(pcm)
    writer.close()
    return pcm


@pytest.mark.parametrize(("bits", "channels"), [(16, 1), (16, 2), (24, 1), (24, 2)])
def test_a_cut_holds_the_very_samples_of_its_span(bits: int, channels: int, tmp_path: Path) -> None:
    pcm = master(tmp_path / "m.wav", bits, channels)
    cut(tmp_path / "m.wav", Span(1001, 4002), tmp_path / "c.wav")
    with wave.open(str(tmp_path / "c.wav")) as piece:
        width = channels * bits // 8
        assert piece.readframes(10**6) == pcm[1001 * width : 4002 * width]
        assert (piece.getframerate(), piece.getsampwidth() * 8, piece.getnchannels()) == (48000, bits, channels)


def test_the_broadcast_metadata_goes_along_and_its_clock_moves_on(tmp_path: Path) -> None:
    master(tmp_path / "m.wav", 24, 1)
    cut(tmp_path / "m.wav", Span(480, 960), tmp_path / "c.wav")
    before, after = (WavInfoReader(str(tmp_path / name)).bext for name in ("m.wav", "c.wav"))
    assert after.time_reference == before.time_reference + 480
    assert after.originator_ref == before.originator_ref
    assert after.coding_history == before.coding_history


def test_a_flac_is_cut_exactly_too(tmp_path: Path) -> None:
    samples = np.random.default_rng(2).integers(-(2**23), 2**23, 3000, dtype=np.int32) << 8
    soundfile.write(tmp_path / "m.flac", samples, 48000, subtype="PCM_24")
    cut(tmp_path / "m.flac", Span(7, 2007), tmp_path / "c.wav")
    read, _ = soundfile.read(tmp_path / "c.wav", dtype="int32")
    assert np.array_equal(read, samples[7:2007])


def test_a_cut_beyond_the_end_is_refused(tmp_path: Path) -> None:
    master(tmp_path / "m.wav", 16, 1)
    with pytest.raises(AudioError, match="5000 frames"):
        cut(tmp_path / "m.wav", Span(4000, 6000), tmp_path / "c.wav")


def test_an_empty_span_gives_an_empty_file_that_opens(tmp_path: Path) -> None:
    master(tmp_path / "m.wav", 16, 1)
    cut(tmp_path / "m.wav", Span(10, 10), tmp_path / "c.wav")
    assert soundfile.info(tmp_path / "c.wav").frames == 0
