"""The scripted hour of work, some seconds of it: nothing is lost, and the watchdog names what blocks the window. It asserts no times."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest
from e2e.recorders import recorder_ends_with
from e2e.virtual_mic import missing
from hour import book as books
from hour.driver import Step
from PySide6.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import window_hour

pytestmark = [pytest.mark.gui, pytest.mark.e2e, pytest.mark.slow]
STEPS = ["prompts", "review", "type", "people", "palette"]
PLANTED_S = 0.12


def fall_asleep() -> Step:
    """What a page might do that reads something long in the wrong thread."""
    time.sleep(PLANTED_S)
    yield 0.0


def test_some_seconds_of_the_hour_lose_nothing_and_a_planted_block_is_named(tmp_path: Path, qapp: QApplication) -> None:
    if why := missing():
        pytest.skip(why)
    options = window_hour.arguments().parse_args(["--minutes", "0.05", "--segments", "2000", "--hours", "0.05", "--model", "none", "--steps", *STEPS])
    with recorder_ends_with(tmp_path / "book") as book:
        book.rmdir()
        books.make(book, options.hours, options.segments, None)
        found = window_hour.work(book, tmp_path, options, lambda _: [("planted", fall_asleep)])
    assert found["failures"] == []
    assert found["lost"] == []
    assert found["typed"] == 4 * found["rounds"]  # a quick machine begins a second one
    assert found["key_ms"]["count"] > 40
    planted = [one for one in found["window"]["blocks"] if one["doing"] == "planted"]
    assert any("test_window_hour.py" in one["place"] and "fall_asleep" in one["place"] for one in planted)
    json.dumps(found)
    assert "fall_asleep" in window_hour.told(found)
