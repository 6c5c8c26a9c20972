"""The waveform from close by: samples are read by somebody else, and what is drawn in the end is what is in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.gui.review.near_sound import BLOCK, KEPT, NearSound, Samples
from fieldapp.gui.review.recorded import RecordedSound
from fieldapp.model import Recording, RecordingId, SessionId, Span

RATE, FRAMES = 16_000, 5 * BLOCK + 123


class Behind:
    """Keeps what is to be done until the test wants it done."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], list[Samples]], Callable[[list[Samples]], None]]] = []
        self.told = 0

    def run(self, work: Callable[[], list[Samples]], done: Callable[[list[Samples]], None]) -> None:
        self.waiting.append((work, done))

    def more(self) -> None:
        self.told += 1

    def catch_up(self) -> None:
        while self.waiting:
            work, done = self.waiting.pop()
            done(work())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two parts with a gap between them, one of them FLAC."""
    folder = tmp_path_factory.mktemp("sound")
    noise = np.random.default_rng(3).uniform(-0.8, 0.8, FRAMES).astype(np.float32)
    soundfile.write(folder / "a.wav", noise, RATE, subtype="PCM_16")
    soundfile.write(folder / "b.flac", np.stack((noise, noise[::-1]), axis=1), RATE, subtype="PCM_16")
    return folder


def of(folder: Path) -> RecordedSound:
    def part(name: str, first: int, channels: int) -> Recording:
        return Recording(id=RecordingId(name), session=SessionId("s"), path=name, rate=RATE, channels=channels, bits=16, frames=FRAMES, first_frame=first)

    return RecordedSound(folder, [part("a.wav", 0, 1), part("b.flac", FRAMES + 5000, 2)])


def near(sound: RecordedSound) -> tuple[NearSound, Behind]:
    behind = Behind()
    return NearSound(sound, behind.run, behind.more), behind


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_is_drawn_in_the_end_is_what_is_in_the_file(folder: Path, data: st.DataObject) -> None:
    sound = of(folder)
    shown, behind = near(sound)
    for _ in range(3):
        start = data.draw(st.integers(0, sound.frames - 1))
        span = Span(start, data.draw(st.integers(start + 1, min(sound.frames + 1000, start + 30 * RATE))))
        columns = data.draw(st.integers(1, 1500))
        shown.peaks(span, columns)
        behind.catch_up()
        assert np.array_equal(shown.peaks(span, columns), sound.peaks(span, columns))
        assert np.array_equal(shown.samples(span), sound.samples(span))
        assert not behind.waiting
    sound.close()


def test_nothing_is_read_by_whoever_draws(folder: Path) -> None:
    sound = of(folder)
    shown, behind = near(sound)
    assert not shown.peaks(Span(1000, 2000), 300).any()
    assert not shown.samples(Span(1000, 1200)).any()
    assert sound.frames_read == 0
    assert len(behind.waiting) == 1
    behind.catch_up()
    assert behind.told == 1
    assert shown.peaks(Span(1000, 2000), 300).any()
    sound.close()


def test_until_the_samples_are_there_the_overview_is_drawn(folder: Path) -> None:
    sound = of(folder)
    sound.load_overviews()
    shown, behind = near(sound)
    span = Span(BLOCK, BLOCK + 20_000)
    coarse = shown.peaks(span, 900)
    assert np.abs(coarse).max() > 0.7
    behind.catch_up()
    fine = shown.peaks(span, 900)
    holds = (coarse[:, 0] <= fine[:, 0] + 1e-3) & (coarse[:, 1] >= fine[:, 1] - 1e-3)
    assert holds.mean() > 0.95  # a column may reach one sample into the next bucket
    sound.close()


def test_from_afar_nothing_is_asked_for(folder: Path) -> None:
    sound = of(folder)
    sound.load_overviews()
    shown, behind = near(sound)
    assert shown.peaks(Span(0, sound.frames), 400).any()
    assert not behind.waiting
    sound.close()


def test_scrolling_on_finds_the_next_block_read_already(folder: Path) -> None:
    sound = of(folder)
    shown, behind = near(sound)
    for at in range(0, 3 * BLOCK, BLOCK // 4):
        whole = shown.samples(Span(at, at + 2000))
        assert at == 0 or np.array_equal(whole, sound.samples(Span(at, at + 2000)))
        behind.catch_up()
    sound.close()


def test_only_so_much_is_kept(folder: Path) -> None:
    frames = (KEPT + 20) * BLOCK
    soundfile.write(folder / "long.wav", np.zeros(frames, np.int16), RATE)
    sound = RecordedSound(folder, [Recording(id=RecordingId("l"), session=SessionId("s"), path="long.wav", rate=RATE, channels=1, bits=16, frames=frames)])
    shown, behind = near(sound)
    for at in range(0, frames, BLOCK):
        shown.samples(Span(at, at + 10))
        behind.catch_up()
    assert sound.frames_read <= frames
    shown.samples(Span(0, 10))
    assert behind.waiting, "what was left long ago is read anew"
    behind.catch_up()
    for _ in range(2):
        shown.samples(Span(0, frames))
        behind.catch_up()
    shown.samples(Span(0, frames))
    assert not behind.waiting, "a view that needs more than is usually kept does not ask for ever"
    sound.close()


def test_a_stick_that_is_pulled_out_is_silence_until_it_is_back(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.ogg", np.random.default_rng(4).uniform(-0.8, 0.8, 3 * RATE).astype(np.float32), RATE)
    part = Recording(id=RecordingId("a"), session=SessionId("s"), path="a.ogg", rate=RATE, channels=1, bits=16, frames=3 * RATE)
    sound, first = RecordedSound(tmp_path, [part]), Span(0, RATE)
    before = sound.samples(first)
    (tmp_path / "a.ogg").rename(tmp_path / "elsewhere.ogg")
    assert not sound.samples(first).any()
    (tmp_path / "elsewhere.ogg").rename(tmp_path / "a.ogg")
    assert np.array_equal(sound.samples(first), before)
    sound.close()
