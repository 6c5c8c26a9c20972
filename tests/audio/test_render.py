"""What would be heard: gapless queues, loops, other speeds at the same pitch, and the exact place of every output frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.audio.decode import Block
from fieldapp.audio.render import Clip, Position, Rendering, clips_of
from fieldapp.model import Recording, RecordingId, SessionId, Span

RATE = 48_000


def counted(path: Path, frames: int = 20_000, rate: int = RATE) -> Path:
    """A file whose samples say which frame they are: 0.5 * frame / frames."""
    soundfile.write(path, (np.arange(frames) / frames / 2)[:, np.newaxis], rate, subtype="FLOAT")
    return path


def all_of(rendering: Rendering, size: int = 1000) -> Block:
    parts = []
    while len(block := rendering.read(size)):
        parts.append(block)
    return np.concatenate(parts)


def test_a_queue_of_spans_plays_without_a_gap(tmp_path: Path) -> None:
    path = counted(tmp_path / "a.wav")
    rendering = Rendering([Clip(path, Span(100, 5000)), Clip(path, Span(0, 77)), Clip(path, Span(19_000, 20_000))], RATE)
    heard = all_of(rendering) * 2 * 20_000
    assert heard.shape == (4900 + 77 + 1000, 2)
    assert np.allclose(heard[:, 0], np.concatenate([np.arange(100, 5000), np.arange(77), np.arange(19_000, 20_000)]), atol=0.01)
    assert rendering.where(0) == Position(0, 100)
    assert rendering.where(4899) == Position(0, 4999)
    assert rendering.where(4900) == Position(1, 0)
    assert rendering.where(4977) == Position(2, 19_000)
    assert rendering.where(10**9) == Position(2, 20_000)


@given(at=st.integers(0, 40_000), cuts=st.lists(st.tuples(st.integers(0, 9000), st.integers(1, 9000)), min_size=1, max_size=5))
def test_the_place_of_every_frame_is_the_one_that_sounds(tmp_path_factory: pytest.TempPathFactory, at: int, cuts: list[tuple[int, int]]) -> None:
    path = tmp_path_factory.getbasetemp() / "counted.wav"
    if not path.exists():
        counted(path)
    rendering = Rendering([Clip(path, Span(start, start + length)) for start, length in cuts], RATE, 1)
    heard = all_of(rendering)
    assert len(heard) == sum(length for _, length in cuts)
    if at < len(heard):
        assert rendering.where(at).frame == round(float(heard[at, 0]) * 2 * 20_000)


def test_a_loop_goes_round_without_a_gap(tmp_path: Path) -> None:
    rendering = Rendering([Clip(counted(tmp_path / "a.wav"), Span(10, 110))], RATE, 1, loop=True)
    heard = rendering.read(1050)[:, 0] * 2 * 20_000
    assert np.allclose(heard, np.tile(np.arange(10, 110), 11)[:1050], atol=0.01)
    assert rendering.where(1049) == Position(0, 59)


def test_playback_begins_where_one_wants(tmp_path: Path) -> None:
    path = counted(tmp_path / "a.wav")
    clips = [Clip(path, Span(0, 100)), Clip(path, Span(200, 300))]
    rendering = Rendering(clips, RATE, 1, loop=True, start=Position(1, 250))
    heard = rendering.read(150)[:, 0] * 2 * 20_000
    assert np.allclose(heard, np.concatenate([np.arange(250, 300), np.arange(100)]), atol=0.01)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 96_000])
def test_files_of_any_rate_are_heard_at_the_rate_of_the_device(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.sin(2 * np.pi * 440 * np.arange(rate) / rate) * 0.5, rate, subtype="FLOAT")
    rendering = Rendering([Clip(path, Span(0, rate)), Clip(path, Span(0, rate))], RATE)
    heard = all_of(rendering)
    assert abs(len(heard) - 2 * RATE) <= 2
    assert np.argmax(np.abs(np.fft.rfft(heard[:RATE, 0]))) == 440
    assert abs(rendering.where(RATE + RATE // 2).frame - rate // 2) <= 1


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.25, 2.0])
def test_another_speed_changes_the_length_and_not_the_pitch(tmp_path: Path, speed: float) -> None:
    path = tmp_path / "a.wav"
    t = np.arange(3 * RATE) / RATE
    soundfile.write(path, np.sin(2 * np.pi * 220 * t) * 0.3 + np.sin(2 * np.pi * 660 * t) * 0.1, RATE, subtype="FLOAT")
    heard = all_of(Rendering([Clip(path, Span(0, 3 * RATE))], RATE, speed=speed))
    assert len(heard) == pytest.approx(3 * RATE / speed, rel=0.02)
    spectrum = np.abs(np.fft.rfft(heard[:RATE, 0] * np.hanning(RATE)))
    assert abs(int(np.argmax(spectrum)) - 220) <= 2
    assert abs(int(np.argmax(spectrum[500:])) + 500 - 660) <= 3


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.5, 2.0])
def test_the_cursor_keeps_to_the_sound_at_another_speed(tmp_path: Path, speed: float) -> None:
    """A syllable a second: wherever one begins to sound, the cursor is within 30 ms of it, after ten seconds as after one."""
    sound = np.random.default_rng(1).standard_normal(10 * RATE) * 1e-4
    begins = np.arange(RATE // 2, 10 * RATE, RATE)
    for begin in begins:
        sound[begin : begin + RATE // 5] += 0.5 * np.sin(2 * np.pi * 180 * np.arange(RATE // 5) / RATE)
    path = tmp_path / "a.wav"
    soundfile.write(path, sound, RATE, subtype="FLOAT")
    rendering = Rendering([Clip(path, Span(0, len(sound)))], RATE, 1, speed=speed)
    loud = np.flatnonzero(np.abs(all_of(rendering)[:, 0]) > 0.1)
    found = loud[np.diff(loud, prepend=-RATE) > RATE // 10]
    assert len(found) == len(begins)
    errors = [rendering.where(int(at)).frame - begin for begin, at in zip(begins, found)]
    assert np.abs(errors).max() < 0.03 * RATE


def test_a_loop_over_nothing_ends(tmp_path: Path) -> None:
    assert len(Rendering([], RATE, loop=True).read(10)) == 0
    assert len(Rendering([Clip(counted(tmp_path / "a.wav"), Span(5, 5))], RATE, loop=True).read(10)) == 0


def test_a_speed_beyond_the_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="speed"):
        Rendering([], RATE, speed=3.0)


def test_a_span_over_a_roll_over_is_heard_from_both_files_and_a_gap_is_skipped() -> None:
    def part(number: int, first: int) -> Recording:
        return Recording(
            id=RecordingId(f"R{number}"),
            session=SessionId("S"),
            path=f"audio/p{number}.wav",
            rate=1000,
            channels=1,
            bits=16,
            frames=100,
            part=number,
            first_frame=first,
        )

    found = clips_of(Path("/book"), [part(0, 0), part(1, 100), part(2, 250)], Span(90, 260))
    assert [(clip.path.name, clip.span) for clip in found] == [("p0.wav", Span(90, 100)), ("p1.wav", Span(0, 100)), ("p2.wav", Span(0, 10))]
