"""The shape of the house, checked: who may import whom, Qt and torch only where they belong, small files, docstrings."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from fieldapp import __version__
from fieldapp.cli import main
from fieldapp.commands import COMMANDS, Command, parser_of

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "fieldapp"
FILES = sorted(CODE.rglob("*.py"))
VALUES = {"model", "errors", "paths", "log", "jobs", "cores"}
MAY_IMPORT: dict[str, set[str]] = {
    "audio": VALUES | {"audio"},
    "speech": VALUES | {"speech"},
    "store": VALUES | {"store"},
    "corpus": VALUES | {"corpus"},
    "writing": VALUES | {"writing"},
    "lab": VALUES | {"lab", "speech", "store"},
    "bulk": VALUES | {"bulk", "speech", "store"},
    "finding": VALUES | {"finding", "speech", "store", "bulk", "lab"},
    "intake": VALUES | {"intake", "audio", "store", "corpus"},
    "doctor": VALUES | {"doctor", "audio", "speech", "writing"},
}
QT = {"PySide6", "shiboken6", "pyqtgraph"}
HEAVY = {"torch", "transformers"}
CEILING_LINES = 320
TORCH_ROOMS = ("lab/adapt", "lab/starter", "speech/models")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


def imports(path: Path) -> Iterator[str]:
    """Every module name a file imports, at any depth."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def label(path: Path) -> str:
    return str(path.relative_to(CODE))


def only_for_the_window(path: Path) -> bool:
    return path.relative_to(CODE).parts[0] in ("gui", "app.py")


def packages(names: Iterable[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def test_packages_import_only_what_the_design_allows() -> None:
    trespassers = {}
    for path in FILES:
        reached = {name.split(".")[1] for name in imports(path) if name.startswith("fieldapp.")} - {"__version__"}
        if beyond := reached - MAY_IMPORT.get(path.relative_to(CODE).parts[0], reached):
            trespassers[label(path)] = sorted(beyond)
    assert not trespassers


def test_only_the_window_knows_qt() -> None:
    assert not [label(path) for path in FILES if not only_for_the_window(path) and QT & packages(imports(path))]


def imports_at_once(path: Path) -> Iterator[str]:
    """What a file imports when it is imported itself."""
    for node in tree(path).body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_torch_stays_in_its_rooms_and_is_imported_lazily() -> None:
    assert not [label(path) for path in FILES if not label(path).startswith(TORCH_ROOMS) and HEAVY & packages(imports(path))]
    assert not [label(path) for path in FILES if HEAVY & packages(imports_at_once(path))]


def test_files_are_short_and_say_what_they_are_for() -> None:
    assert not [label(path) for path in FILES if not ast.get_docstring(tree(path))]
    lengths = {label(path): path.read_text(encoding="utf-8").count("\n") for path in FILES}
    assert not {name: lines for name, lines in lengths.items() if lines > CEILING_LINES}


def test_nothing_prints() -> None:
    assert not [label(path) for path in FILES for node in nodes(path) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.module], ids=lambda c: c.name)
def test_every_built_command_can_be_loaded(command: object) -> None:
    module = importlib.import_module(getattr(command, "module", ""))
    assert callable(module.arguments)
    assert callable(module.run)
    assert module.__doc__


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.module], ids=lambda c: c.name)
def test_every_built_command_explains_itself(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command.name, "--help"])
    assert ended.value.code == 0
    assert f"fieldapp {command.name}" in capsys.readouterr().out


def test_the_command_line_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert not [c.name for c in COMMANDS if f"\n  {c.name} " not in shown]


def test_the_core_works_without_qt_and_without_torch() -> None:
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES if not only_for_the_window(path)]
    code = f"""
import importlib, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {sorted(QT | HEAVY)!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
for name in {[name for name in names if not name.endswith("__main__")]!r}:
    importlib.import_module(name)
"""
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]


def declared() -> set[str]:
    """The distributions pyproject.toml names, anywhere."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return {plain(re.split(r"[\[<>=!~; ]", line)[0]) for line in lines}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_library_in_use_is_declared() -> None:
    given = packages_distributions()
    used = {name.split(".")[0] for path in FILES for name in imports(path)} - set(sys.stdlib_module_names) - {"fieldapp", ""}
    undeclared = {name for name in used if name in given and not {plain(one) for one in given[name]} & declared()}
    assert undeclared <= {"shiboken6"}, f"in use but not in pyproject.toml: {sorted(undeclared)}"


def test_the_lock_is_names_and_exact_versions_only() -> None:
    lines = (ROOT / "installers" / "requirements.lock").read_text(encoding="ascii").splitlines()
    assert not [line for line in lines if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.]*", line)]
    names = [plain(line.split("==")[0]) for line in lines]
    assert len(set(names)) == len(names)
    assert declared() <= set(names), f"not locked: {sorted(declared() - set(names))}"


README_CODE = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands_of_the_readme() -> list[str]:
    """Every line of a code block and every `...` that is a command."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [re.split(r"\s{3,}", line)[0] for block in README_CODE.findall(text) for line in block.splitlines()]
    inline = re.findall(r"`((?:bash|fieldapp|\.venv|powershell)\b[^`]*)`", README_CODE.sub("", text))
    return [part for line in [*lines, *inline] for part in line.split(" && ") if part and "..." not in part]


@pytest.mark.parametrize("line", [line for line in commands_of_the_readme() if re.match(r"fieldapp [a-z]", line)])
def test_the_commands_of_the_readme_are_understood(line: str) -> None:
    name, *words = shlex.split(line)[1:]
    command = next(c for c in COMMANDS if c.name == name)
    if command.module and words:
        parser_of(command, importlib.import_module(command.module)).parse_args(words)


def test_the_files_and_folders_the_readme_names_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = {word.strip("`") for line in commands_of_the_readme() for word in line.replace("\\", "/").split() if "/" in word and not word.startswith(".venv")}
    named |= set(re.findall(r"\]\(([^)#]+)\)", text))
    missing = sorted(name for name in named if not (ROOT / name).exists() and name != "recordings/")
    assert not missing


def test_changelog_and_licence_are_there() -> None:
    log = (ROOT / "resources" / "CHANGELOG.md").read_text(encoding="utf-8")
    assert log.startswith("# Changelog")
    assert "## Unreleased" in log or f"## {__version__}" in log
    assert "MIT" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("no git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
    return [ROOT / name.decode() for name in listed.split(b"\0") if name]


def test_no_file_names_a_machine_or_a_package_index() -> None:
    of_this_machine = re.compile(
        rb"(?<![\w.])/(?:work|opt)/\w|/root/\w|(?<![\w.])/home/(?!field)\w|\b(?:pypi|pythonhosted|anaconda)\.(?:org|com)\b|download\.pytorch\.org"
    )
    found = {}
    for path in tracked():
        content = path.read_bytes() if path.is_file() and path != Path(__file__) else b""
        if b"\0" not in content[:8192] and (hit := of_this_machine.search(content)):
            found[str(path.relative_to(ROOT))] = hit.group().decode()
    assert not found


def test_no_file_keeps_the_marks_of_a_conflict() -> None:
    marks = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
    assert not [str(path.relative_to(ROOT)) for path in tracked() if path.is_file() and marks.search(path.read_bytes())]


def test_the_top_of_the_project_stays_small() -> None:
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert top <= {"pyproject.toml", "fieldapp", "resources", "installers", "tests", "README.md", "LICENSE", ".ci", ".gitignore"}


def names_in(path: Path) -> Iterator[str]:
    """Modules a file imports, and those it names in tables like COMMANDS."""
    yield from imports(path)
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("fieldapp."):
            yield node.value


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_every_module_of_the_finished_rooms_is_reached_from_an_entry_point() -> None:
    files = {module_name(path): path for path in FILES}
    reached, waiting = set(), ["fieldapp.__main__", "fieldapp.cli", "fieldapp.app"]
    while waiting:
        name = waiting.pop()
        if name in files and name not in reached:
            reached.add(name)
            for other in names_in(files[name]):
                parts = other.split(".")
                waiting += [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    finished = {name for name in files if (name.count(".") < 2 and files[name].name != "__init__.py") or name.split(".")[1:2] == ["doctor"]}
    assert finished <= reached, f"nobody uses {sorted(finished - reached)}"
