"""Pictures of every page in every dress, by one command: `python -m fieldapp.gui.screenshots FOLDER [--fieldbook DIR]`. GUI thread, no screen needed.

Light, dark, text of 200 % and Chinese; an empty fieldbook and a full one (the demo, unless another is named).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QLineEdit

from fieldapp import paths
from fieldapp.gui.demo import open_demo
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages import PAGES
from fieldapp.gui.pages.review import ThePage as ReviewPage
from fieldapp.gui.theme import dress
from fieldapp.gui.words import speak
from fieldapp.settings import Settings

SETTLE_S = 0.6
PATIENCE_S = 30.0
SOUGHT = "sun"


@dataclass(frozen=True, slots=True)
class Dress:
    """One way the window can look."""

    name: str
    theme: str = "light"
    percent: int = 100
    language: str = "en"
    size: tuple[int, int] = (1280, 800)


DRESSES = (
    Dress("light"),
    Dress("dark", theme="dark"),
    Dress("large", percent=200),
    Dress("chinese", language="zh_CN"),
    Dress("wide", size=(1920, 1200)),
    Dress("wide-dark", theme="dark", size=(1920, 1200)),
)


def take(folder: Path, fieldbook: Path | None, dresses: tuple[Dress, ...] = DRESSES) -> list[Path]:
    """Take them all; returns the files."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with tempfile.TemporaryDirectory(prefix="fieldapp-pictures-") as aside:
        for number, one in enumerate(dresses):
            speak(one.language, paths.resource("translations"))
            dress(application, one.theme, one.percent)
            desk = Desk(Settings(theme=one.theme, text_percent=one.percent, language=one.language), Path(aside) / "settings.json")
            window = MainWindow(desk)
            window.resize(*one.size)
            window.show()
            desk.create(Path(aside) / f"Suzhou 2026 {number}", "Suzhou 2026")
            taken += _pages(window, folder, f"{one.name}-empty")
            if fieldbook is None:
                open_demo(desk)
                _settle(window)
            else:
                desk.open(fieldbook)
            taken += _pages(window, folder, f"{one.name}-full")
            window.close()
    speak("en", paths.resource("translations"))
    return taken


def _pages(window: MainWindow, folder: Path, name: str) -> list[Path]:
    taken = []
    for entry in PAGES:
        window.show_page(entry.name)
        field = window.page.findChild(QLineEdit)
        if entry.name == "find" and isinstance(field, QLineEdit):
            field.setText(SOUGHT)
        taken.append(_picture(window, folder / f"{entry.name}-{name}.png"))
        if isinstance(window.page, ReviewPage) and window.page.recording:
            window.page.side.view("table")
            taken.append(_picture(window, folder / f"{entry.name}-table-{name}.png"))
    return taken


def _picture(window: MainWindow, path: Path) -> Path:
    window.message.hide()
    _settle(window)
    window.grab().save(str(path))
    return path


def _settle(window: MainWindow) -> None:
    """Until everything asked for is drawn."""
    calm = time.monotonic() + SETTLE_S
    late = time.monotonic() + PATIENCE_S
    while time.monotonic() < min(calm, late):
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        page = window.page
        if window.desk.busy or (isinstance(page, ReviewPage) and page.book.busy):
            calm = time.monotonic() + SETTLE_S
        time.sleep(0.01)


def main(words: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m fieldapp.gui.screenshots", description="pictures of every page in every dress")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fieldbook", type=Path, metavar="DIR")
    options = parser.parse_args(words)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    taken = take(options.folder, options.fieldbook)
    sys.stdout.write(f"{len(taken)} pictures in {options.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
