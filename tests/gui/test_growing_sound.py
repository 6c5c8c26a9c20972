"""The waveform of a recording that grows: the same lowest and highest as if all of it were read each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldapp.audio.deck import Deck
from fieldapp.audio.samples import Floats
from fieldapp.audio.take import TakeOrder
from fieldapp.gui import growing_sound
from fieldapp.gui.growing_sound import HOP, GrowingSound
from fieldapp.model import Span

RATE = 8_000


class Noise:
    """A source that gives as much as the test wants."""

    speed, latency, channels, rate, notice = 1.0, 0.0, 1, RATE, ""
    overflows = delivered = 0
    over = False

    def __init__(self) -> None:
        self._chance, self._waiting = np.random.default_rng(1), 0

    @property
    def about(self) -> dict[str, Any]:
        return {"device": "noise", "host": "test", "latency": 0.0}

    def open(self) -> None:
        self.delivered = 0

    def begin(self) -> None:
        pass

    def give(self, frames: int) -> None:
        self._waiting += frames

    def read(self) -> Floats:
        block = self._chance.uniform(-0.9, 0.9, (self._waiting, 1)).astype(np.float32)
        self.delivered += self._waiting
        self._waiting = 0
        return block

    def close(self) -> None:
        pass


@pytest.fixture
def noise() -> Noise:
    return Noise()


@pytest.fixture
def deck(noise: Noise) -> Iterator[Deck]:
    made = Deck(reserve=0)
    made.arm(noise)
    yield made
    made.close("the test is over")


def grow(deck: Deck, noise: Noise, frames: int) -> None:
    noise.give(frames)
    deck.tick()


def extremes(sound: GrowingSound, first: int, stop: int) -> tuple[float, float]:
    heard = sound.samples(Span(first // HOP * HOP, stop // HOP * HOP))
    return float(heard.min()), float(heard.max())


def test_a_growing_waveform_shows_what_reading_everything_would(deck: Deck, noise: Noise, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    grow(deck, noise, 16)
    deck.record(TakeOrder(tmp_path / "audio" / "m"))
    grow(deck, noise, 5 * HOP + 7)
    sound = GrowingSound(tmp_path / "audio" / "m")
    for frames in (0, 3 * HOP, 17, 40 * HOP, 1):
        grow(deck, noise, frames)
        stop = sound.frames
        for first in sorted({0, stop // 3, max(0, stop - 9 * HOP)}):
            shown = sound.peaks(Span(first, stop), 4)
            assert (shown[:, 0].min(), shown[:, 1].max()) == pytest.approx(extremes(sound, first, stop))
            assert shown.shape == (4, 2)


def test_a_long_stretch_is_read_in_pieces_and_whole_after_a_few_pictures(deck: Deck, noise: Noise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing_sound, "AT_ONCE", 10)
    (tmp_path / "audio").mkdir()
    grow(deck, noise, 16)
    deck.record(TakeOrder(tmp_path / "audio" / "m"))
    grow(deck, noise, 25 * HOP)
    sound = GrowingSound(tmp_path / "audio" / "m")
    stop = sound.frames
    pictures = [sound.peaks(Span(0, stop), 25) for _ in range(3)]
    assert [int(np.flatnonzero(one.any(axis=1))[-1]) + 1 for one in pictures] == [10, 20, 25]
    assert (pictures[-1][:, 0].min(), pictures[-1][:, 1].max()) == pytest.approx(extremes(sound, 0, stop))


def test_before_there_is_enough_to_show_it_is_flat(deck: Deck, noise: Noise, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    grow(deck, noise, 16)
    deck.record(TakeOrder(tmp_path / "audio" / "m"))
    grow(deck, noise, 5)
    assert not GrowingSound(tmp_path / "audio" / "m").peaks(Span(0, 100), 3).any()
