"""The bench of starting the window, on a small fieldbook."""

from __future__ import annotations

import json

import pytest

from fieldapp.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.gui]


def test_the_start_of_each_page_is_measured_from_a_process_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "start", "--segments", "50", "--starts", "1", "--page", "start", "--page", "review", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["seconds"]) == {"start", "review"}
    assert all(0 < one["median"] < 60 for one in told["seconds"].values())
