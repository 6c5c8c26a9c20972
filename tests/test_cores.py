"""Who gets the cores and the interpreter: numpy's helpers do not stand beside a model and a window, and threads that compute wait for the window."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from fieldapp import cores

counted = pytest.mark.skipif(
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


@counted
def test_products_that_stay_alone_make_no_helpers() -> None:
    assert threads_after("cores.products_alone()") == 1


@counted
def test_calm_products_still_share_the_work() -> None:
    assert threads_after("cores.products_calm()") > 1


@pytest.mark.parametrize(("words", "alone"), [("record --help", True), ("bench live --help", True), ("lab --help", False), ("bench search --help", False)])
def test_only_commands_that_multiply_large_matrices_take_every_core(words: str, alone: bool) -> None:
    code = f"import os, atexit; atexit.register(lambda: print(os.environ.get('OPENBLAS_NUM_THREADS'))); from fieldapp.cli import main; main({words.split()!r})"
    said = subprocess.run([sys.executable, "-c", code], env=unwishful(), capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == ("1" if alone else "None")


def beside(work: Callable[[], None]) -> threading.Event:
    """Do it in a thread of its own; what is returned is set when it is over."""
    over = threading.Event()

    def both() -> None:
        work()
        over.set()

    threading.Thread(target=both, daemon=True).start()
    return over


def test_who_gives_way_goes_on_when_the_window_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "PATIENCE_S", 60.0)
    with cores.window_first():
        over = beside(cores.give_way)
        assert not over.wait(0.1)
    assert over.wait(10)


def test_nobody_waits_where_the_window_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "PATIENCE_S", 60.0)
    with cores.window_first():
        pass
    assert beside(cores.give_way).wait(10)


def test_the_window_never_waits_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "PATIENCE_S", 60.0)
    began = time.monotonic()
    with cores.window_first():
        cores.give_way()
    assert time.monotonic() - began < 30


def test_a_box_that_stays_open_holds_nobody_up() -> None:
    def often() -> None:
        for _ in range(10_000):
            cores.give_way()

    with cores.window_first():
        assert beside(often).wait(30)


def test_what_failed_in_the_window_leaves_the_way_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "PATIENCE_S", 60.0)
    with pytest.raises(ValueError, match="a bug"), cores.window_first():
        raise ValueError("a bug")
    assert beside(cores.give_way).wait(10)


def test_a_picture_in_the_middle_of_something_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "PATIENCE_S", 60.0)
    cores.window_begins()
    with cores.window_first():
        pass
    over = beside(cores.give_way)
    assert not over.wait(0.1)
    cores.window_rests()
    assert over.wait(10)


def test_pictures_behind_a_box_that_stays_open_hold_nobody_up_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "PATIENCE_S", 20.0)
    cores.window_begins()
    cores._window.since -= 30.0  # the box has been open for so long
    with cores.window_first():
        pass
    assert beside(cores.give_way).wait(10)
    cores.window_rests()
