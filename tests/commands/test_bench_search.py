"""The bench of vector search, on a fieldbook small enough for a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldapp import paths, settings
from fieldapp.cli import main
from fieldapp.commands.bench import search_arms
from fieldapp.commands.bench.search_book import Voices


@pytest.mark.slow
def test_the_bench_prints_every_figure_and_records_the_crossover(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "search", "--sizes", "1200", "--queries", "12", "--peers", "flat", "--keep", str(tmp_path), "--record", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    found = told["sizes"]["1200"]
    whole, vectors, *others = found["ways"]
    assert whole["recall"] == vectors["recall"] == 1.0
    assert others[0]["way"] == "numpy, every vector"
    assert found["filter_1_percent"]["recall"] == 1.0
    assert found["adding"]["visible_in_next_search"] == found["adding"]["added"]
    assert found["opening"]["open_and_first_answer_ms"] > 0
    recorded = settings.load(paths.config() / settings.FILE)[0].search_graph_from
    assert recorded == max(1000, told["crossover"]["graph_from"])
    assert main([*words[:-2], "--only-build"]) == 0
    assert "1,200 segments" in capsys.readouterr().out


def test_queries_are_known_words_by_new_voices() -> None:
    voices = Voices(400, flat=False)
    said, asked = voices.said(0, 400), voices.queries(5)
    assert said.shape == (400, 256)
    assert (said @ asked.T).max(axis=0).min() > 0.4
    assert (said == Voices(400, flat=False).said(0, 400)).all()


def test_every_other_way_finds_the_nearest() -> None:
    matrix = Voices(300, flat=False).said(0, 300)
    for arm in search_arms.arms(matrix, graphs=True):
        assert int(arm.ask(matrix[7], 3)[0]) == 7, arm.name
