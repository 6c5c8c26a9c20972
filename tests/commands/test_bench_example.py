"""`fieldapp bench qbe` on a few real digits with the tiny random model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fieldapp import cli
from fieldapp.commands.bench import example


@pytest.mark.slow
def test_every_way_answers_the_same_questions(
    dev_data: Path, mini_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example, "ASKED", 4)
    rows = (dev_data / "manifest.csv").read_text(encoding="utf-8").splitlines()
    some = [f"{dev_data}/{row}" for row in rows if row.startswith("digits/") and row.split(",")[0].endswith(("_0.flac", "_0.wav"))]
    (tmp_path / "few.csv").write_text("\n".join([rows[0], *some]), encoding="utf-8")
    assert cli.main(["bench", "qbe", str(tmp_path / "few.csv"), "--model", str(mini_folder), "--device", "cpu", "--segments", "60", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    arms = found["sets"]["digits"]
    assert set(arms) == {"pooled", "pooled, then SeqSim of 20", "MFCC+DTW", "fieldapp search --mode meaning", "fieldapp search --mode sound"}
    assert {told["n"] for told in arms.values()} == {len(some)}
    assert all(0.05 < told["chance"] < 0.15 and told["R@1"] <= told["R@5"] for told in arms.values())
    low, high = arms["pooled, then SeqSim of 20"]["gain interval"]
    assert low <= arms["pooled, then SeqSim of 20"]["gain"] <= high
    assert found["times"]["sound"]["p99_ms"] >= found["times"]["sound"]["p50_ms"]


def test_only_the_first_are_ordered_anew() -> None:
    scores = np.arange(40, dtype=np.float64)[None] / 40
    made = example._reranked(scores, -scores, np.ones((1, 40), np.bool_) & (np.arange(40) != 39))
    assert made[0].argsort()[::-1][:22].tolist() == [*range(19, 39), 18, 17]
    assert made[0, 39] == -np.inf


@pytest.mark.slow
def test_answers_of_other_varieties_can_be_asked_for(dev_data: Path, mini_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = (dev_data / "manifest.csv").read_text(encoding="utf-8").splitlines()
    some = [f"{dev_data}/{row}" for row in rows if row.startswith(("words/en/a", "words/es/a"))]
    (tmp_path / "few.csv").write_text("\n".join([rows[0], *some]), encoding="utf-8")
    words = ["bench", "qbe", str(tmp_path / "few.csv"), "--model", str(mini_folder), "--device", "cpu", "--across", "variety", "--no-acoustics"]
    assert cli.main(words) == 0
    assert "answers of other varieties only" in capsys.readouterr().out
