"""The command line itself: what it does with words it does not know."""

from __future__ import annotations

import pytest

from fieldapp.cli import main


@pytest.mark.parametrize(("word", "hint"), [("serch", "fieldapp search"), ("nonsense-42", "fieldapp --help")])
def test_a_word_that_is_neither_command_nor_folder_is_wrong_usage(word: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 2
    assert hint in capsys.readouterr().err
