"""Whoever dies, the sound stays: the application or the recorder killed at random moments of a recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.killing import kill_the_application, kill_the_recorder
from e2e.recorders import recorder_ends_with

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_killed_application_loses_nothing_and_its_successor_takes_over(tmp_path: Path) -> None:
    with recorder_ends_with(tmp_path / "book") as book:
        outcome = kill_the_application(book, times=5, seed=1)
    assert outcome["lost_frames"] == 0
    assert outcome["intact"]
    assert outcome["recorders"] == 1


def test_a_killed_recorder_loses_less_than_a_second_and_its_files_open(tmp_path: Path) -> None:
    losses = [kill_the_recorder(tmp_path / str(number), after=moment) for number, moment in enumerate((0.3, 0.71, 1.18))]
    assert max(loss["lost_seconds"] for loss in losses) < 1.0
    assert all(loss["intact"] for loss in losses)
