"""`fieldapp tour`: the demo that came with the program, through the commands a person would type. Without a model, so that it is quick; with one below."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from fieldapp.cli import main
from fieldapp.commands import Answer, tour
from fieldapp.commands.tour.understanding import Draft, Found, Read, Understood


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """One tour that was kept, without a speech model."""
    out = tmp_path_factory.mktemp("tour")
    return out, tour.run(argparse.Namespace(out=out, model="no-such-model"), lambda share, doing: None)


@pytest.mark.slow
def test_the_tour_goes_through_without_a_model_and_says_how_to_get_one(toured: tuple[Path, Answer]) -> None:
    _, answer = toured
    assert answer.code == 0
    assert {step["status"] for step in answer.data["steps"]} == {"ok"}
    assert "No speech model is installed" in answer.text
    assert "fieldapp model add" in answer.text


@pytest.mark.slow
def test_the_report_says_that_nobody_speaks_and_where_the_demo_is(toured: tuple[Path, Answer]) -> None:
    out, answer = toured
    assert "synthetic" in answer.text
    assert f"stays in {out}" in answer.text
    assert (out / "Demo" / "fieldbook.db").is_file()


@pytest.mark.slow
def test_what_speakers_have_not_allowed_stays(toured: tuple[Path, Answer]) -> None:
    out, _ = toured
    assert len(list((out / "ELAN").rglob("*.eaf"))) == 13
    assert len(list((out / "archive").rglob("*.eaf"))) == 4


@pytest.mark.slow
def test_a_translation_is_found_in_every_variety(toured: tuple[Path, Answer]) -> None:
    _, answer = toured
    found = next(step["data"]["hits"] for step in answer.data["steps"] if "thieves" in step["command"])
    assert {hit["variety"] for hit in found} == {"Mandarin", "Cantonese", "Hakka", "English"}


def test_a_folder_in_use_ends_the_tour_with_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "Demo").mkdir()
    (tmp_path / "Demo" / "thesis.odt").write_text("years of work", encoding="utf-8")
    assert main(["tour", "--out", str(tmp_path)]) == 1
    report = capsys.readouterr().out
    assert "This did not work" in report
    assert "The tour ends here." in report
    assert [path.name for path in (tmp_path / "Demo").iterdir()] == ["thesis.odt"]


def test_the_end_tells_what_was_said_what_was_found_and_how_sure() -> None:
    told = Understood(
        (Draft("Hakka", "H2", "sentence", "tó-é", "tó-e", 0.81, 1, 3),),
        (Read("Hakka", 2, 360, 3, 0.052, 0.7, 0.88),),
        (Found("Hakka", "English", 50, 0.84, 0.74, 0.94, 0.02),),
        "meaning",
    ).text()
    assert "asked  tó-é" in told
    assert "sure 81%, 1 of 3 characters wrong" in told
    assert "5.2%" in told
    assert "74% to 94%" in told
    assert "trained meaning head" in told


@pytest.mark.slow
def test_with_the_bundled_model_drafts_and_meanings_are_told(tmp_path: Path) -> None:
    answer = tour.run(argparse.Namespace(out=tmp_path, model="starter"), lambda share, doing: None)
    assert answer.code == 0
    understood = answer.data["understood"]
    assert {one["variety"] for one in understood["read"]} == {"Mandarin", "Cantonese", "Hakka", "English", "Made dialect"}
    assert all(one["error"] < 0.5 for one in understood["read"] if one["variety"] != "Made dialect")
    assert all(one["low"] > one["chance"] for one in understood["found"] if "Made dialect" not in (one["one"], one["other"]))


@pytest.mark.slow
def test_a_deposit_of_the_demo_is_whole_until_one_byte_changes(toured: tuple[Path, Answer], tmp_path: Path) -> None:
    out, _ = toured
    bag = tmp_path / "bag"
    assert main(["deposit", str(out / "Demo"), "--out", str(bag), "--profile", "rocrate"]) == 0
    assert main(["deposit", str(bag), "--check"]) == 0
    victim = sorted(path for path in (bag / "data").rglob("*") if path.suffix in (".wav", ".flac"))[0]
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(bytes(content))
    assert main(["deposit", str(bag), "--check"]) == 1
