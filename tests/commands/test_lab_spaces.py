"""Probes, labels, keywords and pictures as a person asks for them, on human voices where they lie beside the project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lab_asked import ask
from made_models import bag_on_the_shelf

from fieldapp.speech import heads
from fieldapp.speech.manifest import identity

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def model(mini_folder: Path, tried_before: None) -> Path:
    return mini_folder


@pytest.fixture
def head(own_home: Path, model: Path, tmp_path: Path) -> Path:
    """A head of chance towards a bag of pieces that stands on the shelf."""
    about = bag_on_the_shelf(model)
    matrix = np.random.default_rng(1).standard_normal((64, 16)).astype(np.float32)
    (tmp_path / "some.head").write_bytes(heads.to_bytes(heads.Head("some", np.zeros(64, np.float32), matrix, text_model=identity(about))))
    return tmp_path / "some.head"


@pytest.fixture
def digits(dev_data: Path) -> tuple[str, ...]:
    return (str(dev_data / "manifest.csv"), "--where", "set=digits", "--where", "meaning_id=num:1,num:2,num:3,num:4,num:5,num:6")


@pytest.mark.slow
def test_the_voice_is_read_off_and_warned_of(capsys: Printed, digits: tuple[str, ...], model: Path, head: Path) -> None:
    found = ask(capsys, "probe", *digits, "--model", str(model), "--head", str(head))
    (table,) = found["tables"]
    rows = {(row[0], row[1]): row for row in table["rows"]}
    assert {space for space, _ in rows} == {"raw", "whitened", "some"}
    raw = rows["raw", "speaker"]
    assert raw[2:4] == [144, 3]
    assert raw[5] > 0.6 > raw[8]  # even a model of chance hears who speaks, and a shuffled voice is not heard
    assert any("speaker" in doubt for doubt in found["doubt"])


@pytest.mark.slow
def test_labels_and_keywords_are_measured_beside_chance(capsys: Printed, digits: tuple[str, ...], model: Path, head: Path) -> None:
    common = (*digits, "--model", str(model), "--head", str(head))
    labelled = ask(capsys, "zeroshot", *common, "--by", "meaning_id", "--call", "num:1=one")
    ways = {row[0]: row for row in labelled["tables"][0]["rows"]}
    assert ways["label words, no example"][1:3] == [144, 6]
    assert ways["label words, no example"][7] > 0.001
    assert {"learned from texts, asked about speech", "learned from speech, asked about speech", "4 spoken examples a label"} <= set(ways)
    words = ask(capsys, "keywords", *common)
    assert {row[0] for row in words["tables"][0]["rows"]} == {"one", "two", "three", "four", "five", "six"}
    assert "'nothing' holds 0 labels" in ask(capsys, "zeroshot", *common, "--by", "nothing", code=2)["said"]


@pytest.mark.slow
def test_a_head_that_brings_texts_along_finds_the_same_words(capsys: Printed, digits: tuple[str, ...], model: Path, head: Path) -> None:
    plain = heads.from_bytes(head.read_bytes())
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((16, 16)))[0].astype(np.float32)
    turned = head.with_name("turned.head")
    turned.write_bytes(heads.to_bytes(replace(plain, matrix=plain.matrix @ turn, texts=turn)))
    tables = [ask(capsys, "keywords", *digits, "--model", str(model), "--head", str(one), "--word", "one")["tables"] for one in (head, turned)]
    assert tables[0] == tables[1]
    assert (
        "No word stands in" in ask(capsys, "keywords", *digits[:3], "--where", "meaning_id=num:1", "--model", str(model), "--head", str(head), code=2)["said"]
    )


def test_without_a_text_side_words_cannot_be_compared(capsys: Printed, digits: tuple[str, ...], model: Path) -> None:
    said = ask(capsys, "keywords", *digits, "--model", str(model), code=1)["said"]
    assert "fieldapp adapt" in said


@pytest.mark.slow
def test_words_of_human_voices_are_found_by_pictures_better_than_by_chance(capsys: Printed, dev_data: Path) -> None:
    manifest = str(dev_data / "manifest.csv")
    found = ask(capsys, "pictures", "find", "all", manifest, "--where", "set=digits", "--strings", "3", "--model", "none")
    placed: dict[str, list[float]] = {}
    for _, way, _, _, _, localised in next(table for table in found["tables"] if table["name"] == "scores")["rows"]:
        placed.setdefault(way, []).append(localised)
    means = {way: float(np.mean(values)) for way, values in placed.items()}
    assert means["contrast"] > means["with only"] > means["random"]


def test_what_no_picture_shows_is_told(capsys: Printed, dev_data: Path) -> None:
    words = ("pictures", "find", "unicorn", str(dev_data / "manifest.csv"), "--where", "set=digits", "--model", "none")
    assert "before pictures" in ask(capsys, *words, code=2)["said"]
    assert "No picture shows 'unicorn'" in ask(capsys, *words, "--strings", "3", code=2)["said"]
