"""The window on a real (virtual) screen, driven by nothing but key presses that the X server delivers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.recorders import until
from fieldapp.store import people
from fieldapp.store.store import Store

pytestmark = [pytest.mark.gui, pytest.mark.e2e, pytest.mark.slow]
BREATH_S = 0.4


@pytest.fixture
def screen() -> Iterator[dict[str, str]]:
    """The environment of a program that shows itself on a virtual screen."""
    for tool in ("Xvfb", "xdotool"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"], pass_fds=[writing], stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    yield {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    server.terminate()
    server.wait(20)


def keys(screen: dict[str, str], *presses: str, breath: float = BREATH_S) -> None:
    """Press keys one after the other; `=text` types a text."""
    for press in presses:
        words = ["type", "--delay", "20", press[1:]] if press.startswith("=") else ["key", press]
        subprocess.run(["xdotool", *words], env=screen, check=True, timeout=20)
        time.sleep(breath)


def test_a_person_is_noted_by_keys_alone(screen: dict[str, str], tmp_path: Path) -> None:
    book = tmp_path / "Suzhou"
    Store.create(book, "Suzhou").close()
    window = subprocess.Popen([sys.executable, "-m", "fieldapp", str(book)], env=screen)
    try:

        def shown() -> str:
            seek = ["xdotool", "search", "--onlyvisible", "--name", "Suzhou"]
            return subprocess.run(seek, env=screen, capture_output=True, text=True, timeout=20, check=False).stdout.split("\n")[0]

        subprocess.run(["xdotool", "windowfocus", until(shown)], env=screen, check=True, timeout=20)
        time.sleep(BREATH_S)
        keys(screen, "ctrl+5", "ctrl+shift+n", "=W1", "Tab", "=Wang Fang", "Return", "ctrl+1")

        def kept() -> bool:
            with Store.open(book, read_only=True) as store:
                found = people.find_person(store.reader(), "W1")
                return found is not None and found.name == "Wang Fang"

        until(kept)
        keys(screen, "ctrl+q")
        assert window.wait(30) == 0
    finally:
        if window.poll() is None:
            window.kill()
            window.wait(20)
