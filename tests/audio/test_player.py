"""The clock of what was heard: exact while the device runs evenly, bounded by what it took while it does not, never backwards. And a device that stalls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.audio.flow import Flow, HeardClock
from fieldapp.audio.render import Clip, Rendering
from fieldapp.model import Span

RATE, LATENCY = 48_000, 2000


def test_an_even_device_is_followed_to_the_frame() -> None:
    clock = HeardClock(RATE, LATENCY)
    for step in range(100):
        now = 5.0 + step * 0.01
        taken = (step * 480 // 512 + 2) * 512  # blocks of 512, two ahead of the ear
        assert abs(clock.heard(now, taken, 5.0) - step * 480) <= 1


def test_a_device_that_stalls_holds_the_cursor() -> None:
    clock = HeardClock(RATE, LATENCY)
    assert clock.heard(1.01, 1600, 1.0) == 480
    assert [clock.heard(1.0 + seconds, 1600, 1.0) for seconds in (0.1, 0.5, 1.4)] == [1600] * 3
    assert clock.heard(2.41, 4000, 1.0) == 2080
    assert clock.heard(2.5, 20_000, 1.0) == 18_000


def test_nothing_is_heard_before_the_device_took_something() -> None:
    assert HeardClock(RATE, LATENCY).heard(100.0, 0, -1.0) == 0


@given(steps=st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, 30_000)), max_size=40), began=st.floats(-10, 10))
def test_the_cursor_never_runs_back_or_ahead(steps: list[tuple[float, int]], began: float) -> None:
    clock, now, taken, before = HeardClock(RATE, LATENCY), 0.0, 1, 0
    for seconds, frames in steps:
        now, taken = now + seconds, taken + frames
        heard = clock.heard(now, taken, began)
        assert max(before, taken - LATENCY, 0) <= heard <= taken
        before = heard


class Action:
    """What a mixer was asked to do; it began at once."""

    actual_time = 0.0


class StalledDevice:
    """A mixer whose queue is full for a while, as when the sound server does not run."""

    latency = 0.0

    def __init__(self, refuses: int) -> None:
        self._refuses = refuses
        self.time = 0.0
        self.actions: set[Action] = set()

    def play_ringbuffer(self, _ring: object, start: float) -> Action:
        self._refuses -= 1
        if self._refuses >= 0:
            raise RuntimeError("Action queue is full")
        action = Action()
        self.actions.add(action)
        return action

    def cancel(self, _action: object) -> None:
        raise RuntimeError("Action queue is full")


def test_a_device_whose_queue_is_full_is_asked_again(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(9000, np.float32), RATE)
    device = StalledDevice(refuses=3)
    flow = Flow(device, Rendering((Clip(tmp_path / "a.wav", Span(0, 9000)),), RATE, 2), 0.0)
    asked = 1
    while not device.actions:
        flow.feed()
        asked += 1
        assert asked < 10
    flow.end()
    assert flow.dropouts == 0


def test_a_loudspeaker_that_was_let_go_is_not_asked_how_much_was_heard(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(9000, np.float32), RATE)
    device = StalledDevice(refuses=0)
    flow = Flow(device, Rendering((Clip(tmp_path / "a.wav", Span(100, 9000)),), RATE, 2), 0.0)
    flow.feed()
    flow.end()
    del device.time
    assert (flow.heard, flow.position.frame) == (0, 100)
