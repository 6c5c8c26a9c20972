"""`fieldapp lab starter-report`: the shipped starter and another arm, examined on a few sentences of the demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fieldapp import cli, paths
from fieldapp.lab import twins
from fieldapp.lab.starter import testsets

STARTER = paths.resource("models") / "starter"

pytestmark = pytest.mark.slow


def test_every_layer_of_the_first_model_and_of_other_arms_is_examined_and_the_card_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = testsets.demo(paths.resource("demo"))
    speakers = {variety: next(u.speaker for u in whole.utterances if u.variety == variety) for variety in ("Mandarin", "Hakka", "English")}
    meanings = {u.meaning for u in whole.utterances[:4]}
    few = whole.only(lambda u: u.speaker in speakers.values() and u.meaning in meanings)
    monkeypatch.setattr(testsets, "demo", lambda folder: few)
    arm = twins.twin(STARTER, 2, tmp_path)

    assert cli.main(["lab", "starter-report", str(STARTER), str(arm), "--card", str(tmp_path / "MODEL.md"), "--json"]) == 0

    tables: dict[str, Any] = json.loads(capsys.readouterr().out)["data"]
    layers = range(1, twins.layers_of(STARTER) + 1)
    assert {(row["layer"], row["way"]) for row in tables["layers"]} == {(layer, way) for layer in layers for way in ("pooled", "seqsim")}
    assert len(tables["layers_recognised"]) == len(layers) * len(speakers)
    assert {(row["layer"], row["way"]) for row in tables["arms"]} >= {(layer, way) for layer in (1, 2) for way in ("pooled", "seqsim")}
    assert {row["model"] for row in tables["arms"]} == {arm.name}
    card = (tmp_path / "MODEL.md").read_text("utf-8")
    assert "## Other arms of the recipe" in card
    assert f"- {arm.name} (" in card
