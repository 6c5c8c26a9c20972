"""Every sentence of the window has its translation, and no translation is left over."""

from __future__ import annotations

import ast
import importlib
import json
import string
from pathlib import Path

import pytest

from fieldapp.gui.actions import DEEDS
from fieldapp.gui.pages import PAGES
from fieldapp.gui.words import LANGUAGES
from fieldapp.speech.models import limits

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "fieldapp" / "gui").rglob("*.py"))
SPOKEN = {"say": 0, "sayable": 0, "Deed": 1, "Entry": 1}
"""Calls that carry words, and which argument does."""


def spoken(path: Path) -> set[str]:
    """Every text that a file says."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            place = SPOKEN.get(name, -1)
            if 0 <= place < len(node.args):
                said = node.args[place]
                if isinstance(said, ast.Constant) and isinstance(said.value, str):
                    found.add(said.value)
    return found - {""}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.fixture(scope="module")
def english() -> set[str]:
    """What the code says, the titles of all commands however a page makes them, and what is said of the bundled model."""
    deeds = [*DEEDS, *(deed for entry in PAGES for deed in importlib.import_module(entry.module).ThePage.DEEDS)]
    return {limits.CAN_AND_CANNOT, limits.LARGER}.union(*(spoken(path) for path in FILES), {deed.title for deed in deeds})


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_sentence_is_translated_and_none_is_left_over(language: str, english: set[str]) -> None:
    path = ROOT / "resources" / "translations" / f"{language}.json"
    table: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    missing = sorted(english - set(table))
    unused = sorted(set(table) - english)
    lines = json.dumps(dict.fromkeys(missing, ""), ensure_ascii=False, indent=1)
    assert not missing, f"translate these in {path.relative_to(ROOT)} (lines to paste):\n{lines}"
    assert not unused, f"nobody says these any more; take them out of {path.relative_to(ROOT)}:\n{unused}"
    assert not [text for text, said in table.items() if not said.strip()]
    assert not [text for text, said in table.items() if places(text) != places(said)], "a {place} is missing or new"


def test_what_is_said_is_a_plain_text_that_can_be_looked_up() -> None:
    """say(f"...") would be looked up after it was filled, and never be found."""
    filled = [
        f"{path.name}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("say", "sayable")
        and node.args
        and isinstance(node.args[0], ast.JoinedStr)
    ]
    assert not filled
