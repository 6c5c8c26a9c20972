"""The master's file: opened by other people's programs at any moment, repaired after any crash, never made worse."""

from __future__ import annotations

import errno
import hashlib
import math
import struct
import wave
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import parselmouth
import pytest
import soundfile
import wavinfo
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.audio.repair import file_digest, read_layout, repair
from fieldapp.audio.samples import from_pcm, to_pcm
from fieldapp.audio.wav import Origin, WavFormat, WavWriter, disk_trouble, header
from fieldapp.errors import AudioError, DiskFull, ReadOnly

STARTED = datetime(2026, 11, 21, 9, 30, 15)
ORIGIN = Origin("01ARZ3NDEKTSV4RRFFQ69G5FAV", STARTED)
FORMATS = [WavFormat(rate, channels, bits) for rate in (44_100, 48_000, 96_000) for channels in (1, 2) for bits in (16, 24)]
formats = st.sampled_from(FORMATS)


def noise(fmt: WavFormat, frames: int) -> bytes:
    return np.random.default_rng(frames).bytes(frames * fmt.frame_bytes)


def written(folder: Path, fmt: WavFormat, frames: int, name: str = "a.wav") -> Path:
    """A properly closed file of noise."""
    path = folder / name
    path.unlink(missing_ok=True)
    writer = WavWriter(path, fmt, ORIGIN)
    writer.append(noise(fmt, frames))
    writer.close()
    return path


def opens_everywhere(path: Path, frames: int, fmt: WavFormat) -> None:
    """soundfile, Python's wave, wavinfo and Praat all read that many frames."""
    info = soundfile.info(path)
    assert (info.frames, info.samplerate, info.channels, info.subtype) == (frames, fmt.rate, fmt.channels, f"PCM_{fmt.bits}")
    with wave.open(str(path)) as plain:
        assert (plain.getnframes(), plain.getframerate(), plain.getsampwidth()) == (frames, fmt.rate, fmt.bits // 8)
    if frames:  # wavinfo and Praat know no empty sound
        facts = wavinfo.WavInfoReader(str(path))
        assert facts.data.frame_count == frames
        assert facts.fmt.audio_format == 1
        assert parselmouth.Sound(str(path)).get_number_of_samples() == frames


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda f: f"{f.rate}-{f.channels}-{f.bits}")
def test_a_closed_file_opens_everywhere(tmp_path: Path, fmt: WavFormat) -> None:
    path = written(tmp_path, fmt, 1001)
    opens_everywhere(path, 1001, fmt)
    layout = read_layout(path)
    assert layout
    assert path.read_bytes()[layout.data_start :][: 1001 * fmt.frame_bytes] == noise(fmt, 1001)
    assert path.stat().st_size % 2 == 0


def test_bext_says_where_and_when_in_ascii_and_names_nobody(tmp_path: Path) -> None:
    bext = wavinfo.WavInfoReader(str(written(tmp_path, WavFormat(), 10))).bext
    assert (bext.originator, bext.originator_ref) == ("Fieldapp", ORIGIN.reference)
    assert (bext.originator_date, bext.originator_time) == ("2026-11-21", "09:30:15")
    assert bext.time_reference == (9 * 3600 + 30 * 60 + 15) * 48_000
    assert bext.version == 2
    assert bext.coding_history.startswith("A=PCM,F=48000,W=24,M=mono")


def test_the_reference_of_a_later_part_counts_on() -> None:
    assert Origin("x", STARTED, 123).time_reference(48_000) == ORIGIN.time_reference(48_000) + 123


def test_there_is_room_for_a_ds64_right_after_the_riff_header() -> None:
    assert header(WavFormat(), ORIGIN)[12:20] == b"JUNK" + struct.pack("<I", 28)


@pytest.mark.parametrize("fmt", [WavFormat(48_000, 1, 24), WavFormat(48_000, 2, 24), WavFormat(44_100, 1, 16)], ids=["mono", "stereo", "short"])
def test_a_growing_file_opens_everywhere_with_what_was_made_durable(tmp_path: Path, fmt: WavFormat) -> None:
    writer = WavWriter(tmp_path / "a.wav", fmt, ORIGIN)
    writer.append(noise(fmt, 501))
    writer.make_durable()
    writer.append(noise(fmt, 100))
    with wave.open(str(tmp_path / "a.wav")) as plain:
        assert plain.getnframes() == 501
    assert wavinfo.WavInfoReader(str(tmp_path / "a.wav")).data.frame_count == 501
    assert parselmouth.Sound(str(tmp_path / "a.wav")).get_number_of_samples() >= 501
    assert soundfile.info(tmp_path / "a.wav").frames >= 501
    writer.close()
    opens_everywhere(tmp_path / "a.wav", 601, fmt)


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"precious")
    with pytest.raises(AudioError, match="exists already"):
        WavWriter(tmp_path / "a.wav", WavFormat(), ORIGIN)
    assert (tmp_path / "a.wav").read_bytes() == b"precious"


def test_the_limit_is_kept_to_the_byte(tmp_path: Path) -> None:
    writer = WavWriter(tmp_path / "a.wav", WavFormat(), ORIGIN, limit=10_000)
    writer.append(noise(WavFormat(), writer.room))
    assert writer.room == 0
    assert 10_000 - 4 < writer.close().bytes <= 10_000


@given(fmt=formats, pieces=st.lists(st.integers(0, 400), max_size=6))
@settings(max_examples=30, deadline=None)
def test_the_digest_kept_while_writing_is_that_of_the_data(tmp_path_factory: pytest.TempPathFactory, fmt: WavFormat, pieces: list[int]) -> None:
    path = tmp_path_factory.mktemp("w") / "a.wav"
    writer = WavWriter(path, fmt, ORIGIN)
    for frames in pieces:
        writer.append(noise(fmt, frames))
    closed = writer.close()
    data = b"".join(noise(fmt, frames) for frames in pieces)
    assert closed.data_sha256 == hashlib.sha256(data).hexdigest()
    assert (closed.frames, closed.bytes) == (sum(pieces), path.stat().st_size)
    assert file_digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@given(fmt=formats, frames=st.integers(0, 700), claimed=st.one_of(st.none(), st.integers(0, 6000), st.just(0xFFFFFFFF)), cut=st.integers(0, 5000))
@settings(max_examples=150, deadline=None)
def test_whatever_a_crash_left_is_repaired_once_and_for_all(
    tmp_path_factory: pytest.TempPathFactory, fmt: WavFormat, frames: int, claimed: int | None, cut: int
) -> None:
    """Any length of file from nothing on, with any size in its header: every whole frame that reached the disk is there afterwards."""
    path = tmp_path_factory.mktemp("r") / "a.wav"
    head = bytearray(header(fmt, ORIGIN))
    if claimed is not None:
        head[-4:] = struct.pack("<I", claimed)
    whole = bytes(head) + noise(fmt, frames)
    left = whole[: max(0, len(whole) - cut)]
    path.write_bytes(left)
    kept = max(0, len(left) - len(head)) // fmt.frame_bytes
    assert repair(path, fmt).frames == kept
    opens_everywhere(path, kept, fmt)
    layout = read_layout(path)
    assert layout
    assert path.read_bytes()[layout.data_start :][: kept * fmt.frame_bytes] == noise(fmt, frames)[: kept * fmt.frame_bytes]
    before = path.read_bytes()
    assert repair(path, fmt).done == ""
    assert path.read_bytes() == before


@given(fmt=formats, frames=st.integers(0, 300))
@settings(max_examples=40, deadline=None)
def test_a_good_file_is_left_alone(tmp_path_factory: pytest.TempPathFactory, fmt: WavFormat, frames: int) -> None:
    path = written(tmp_path_factory.mktemp("g"), fmt, frames)
    before = path.read_bytes()
    assert repair(path).done == ""
    assert path.read_bytes() == before


def test_chunks_of_other_programs_behind_the_sound_stay(tmp_path: Path) -> None:
    path = written(tmp_path, WavFormat(), 333)
    note = struct.pack("<4sI4s", b"LIST", 4, b"INFO")
    path.write_bytes(path.read_bytes() + note)
    before = path.read_bytes()
    assert repair(path).frames == 333
    assert path.read_bytes() == before


def test_somebody_elses_file_with_something_behind_it_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(100), 48_000, subtype="PCM_24")
    path.write_bytes(path.read_bytes() + b"\x00\x01\x02 what is this")
    before = path.read_bytes()
    assert repair(path).frames == 100
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"ID3 something", b"RIFF\x04\x00\x00\x00AVI ", b"RIFF\x04\x00\x00\x00WAVE" + b"\x00" * 5000])
def test_what_is_no_wave_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(AudioError):
        repair(tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == content


def test_a_float_file_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 48_000, subtype="FLOAT")
    with pytest.raises(AudioError, match="no plain PCM"):
        repair(tmp_path / "a.wav")


def test_disk_trouble_says_what_to_do() -> None:
    assert isinstance(disk_trouble(OSError(errno.ENOSPC, "full"), Path("/a/b")), DiskFull)
    assert isinstance(disk_trouble(OSError(errno.EROFS, "ro"), Path("/a/b")), ReadOnly)
    assert isinstance(disk_trouble(OSError(errno.EIO, "io"), Path("/a/b")), AudioError)


@pytest.mark.parametrize("wrong", [(48_000, 3, 24), (48_000, 1, 8), (4_000, 1, 24)])
def test_no_master_has_an_odd_format(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(AudioError, match="A master cannot be"):
        WavFormat(*wrong)


def test_every_24_bit_sample_survives_float32_and_back() -> None:
    step = 1 << 20
    for start in range(-(1 << 23), 1 << 23, step):
        whole = np.arange(start, start + step, dtype=np.int32)
        floats = (whole.astype(np.float32) / np.float32(1 << 23)).reshape(-1, 2)
        data = to_pcm(floats, 24)
        assert np.array_equal(from_pcm(data, 24, 2), floats)
        wide = np.zeros((step, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        assert np.array_equal(wide.view("<i4")[:, 0] >> 8, whole)


def test_every_16_bit_sample_survives_float32_and_back() -> None:
    whole = np.arange(-(1 << 15), 1 << 15, dtype=np.int16)
    floats: Any = (whole / np.float32(1 << 15)).astype(np.float32).reshape(-1, 1)
    assert to_pcm(floats, 16) == whole.astype("<i2").tobytes()


@pytest.mark.parametrize("bits", [16, 24])
def test_what_is_too_loud_is_clipped_and_never_wrapped(bits: int) -> None:
    loud = np.array([[1.0], [1.5], [-1.0], [-9.0], [math.inf]], np.float32)
    back = from_pcm(to_pcm(loud, bits), bits, 1)[:, 0]
    assert back == pytest.approx([1, 1, -1, -1, 1], abs=2e-4)
