"""`fieldapp new` and `fieldapp info` as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldapp import cli


def test_a_fieldbook_is_made_and_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "Wu dialects"
    assert cli.main(["new", str(book), "--title", "Wú 吴"]) == 0
    assert "Wú 吴" in capsys.readouterr().out
    assert cli.main(["info", str(book), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["title"] == "Wú 吴"
    assert data["counts"]["segment"] == 0
    assert cli.main(["info", str(book)]) == 0
    assert "0 in 0 sessions" in capsys.readouterr().out


def test_trouble_is_one_line_and_exit_code_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    (tmp_path / "fieldbook.db").write_bytes(b"SQLite format 3\x00" + bytes(50))
    assert cli.main(["info", str(tmp_path)]) == 1
    assert "no SQLite database" in capsys.readouterr().err
    assert cli.main(["new", str(tmp_path)]) == 1
    assert "already a fieldbook" in capsys.readouterr().err
