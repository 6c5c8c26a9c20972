"""The scripts that set Fieldapp up, on machines made of stand-ins: old Python, missing packages, wrong words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = (*sorted((ROOT / "installers").glob("*.sh")), ROOT / ".ci" / "run")
TOOLS = ("bash", "cat", "cksum", "cp", "dirname", "env", "grep", "id", "mkdir", "rm", "sed", "sh", "sort", "tr", "uname")

pytestmark = pytest.mark.skipif(not shutil.which("bash") or sys.platform == "win32", reason="needs bash")


class Machine:
    """A copy of the project on a machine that has only the programs put on it."""

    def __init__(self, folder: Path) -> None:
        self.project, self.programs = folder / "a project", folder / "bin"
        self.programs.mkdir()
        for tool in TOOLS:
            if found := shutil.which(tool):
                (self.programs / tool).symlink_to(found)
        shutil.copytree(ROOT / "installers", self.project / "installers")
        shutil.copy(ROOT / "pyproject.toml", self.project)

    def put(self, program: str, script: str) -> None:
        """Install a stand-in."""
        path = self.programs / program
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the installers from a folder that is not the project's."""
        surroundings = {"PATH": str(self.programs), "HOME": str(self.project.parent), "LANG": "C.UTF-8"}
        command = ["bash", str(self.project / "installers" / words[0]), *words[1:]]
        return subprocess.run(command, env=surroundings, cwd="/", capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_can_be_read_and_stops_at_the_first_trouble(script: Path) -> None:
    assert subprocess.run(["bash", "-n", str(script)], check=False, timeout=30).returncode == 0
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize("words", [("--extra", "everything"), ("--extra",), ("now",)])
def test_wrong_words_are_told(machine: Machine, words: tuple[str, ...]) -> None:
    ended = machine.run("setup.sh", *words)
    assert ended.returncode == 1
    assert ended.stderr.startswith("fieldapp setup: ")
    assert not (machine.project / ".venv").exists()


def test_an_old_python_is_a_plain_sentence(machine: Machine) -> None:
    machine.put("python3", '[ "$1" = --version ] && echo "Python 3.9.2" && exit 0; exit 1')
    ended = machine.run("setup.sh")
    assert ended.returncode == 1
    assert "Python 3.11 or newer is needed; this machine has Python 3.9.2." in ended.stderr


def test_no_python_at_all_is_a_plain_sentence(machine: Machine) -> None:
    ended = machine.run("setup.sh")
    assert ended.returncode == 1
    assert "this machine has none" in ended.stderr


def debian(machine: Machine, installed: str, installs: str = "exit 0") -> Path:
    """Make it a Debian that has some packages; what apt-get is asked for goes to the file returned."""
    asked = machine.project.parent / "asked"
    machine.put("dpkg-query", f"printf '{installed}'")
    machine.put("sudo", 'exec "$@"')
    machine.put("apt-get", f'echo "$@" >>"{asked}"\n{installs}')
    return asked


def test_only_missing_packages_are_installed_and_provided_ones_count(machine: Machine) -> None:
    asked = debian(machine, r"installed python3 \ninstalled libglib2.0-0t64 libglib2.0-0 (= 2.80)\nconfig-files fontconfig \n")
    machine.run("setup.sh")
    update, install = asked.read_text(encoding="utf-8").splitlines()
    packages = install.split()
    assert update.split()[0] == "update"
    assert {"libportaudio2", "fontconfig", "fonts-sil-charis"} <= set(packages)
    assert not {"python3", "libglib2.0-0", "xvfb"} & set(packages)


def test_tests_need_a_virtual_sound_card_and_screen(machine: Machine) -> None:
    asked = debian(machine, "installed python3 \\n")
    machine.run("setup.sh", "--extra", "test")
    assert {"pulseaudio", "xvfb", "espeak-ng"} <= set(asked.read_text(encoding="utf-8").split())


def test_packages_that_cannot_be_installed_are_named(machine: Machine) -> None:
    debian(machine, "installed python3 \\n", "exit 100")
    ended = machine.run("setup.sh")
    assert ended.returncode == 1
    assert "the system packages could not be installed" in ended.stderr
    assert "libportaudio2" in ended.stderr


def test_a_tour_is_not_begun_when_setup_failed(machine: Machine) -> None:
    assert machine.run("run.sh").returncode == 1


@pytest.mark.parametrize(("words", "done"), [((), "tour"), (("info", "my book"), "info|my book"), (("my book",), "my book")])
def test_without_a_display_words_are_done_and_nothing_said_is_the_tour(machine: Machine, words: tuple[str, ...], done: str) -> None:
    (machine.project / "installers" / "setup.sh").write_text("exit 0\n", encoding="utf-8")
    python = machine.project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nshift 2\nIFS="|"; echo "$*"\n', encoding="utf-8")
    python.chmod(0o755)
    ended = machine.run("run.sh", *words)
    assert ended.stdout.strip() == done


def test_the_windows_script_takes_the_same_extras_and_lock() -> None:
    windows = (ROOT / "installers" / "run.ps1").read_text(encoding="utf-8")
    assert '"train", "cluster", "test"' in windows
    assert "--constraint installers\\requirements.lock" in windows
    assert "HNSWLIB_NO_NATIVE" in windows
