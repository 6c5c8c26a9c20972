"""`fieldapp lab acceptance`: every test of the five papers by one command, on the demo; and what several experiments share."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_asked import ask

from fieldapp.commands.lab.acceptance_tests import TESTS, Wanted
from fieldapp.commands.lab.again import untimed
from fieldapp.commands.lab.drawn import pixels, pngs
from fieldapp.errors import FieldError
from fieldapp.lab.adapt.weights import untrained
from fieldapp.lab.drawing import bars
from fieldapp.lab.hearing import hear_acoustics, remembering
from fieldapp.speech import whisper
from fieldapp.speech.manifest import manifest_of

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def model(mini_folder: Path, tried_before: None) -> Path:
    return mini_folder


def test_the_words_of_a_test_lose_an_option_that_has_no_value() -> None:
    wanted = Wanted("T", "claim", ("arms", "demo", "--model", "{one}", "--model", "{other}"))
    names = {"one": "", "other": "m", "seed": "3", "device": ""}
    assert wanted.spoken(names) == ["arms", "demo", "--model", "m", "--seed", "3"]
    assert wanted.spoken(names | {"device": "cpu"})[-2:] == ["--device", "cpu"]


def test_every_test_of_the_five_papers_is_there_once() -> None:
    assert [test.id for test in TESTS] == ["T0", "T1a", "T1b", "T1c", "T2a", "T2b", "T2c", "T2d", "T3a", "T3b", "T3c", "T4a", "T4b", "T4c"]


def test_a_test_nobody_knows_is_refused(capsys: Printed) -> None:
    assert "There is no acceptance test T9" in ask(capsys, "acceptance", "--only", "T9", code=2)["said"]


@pytest.mark.slow
def test_acceptance_runs_on_the_demo_and_repeats_to_the_digit(capsys: Printed, own_home: Path, model: Path, tmp_path: Path) -> None:
    found = ask(capsys, "acceptance", "--model", str(model), "--only", "T1b,T2a,T3b", "--out", str(tmp_path / "kept"))
    (table,) = found["tables"]
    verdicts = {row[0]: row[1] for row in table["rows"]}
    assert verdicts["T1b"] == "FAIL"  # a model of chance reads nothing, at any exit
    assert verdicts["T2a"] == "not run"  # it has no text model
    assert "--text" in found["data"]["trouble"]["T2a"]
    ways = [row[2] for row in table["rows"] if row[0] == "T3b"]
    assert ways == ["localisation P@10, contrast", "localisation P@10, with only", "localisation P@10, random"]
    assert all(0 <= row[5] <= 1 and row[3] == 30 for row in table["rows"] if row[0] == "T3b")
    assert found["passed"] is False
    assert {"T1b.txt", "T3b.txt", "T1b-exits.svg", "T1b-exits.png"} <= {path.name for path in (tmp_path / "kept").iterdir()}
    assert ask(capsys, "again", str(tmp_path / "kept"))["same"] is True


def test_a_model_that_has_learned_nothing_is_made_once_and_hears_otherwise(model: Path, tmp_path: Path) -> None:
    made = untrained(model, tmp_path)
    stamp = (made / "model.bin").stat().st_mtime_ns
    assert untrained(model, tmp_path) == made
    assert (made / "model.bin").stat().st_mtime_ns == stamp
    assert manifest_of(made).checksums["model.bin"] != manifest_of(model).checksums.get("model.bin")
    assert manifest_of(made).name == "mini-untrained"
    import numpy as np

    sound = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1
    before, after = (ear.frames(ear.encode([sound], ear.manifest.live))[0] for ear in (whisper.load(folder, "cpu", threads=1) for folder in (model, made)))
    assert not np.allclose(before, after, atol=0.1)


def test_inside_one_listening_no_sound_is_heard_twice() -> None:
    import numpy as np

    sounds = [np.random.default_rng(n % 2).standard_normal(4000).astype(np.float32) * 0.1 for n in range(4)]
    with remembering():
        first = hear_acoustics(sounds, lambda *_: None)
        again = hear_acoustics(sounds[1:], lambda *_: None)
    alone = hear_acoustics(sounds[1:], lambda *_: None)
    assert np.array_equal(first.meaning[1:], again.meaning)
    assert np.array_equal(alone.meaning, again.meaning)


def test_what_was_timed_is_no_difference() -> None:
    def study(time: float, share: float) -> dict[str, object]:
        columns = [{"name": "ms", "form": "time"}, {"name": "R@1", "form": "percent"}]
        return {"tables": [{"name": "t", "columns": columns, "rows": [[time, share]]}]}

    assert untimed(study(1.0, 0.5)) == untimed(study(2.0, 0.5))
    assert untimed(study(1.0, 0.5)) != untimed(study(1.0, 0.6))


def test_drawings_become_pngs_and_pictures_numbers(tmp_path: Path) -> None:
    drawn = pngs({"bars": bars({"Suzhou 苏州": 0.5}, "One & two")})
    assert drawn["bars"].startswith(b"\x89PNG")
    for name, colour in (("red", "#ff0000"), ("blue", "#0000ff")):
        (tmp_path / f"{name}.svg").write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9" fill="{colour}"/></svg>'
        )
    seen = pixels([tmp_path / "red.svg", tmp_path / "blue.svg"], 4)
    assert seen.shape == (2, 48)
    assert seen.reshape(2, 16, 3).mean(axis=1).round(2).tolist() == [[1, 0, 0], [0, 0, 1]]
    with pytest.raises(FieldError, match="is not there"):
        pixels([tmp_path / "green.png"], 4)
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(FieldError, match=r"broken\.png cannot be drawn"):
        pixels([tmp_path / "broken.png"], 4)
