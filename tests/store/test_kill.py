"""What was acknowledged is there, however the process ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILL = Path(__file__).resolve().parents[1] / "bench" / "kill.py"


@pytest.mark.slow
@pytest.mark.e2e
def test_25_kills_lose_no_acknowledged_row_and_leave_a_sound_database() -> None:
    answer = subprocess.run([sys.executable, str(KILL), "--rounds", "25"], capture_output=True, text=True, timeout=110, check=True)
    counted = json.loads(answer.stdout)
    assert counted["acknowledged"] > 25
    assert (counted["lost"], counted["sound"]) == (0, 25)
