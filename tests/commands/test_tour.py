"""`fieldapp tour`: the demo that came with the program, through the commands a person would type."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from fieldapp import paths
from fieldapp.cli import main


def test_the_tour_goes_through_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tour", "--json"]) == 0
    tour = json.loads(capsys.readouterr().out)
    assert "failed" not in {step["status"] for step in tour["steps"]}
    assert not Path(tour["fieldbook"]).exists()


def test_the_report_names_what_it_does_not_show(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["tour", "--out", str(tmp_path / "tour")]) == 0
    report = capsys.readouterr().out
    assert "synthetic" in report
    assert f"stays in {tmp_path / 'tour'}" in report
    assert (tmp_path / "tour" / "Demo" / "fieldbook.db").is_file()


def test_what_speakers_have_not_allowed_stays(tmp_path: Path) -> None:
    assert main(["tour", "--out", str(tmp_path)]) == 0
    assert len(list((tmp_path / "ELAN").rglob("*.eaf"))) == 12
    assert not list(tmp_path.glob("archive/*.eaf"))


def test_a_folder_in_use_ends_the_tour_with_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "Demo").mkdir()
    (tmp_path / "Demo" / "thesis.odt").write_text("years of work", encoding="utf-8")
    assert main(["tour", "--out", str(tmp_path)]) == 1
    report = capsys.readouterr().out
    assert "This did not work" in report
    assert "The tour ends here." in report
    assert [path.name for path in (tmp_path / "Demo").iterdir()] == ["thesis.odt"]


def test_the_demo_is_whole_small_and_says_that_nobody_speaks() -> None:
    demo = paths.resource("demo")
    with (demo / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["path"] for row in rows) == sorted(path.name for path in demo.glob("*.flac"))
    assert all(all(row.values()) for row in rows)
    assert sum(path.stat().st_size for path in demo.iterdir()) < 320_000
    assert "synthetic" in (demo / "README.md").read_text(encoding="utf-8")
