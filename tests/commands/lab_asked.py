"""The lab, asked through the command line as a person would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fieldapp import cli


def ask(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    """What `fieldapp lab WORDS --json` answers; where it should fail, what it says."""
    capsys.readouterr()
    assert cli.main(["lab", *words, "--json"]) == code
    said = capsys.readouterr()
    found: dict[str, Any] = {"said": said.err} if code else json.loads(said.out)
    return found
