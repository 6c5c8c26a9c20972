"""The deck with a source under the test's control: pre-roll, overflow, a rate that is refused, a device that comes and goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldapp.audio import deck as deck_module
from fieldapp.audio.deck import Deck
from fieldapp.audio.growing import GrowingMaster
from fieldapp.audio.journal import journal_path, read_journal
from fieldapp.audio.masters import read_master
from fieldapp.audio.samples import Floats
from fieldapp.audio.take import TakeOrder
from fieldapp.errors import DeviceError
from fieldapp.model import Span

RATE = 8_000


class Hand:
    """A source that gives what the test puts into it; numbers its frames (in steps a 24-bit sample holds)."""

    speed = 1.0
    latency = 0.0
    channels = 1

    def __init__(self, rate: int = RATE, notice: str = "") -> None:
        self.rate = rate
        self.notice = notice
        self.overflows = self.delivered = self.opened = 0
        self.over = False
        self.there = True
        self._number = 0
        self._waiting = 0

    @property
    def about(self) -> dict[str, Any]:
        return {"device": "hand", "host": "test", "latency": 0.0}

    def open(self) -> None:
        if not self.there:
            raise DeviceError("The microphone 'hand' is not there.")
        self.opened += 1
        self.delivered = 0
        self.over = False

    def begin(self) -> None:
        pass

    def give(self, frames: int) -> None:
        self._waiting += frames

    def read(self) -> Floats:
        numbers = np.arange(self._number, self._number + self._waiting)
        self._number += self._waiting
        self.delivered += self._waiting
        self._waiting = 0
        return (numbers.reshape(-1, 1) / 2**23).astype(np.float32)

    def close(self) -> None:
        pass


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def deck(hand: Hand) -> Iterator[Deck]:
    made = Deck(reserve=0)
    made.arm(hand)
    yield made
    made.close("the test is over")


def numbers_of(stem: Path) -> list[int]:
    master = GrowingMaster(stem)
    return [int(number) for number in np.rint(master.read(Span(0, master.frames))[:, 0] * 2**23)]


def tick(deck: Deck, hand: Hand, frames: int) -> None:
    hand.give(frames)
    deck.tick()


def test_the_master_begins_with_what_was_heard_two_seconds_before(deck: Deck, hand: Hand, tmp_path: Path) -> None:
    for _ in range(50):
        tick(deck, hand, RATE // 10)
    assert deck.record(TakeOrder(tmp_path / "m"))["preroll"] == 2 * RATE
    tick(deck, hand, 100)
    deck.stop()
    assert numbers_of(tmp_path / "m") == list(range(3 * RATE, 5 * RATE + 100))


def test_sound_that_came_while_stop_was_asked_is_still_written(deck: Deck, hand: Hand, tmp_path: Path) -> None:
    deck.record(TakeOrder(tmp_path / "m"))
    hand.give(77)
    assert deck.stop()["frames"] == 77


def test_two_recordings_share_nothing(deck: Deck, hand: Hand, tmp_path: Path) -> None:
    deck.record(TakeOrder(tmp_path / "a"))
    tick(deck, hand, 500)
    deck.stop()
    tick(deck, hand, 50)
    deck.record(TakeOrder(tmp_path / "b"))
    tick(deck, hand, 10)
    deck.stop()
    assert numbers_of(tmp_path / "a") == list(range(500))
    assert numbers_of(tmp_path / "b") == list(range(500, 560))


def test_an_overflow_is_counted_and_noted_at_its_frame(deck: Deck, hand: Hand, tmp_path: Path) -> None:
    deck.record(TakeOrder(tmp_path / "m"))
    tick(deck, hand, 300)
    hand.overflows = 2
    tick(deck, hand, 300)
    assert deck.status()["overflows"] == 2
    deck.stop()
    (gap,) = read_master(tmp_path / "m").events
    assert (gap["kind"], gap["why"], gap["frame"]) == ("gap", "overflow", 300)
    assert [notice["kind"] for notice in deck.news.since()].count("gap") == 1


def test_a_rate_that_was_refused_is_said(tmp_path: Path) -> None:
    deck = Deck(reserve=0)
    deck.arm(Hand(44_100, notice="hand refuses 48000 Hz, so 44100 Hz is recorded."))
    assert "refuses 48000" in deck.news.since()[-1]["message"]
    deck.record(TakeOrder(tmp_path / "m"))
    deck.close("enough")
    assert read_master(tmp_path / "m").format.rate == 44_100


def lose_and_find(deck: Deck, hand: Hand, find: Callable[[], None]) -> None:
    hand.over = True
    hand.there = False
    deck.tick()
    assert deck.lost
    find()
    hand.there = True
    deadline = time.monotonic() + 10
    while deck.lost:
        assert time.monotonic() < deadline
        deck.tick()
        time.sleep(0.01)


def test_a_device_that_comes_back_continues_in_a_new_part_after_a_gap(deck: Deck, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deck_module, "RETRY_SECONDS", 0.05)
    deck.record(TakeOrder(tmp_path / "m"))
    tick(deck, hand, 400)

    def away() -> None:
        deck.tick()
        assert deck.state == "recording"
        assert GrowingMaster(tmp_path / "m").frames == 400

    lose_and_find(deck, hand, away)
    tick(deck, hand, RATE)
    tick(deck, hand, 5)
    deck.stop()
    first, second = read_master(tmp_path / "m").parts
    gap = second.first_frame - 400
    assert gap >= 0
    assert numbers_of(tmp_path / "m") == [*range(400), *[0] * gap, *range(400, 400 + RATE + 5)]
    kinds = [entry["kind"] for entry in read_journal(journal_path(tmp_path / "m"))]
    assert [kind for kind in kinds if kind != "digest"] == ["begun", "part", "lost", "closed", "gap", "part", "closed", "ended"]
    assert first.frames == 400


def test_stopping_just_after_the_device_came_back_loses_nothing(deck: Deck, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deck_module, "RETRY_SECONDS", 0.05)
    deck.record(TakeOrder(tmp_path / "m"))
    tick(deck, hand, 400)
    lose_and_find(deck, hand, lambda: None)
    tick(deck, hand, 30)
    deck.stop()
    assert numbers_of(tmp_path / "m")[-30:] == list(range(400, 430))


def test_a_device_that_comes_back_with_another_rate_is_not_taken(deck: Deck, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deck_module, "RETRY_SECONDS", 0.0)
    deck.record(TakeOrder(tmp_path / "m"))
    tick(deck, hand, 400)
    hand.over = True
    deck.tick()
    really = hand.open

    def other() -> None:
        really()
        hand.rate = 16_000

    monkeypatch.setattr(hand, "open", other)
    deck.tick()
    assert "came back with 16000 Hz" in deck.lost
    deck.stop()
    assert numbers_of(tmp_path / "m") == list(range(400))


def test_stopping_while_the_device_is_away_keeps_what_there_is(deck: Deck, hand: Hand, tmp_path: Path) -> None:
    deck.record(TakeOrder(tmp_path / "m"))
    tick(deck, hand, 400)
    hand.over, hand.there = True, False
    deck.tick()
    assert deck.stop()["frames"] == 400
    with pytest.raises(DeviceError, match="is away"):
        deck.record(TakeOrder(tmp_path / "n"))


def test_parts_a_full_disk_kept_out_of_the_journal_are_found_and_placed(deck: Deck, hand: Hand, tmp_path: Path) -> None:
    deck.record(TakeOrder(tmp_path / "m", limit=2000))
    tick(deck, hand, 1000)
    deck.stop()
    parts = [(part.path.name, part.first_frame) for part in read_master(tmp_path / "m").parts]
    assert len(parts) > 1
    journal = journal_path(tmp_path / "m")
    kept = [line for line in journal.read_text().splitlines() if '"part": 2, "path"' not in line]
    journal.write_text("\n".join(kept) + '\n{"kind": "par')  # and a line cut short
    assert [(part.path.name, part.first_frame) for part in read_master(tmp_path / "m", mend=True).parts] == parts
