"""The shape of the house, checked: who may import whom, Qt and torch only where they belong, small files, docstrings."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.commands import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "fieldapp"
FILES = sorted(CODE.rglob("*.py"))
VALUES = {"model", "errors", "paths", "log", "jobs"}
MAY_IMPORT: dict[str, set[str]] = {
    "audio": VALUES | {"audio"},
    "speech": VALUES | {"speech"},
    "store": VALUES | {"store"},
    "corpus": VALUES | {"corpus"},
    "lab": VALUES | {"lab", "speech", "store"},
    "bulk": VALUES | {"bulk", "speech", "store"},
}
CEILING_LINES = 320
TORCH_ROOMS = ("lab/adapt", "lab/starter", "speech/models")


def imports(path: Path) -> Iterator[str]:
    """Every module name a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def label(path: Path) -> str:
    return str(path.relative_to(CODE))


@pytest.mark.parametrize("path", FILES, ids=label)
def test_packages_import_only_what_the_design_allows(path: Path) -> None:
    room = path.relative_to(CODE).parts[0]
    if room not in MAY_IMPORT:
        return
    reached = {name.split(".")[1] for name in imports(path) if name.startswith("fieldapp.")}
    reached -= {"__version__"}
    assert reached <= MAY_IMPORT[room], f"{label(path)} reaches {sorted(reached - MAY_IMPORT[room])}"


@pytest.mark.parametrize("path", FILES, ids=label)
def test_only_the_window_knows_qt(path: Path) -> None:
    if path.relative_to(CODE).parts[0] in ("gui", "app.py"):
        return
    assert not [name for name in imports(path) if name.split(".")[0] in ("PySide6", "shiboken6", "pyqtgraph")]


@pytest.mark.parametrize("path", FILES, ids=label)
def test_torch_stays_in_its_rooms_and_is_imported_lazily(path: Path) -> None:
    heavy = {"torch", "transformers"}
    if not label(path).startswith(TORCH_ROOMS):
        assert not heavy & {name.split(".")[0] for name in imports(path)}
        return
    top = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in top if isinstance(node, ast.ImportFrom)}
    assert not heavy & {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", FILES, ids=label)
def test_files_are_short_and_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{label(path)} has no module docstring"
    lines = text.count("\n")
    assert lines <= CEILING_LINES, f"{label(path)} has {lines} lines"


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.module], ids=lambda c: c.name)
def test_every_built_command_can_be_loaded(command: object) -> None:
    module = importlib.import_module(getattr(command, "module", ""))
    assert callable(module.arguments)
    assert callable(module.run)
    assert module.__doc__
