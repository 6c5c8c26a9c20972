"""Who gets the cores: numpy's helpers do not stand beside a model and a window."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or (os.cpu_count() or 1) < 2, reason="threads are counted in /proc, and one core has no helper"
)

MULTIPLY = "import os, numpy as np; a = np.ones((600, 600), np.float32); a @ a; print(len(os.listdir('/proc/self/task')))"


def unwishful() -> dict[str, str]:
    """The environment without what anybody wished for before."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS", "OMP"))}


def threads_after(wish: str) -> int:
    """How many threads a process has that said its wish and multiplied something."""
    code = f"from fieldapp import cores; {wish}; {MULTIPLY}"
    said = subprocess.run([sys.executable, "-c", code], env=unwishful(), capture_output=True, text=True, check=True)
    return int(said.stdout)


def test_products_that_stay_alone_make_no_helpers() -> None:
    assert threads_after("cores.products_alone()") == 1


def test_calm_products_still_share_the_work() -> None:
    assert threads_after("cores.products_calm()") > 1


@pytest.mark.parametrize(("words", "alone"), [("record --help", True), ("bench live --help", True), ("lab --help", False), ("bench search --help", False)])
def test_only_commands_that_multiply_large_matrices_take_every_core(words: str, alone: bool) -> None:
    code = f"import os, atexit; atexit.register(lambda: print(os.environ.get('OPENBLAS_NUM_THREADS'))); from fieldapp.cli import main; main({words.split()!r})"
    said = subprocess.run([sys.executable, "-c", code], env=unwishful(), capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == ("1" if alone else "None")
