"""Experiments that learn heads and throw them away: prefix lengths and models side by side, on a fieldbook of tones."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from lab_asked import ask
from made_models import bag_on_the_shelf

from fieldapp.speech import heads
from fieldapp.speech.manifest import identity

RATE = 16_000
Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def model(mini_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of its own, because a head is laid beside it."""
    return Path(shutil.copytree(mini_folder, tmp_path_factory.mktemp("given") / "mini"))


@pytest.fixture
def with_texts(own_home: Path, tried_before: None, model: Path) -> None:
    """A bag on the shelf, and a head that names it beside the model."""
    about = bag_on_the_shelf(model)
    (model / heads.FILE).write_bytes(
        heads.to_bytes(heads.Head("meaning", np.zeros(64, np.float32), np.eye(64, 16, dtype=np.float32), text_model=identity(about)))
    )


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Four voices, two varieties, twelve words said twice, each a melody."""
    lines = ["path,speaker,variety,meaning_id,translation_en,transcript"]
    words = ["sun", "moon", "rice", "tea", "dog", "fish", "bird", "tree", "house", "river", "stone", "salt"]
    seconds = np.arange(RATE // 2) / RATE
    for voice in range(4):
        for number, word in enumerate(words):
            pitch = 150 + 35 * number + (-1) ** number * 80 * seconds
            sound = 0.3 * np.sin(2 * np.pi * pitch * (1 + 0.03 * voice) * seconds) + 0.1 * np.sin(4 * np.pi * pitch * seconds)
            for take in range(2):
                soundfile.write(tmp_path / f"{word}{voice}{take}.wav", sound * (1 - 0.2 * take), RATE)
                lines.append(f"{word}{voice}{take}.wav,S{voice},{'AB'[voice // 2]},w:{word},{word},{word}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "manifest.csv"


@pytest.mark.slow
def test_prefixes_are_compared_with_a_head_that_never_learned_them(capsys: Printed, manifest: Path, model: Path, with_texts: None) -> None:
    found = ask(capsys, "prefixes", str(manifest), "--model", str(model))
    lengths = next(table for table in found["tables"] if table["name"] == "prefixes")
    assert [(row[0], row[1]) for row in lengths["rows"]] == [("every prefix", 16), ("full length only", 16)]
    assert found["passed"] is False  # 16 numbers have no shorter prefix that is used
    assert "chance 33.3 %" in found["doubt"][0]
    assert "energy" in found["pictures"]


@pytest.mark.slow
def test_models_stand_side_by_side_in_the_order_they_are_named(capsys: Printed, manifest: Path, model: Path, with_texts: None) -> None:
    found = ask(capsys, "arms", str(manifest), "--model", "none", "--model", str(model))
    (table,) = found["tables"]
    assert list(dict.fromkeys(row[0] for row in table["rows"])) == ["none", "mini"]
    assert {row[1] for row in table["rows"]} >= {"text to speech", "speech to text", "speech to speech, another speaker"}
    assert found["passed"] in (True, False)
    assert "At least two" in ask(capsys, "arms", str(manifest), "--model", "none", code=2)["said"]


def test_a_label_may_be_one_part_of_a_meaning(capsys: Printed, manifest: Path, model: Path, with_texts: None) -> None:
    found = ask(capsys, "zeroshot", str(manifest), "--model", str(model), "--by", "meaning_id:1")
    assert found["tables"][0]["rows"][0][2] == 12


@pytest.mark.slow
def test_ways_to_documents_and_ways_of_pooling_stand_side_by_side(capsys: Printed, manifest: Path, model: Path, with_texts: None) -> None:
    pytest.importorskip("torch")
    found = ask(capsys, "fusion", str(manifest), "--model", str(model), "--steps", "2")
    assert [row[0] for row in found["tables"][0]["rows"]] == ["fused into the text model", "two encoders", "written down first"]
    assert found["passed"] is False
    again = ask(capsys, "fusion", str(manifest), "--model", str(model), "--steps", "2")
    assert again["tables"] == found["tables"]
    pools = ask(capsys, "pooling", str(manifest), "--model", str(model), "--steps", "2")
    assert [row[:2] for row in pools["tables"][0]["rows"]] == [[m, w] for w in ("last layer", "mix of layers") for m in ("mean", "attention")]
    assert len(pools["measured"]) == 3
