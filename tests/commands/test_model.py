"""`fieldapp model` as a person calls it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fieldapp import cli, paths
from fieldapp.commands.engine import model_folder
from fieldapp.errors import ModelError

Printed = pytest.CaptureFixture[str]


def call(capsys: Printed, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.main(["model", *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_model_is_added_listed_cut_used_and_removed(capsys: Printed, mini_folder: Path, own_home: Path) -> None:
    code, out, _ = call(capsys, "add", str(mini_folder), "--json", "--licence", "CC0-1.0")
    assert code == 0
    assert json.loads(out)["folder"] == str(own_home / "data" / "models" / "mini")
    code, out, _ = call(capsys, "exit", "mini", "1")
    assert (code, out.split(" is")[0]) == (0, "mini-exit1")
    code, out, _ = call(capsys, "list", "--json")
    listed = {model["name"]: model for model in json.loads(out)["models"]}
    assert listed["mini"]["licence"] == listed["mini-exit1"]["licence"] == "CC0-1.0"
    assert (listed["mini"]["exit_layer"], listed["mini-exit1"]["exit_layer"]) == (-1, 1)
    assert model_folder("mini") == own_home / "data" / "models" / "mini"
    assert call(capsys, "remove", "mini")[0] == 0
    assert "mini-exit1" in call(capsys, "list")[1]
    with pytest.raises(ModelError, match="no model 'mini'"):
        model_folder("mini")


def test_a_model_altered_behind_our_back_is_not_used(capsys: Printed, mini_folder: Path) -> None:
    call(capsys, "add", str(mini_folder))
    with (model_folder("mini") / "config.json").open("a") as file:
        file.write(" ")
    with pytest.raises(ModelError, match="altered"):
        model_folder("mini")


def test_a_folder_named_by_its_path_is_tried_in_a_child_once(mini_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model_folder(str(mini_folder)) == mini_folder
    with monkeypatch.context() as later:
        later.setattr("subprocess.run", None)  # no child any more
        assert model_folder(str(mini_folder)) == mini_folder
    copy = Path(shutil.copytree(mini_folder, tmp_path / "copy"))
    (copy / "config.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match="cannot be used"):
        model_folder(str(copy))
    with pytest.raises(ModelError, match="is missing"):
        model_folder(str(tmp_path))


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["add", "no/such folder"], 1, "is no folder"),
        (["add", "/nowhere"], 1, "/nowhere is no folder"),
        (["add", "owner/name", "--endpoint", "http://127.0.0.1:9/"], 1, "cannot be reached"),
        (["add", "owner/name", "--endpoint", "hub.example"], 1, "no web address"),
        (["convert", "package:no-such-package"], 1, "is not installed"),
        (["convert", "package:numpy"], 1, "carries no model"),
        (["convert", "/nowhere", "--quantization", "int7"], 1, "is no number format"),
        (["exit", "nothing", "1"], 1, "no model 'nothing'"),
        (["remove", "nothing"], 1, "no model 'nothing'"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence(capsys: Printed, words: list[str], code: int, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    found, out, err = call(capsys, *words)
    assert (found, out) == (code, "")
    assert sentence in err
    assert err.startswith("fieldapp: ")


def test_without_the_training_extra_conversion_says_what_is_missing(tmp_path: Path) -> None:
    """In a process of its own, where the library cannot be imported."""
    code = "import sys; sys.modules['torch'] = None; from fieldapp.cli import main; sys.exit(main(['model', 'convert', sys.argv[1]]))"
    found = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=found, check=False)
    assert done.returncode == 1
    assert "extra [train]" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_bench_compares_ways_and_writes_the_winner(capsys: Printed, mini_folder: Path, tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    call(capsys, "add", str(mini_folder))
    lines = ["path,transcript,language"]
    for number in range(10):
        noise = np.random.default_rng(number).standard_normal(8_000) * 0.1
        soundfile.write(tmp_path / f"{number}.wav", noise, 16_000)
        lines.append(f"{number}.wav,denbo gerban mibun panbir sardo zedan,{('eng', 'fr', 'xx-nonsense-code')[number % 3]}")
    soundfile.write(tmp_path / "long.wav", np.zeros(16_000 * 31), 16_000)
    (tmp_path / "m.csv").write_text("\n".join([*lines, "long.wav,too long,eng", "0.wav,twice,eng", "missing.wav,nothing,eng"]))
    code, out, _ = call(capsys, "bench", "mini", "--audio", str(tmp_path / "m.csv"), "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["examples"], len(found["rows"]), found["written"]) == (10, 12, True)
    assert len(found["left_out"]) == 3
    assert all(row["cer"] == 0 for row in found["rows"] if row["policy"] != "packed")  # this model always recites the same words
    about = json.loads((model_folder("mini") / "fieldmodel.json").read_text())
    assert about["measured"]["policies_cpu"]["rows"] == found["rows"]
    code, _, err = call(capsys, "bench", "mini", "--audio", str(tmp_path / "m.csv"), "--most", "2")
    assert (code, "300 are needed" in err) == (2, True)
    assert call(capsys, "bench", "--audio", str(tmp_path / "m.csv"))[0] == 2


def test_a_bench_without_audio_names_the_model_that_keeps_up(capsys: Printed, mini_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "resource", tmp_path.joinpath)  # as if no model had come with the program
    code, _, err = call(capsys, "bench")
    assert (code, "No speech model is installed" in err) == (1, True)
    call(capsys, "add", str(mini_folder))
    code, out, _ = call(capsys, "bench", "--json")
    assert json.loads(out)["live"] == "mini"
