"""Reading sound files of any kind: exact frames, exact spans, and one clear sentence for what is no sound."""

from __future__ import annotations

import os
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.audio.decode import Block, open_audio
from fieldapp.errors import AudioError
from fieldapp.model import Span

RATE = 48_000


def noise(frames: int, channels: int = 1, seed: int = 1) -> Block:
    return (np.random.default_rng(seed).standard_normal((frames, channels)) * 0.1).astype(np.float32)


def write_with_ffmpeg(path: Path, sound: Block, codec: str, rate: int = RATE, picture: bool = False) -> Path:
    """A file libsndfile knows nothing of, optionally a video."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="mono" if sound.shape[1] == 1 else "stereo")
        film: Any = container.add_stream("mpeg4", rate=10) if picture else None
        if film is not None:
            film.width, film.height, film.pix_fmt = 32, 32, "yuv420p"
            container.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout=stream.layout.name)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if film is not None:
            container.mux(film.encode(None))
    return path


def everything(path: Path) -> Block:
    with open_audio(path) as reader:
        return np.concatenate(list(reader.blocks()))


@pytest.mark.parametrize(("kind", "subtype"), [("wav", "PCM_16"), ("wav", "PCM_24"), ("flac", "PCM_24"), ("aiff", "PCM_16"), ("w64", "PCM_24")])
def test_lossless_files_come_back_exactly(tmp_path: Path, kind: str, subtype: str) -> None:
    bits = int(subtype[-2:])
    sound = np.round(noise(70_001, 2) * 2 ** (bits - 1)).astype(np.float32) / np.float32(2 ** (bits - 1))
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, sound, RATE, subtype=subtype)
    with open_audio(path) as reader:
        assert (reader.rate, reader.channels, reader.frames, reader.sound.bits) == (RATE, 2, 70_001, bits)
        assert np.array_equal(np.concatenate(list(reader.blocks())), sound)
        assert reader.trouble == ""


@pytest.mark.parametrize(("kind", "codec"), [("m4a", "aac"), ("mp4", "aac"), ("mkv", "pcm_s16le"), ("mov", "alac"), ("mka", "ac3"), ("webm", "libopus")])
def test_containers_only_ffmpeg_knows_are_read(tmp_path: Path, kind: str, codec: str) -> None:
    sound = noise(RATE, 2)
    path = write_with_ffmpeg(tmp_path / f"a.{kind}", sound, codec, picture=kind == "mp4")
    with open_audio(path) as reader:
        assert (reader.rate, reader.channels) == (RATE, 2)
        frames = reader.scan()
        assert abs(frames - RATE) < 5000  # codecs pad
        assert sum(map(len, reader.blocks())) == frames == reader.frames
        assert reader.sound.exact


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "opus", "mp3", "m4a"])
def test_any_span_equals_the_same_stretch_of_the_whole(tmp_path: Path, kind: str) -> None:
    sound, path = noise(2 * RATE), tmp_path / f"a.{kind}"
    if kind == "m4a":
        write_with_ffmpeg(path, sound, "aac")
    elif kind == "opus":
        soundfile.write(path, sound, RATE, format="OGG", subtype="OPUS")
    else:
        soundfile.write(path, sound, RATE)
    whole = everything(path)
    rng = np.random.default_rng(3)
    with open_audio(path) as reader:
        for start in (*rng.integers(0, len(whole) - 1, 6), 0, len(whole) - 1):
            span = Span(int(start), min(len(whole), int(start) + int(rng.integers(1, 9000))))
            assert np.array_equal(reader.read(span), whole[span.start : span.stop])
        assert len(reader.read(Span(len(whole) - 10, len(whole) + 500))) == 10


@given(cuts=st.lists(st.integers(0, 30_000), min_size=1, max_size=6), size=st.integers(1, 40_000))
@settings(max_examples=30, deadline=None)
def test_block_size_and_order_of_reading_never_change_the_samples(tmp_path_factory: pytest.TempPathFactory, cuts: list[int], size: int) -> None:
    path = tmp_path_factory.getbasetemp() / "cuts.flac"
    if not path.exists():
        soundfile.write(path, noise(30_000), RATE, subtype="PCM_16")
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    with open_audio(path) as reader:
        for start, stop in pairwise((0, *cuts)):
            span = Span(min(start, stop), max(start, stop))
            assert np.array_equal(np.concatenate([whole[:0], *reader.blocks(span, size)]), whole[span.start : span.stop])


def test_text_renamed_to_wav_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "list.wav"
    path.write_text("1. sun\n2. moon\n" * 500)
    with pytest.raises(AudioError, match="no sound file that can be read"):
        open_audio(path)


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_a_playlist_cannot_make_us_open_other_files(tmp_path: Path, text: str) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, noise(RATE), RATE)
    path = tmp_path / "a.mp4"
    path.write_text(text.format(other))
    with pytest.raises(AudioError):
        open_audio(path)


def test_empty_zero_second_missing_folder_and_silent_video_each_get_a_sentence(tmp_path: Path) -> None:
    empty, nothing, film = tmp_path / "empty.wav", tmp_path / "nothing.wav", tmp_path / "film.avi"
    empty.touch()
    soundfile.write(nothing, np.zeros((0, 1), np.float32), RATE)
    with av.open(str(film), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    for path, words in ((empty, "empty"), (nothing, "0 seconds"), (tmp_path / "gone.wav", "cannot be read"), (tmp_path, "folder"), (film, "no sound track")):
        with pytest.raises(AudioError, match=words):
            open_audio(path)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "m4a"])
def test_a_truncated_file_gives_what_is_there_and_says_so(tmp_path: Path, kind: str) -> None:
    path, sound = tmp_path / f"a.{kind}", noise(3 * RATE)
    if kind == "m4a":
        write_with_ffmpeg(tmp_path / "whole.mp4", sound, "aac")
        with av.open(str(tmp_path / "whole.mp4")) as source, av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as target:
            stream = target.add_stream_from_template(source.streams.audio[0])
            for packet in source.demux(source.streams.audio[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
    else:
        soundfile.write(path, sound, RATE)
    os.truncate(path, path.stat().st_size * 2 // 3)
    with open_audio(path) as reader:
        frames = sum(map(len, reader.blocks()))
        assert 1.2 * RATE < frames < 2.5 * RATE
        assert reader.frames == frames
        assert " s" in reader.trouble or kind in ("ogg", "mp3")  # those carry no length of their own


def test_a_wav_whose_recorder_was_killed_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "killed.wav"
    soundfile.write(path, noise(RATE), RATE, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = bytes(4)
    path.write_bytes(data)
    with open_audio(path) as reader:
        assert reader.frames == RATE


def test_memory_does_not_grow_with_the_length_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 16_000, 1, "PCM_16") as file:
        for _ in range(20):
            file.write(np.zeros(16_000 * 30, np.float32))
    tracemalloc.start()
    with open_audio(path) as reader:
        assert sum(map(len, reader.blocks())) == 20 * 30 * 16_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
