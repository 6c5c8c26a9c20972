"""`fieldapp doctor` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldapp.cli import main


def test_the_findings_are_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert code == (1 if answer["missing"] else 0)
    assert {finding["status"] for finding in answer["findings"]} <= {"ok", "look", "missing"}
    assert {"SQLite", "processor", "disk", "Python", "libraries"} <= {finding["what"] for finding in answer["findings"]}
    assert not [finding for finding in answer["findings"] if finding["status"] != "ok" and not finding["advice"]]


def test_a_fieldbook_in_a_cloud_folder_is_warned_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = tmp_path / "Dropbox" / "Suzhou"
    here.mkdir(parents=True)
    main(["doctor", str(here)])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("LOOK") and "Dropbox" in line]
    assert "thing" in lines[-1]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(tmp_path / "nowhere")]) == 1
    assert "no folder" in capsys.readouterr().err


def test_looking_leaves_no_data_folder_behind(own_home: Path) -> None:
    main(["doctor"])
    assert sorted(path.name for path in own_home.iterdir()) == ["logs"]
