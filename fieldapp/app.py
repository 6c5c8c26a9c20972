"""Composition of the window: build the parts, connect them, run, close them in reverse order. The only core file that may know Qt."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fieldapp import log, paths, settings
from fieldapp.errors import FieldError


def open_window(fieldbook: str | None) -> int:
    """Open the window on a fieldbook, or on the start page; return when it is closed."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise FieldError("There is no screen to open a window on.", "Everything the window does to a fieldbook is on the command line too: fieldapp --help")
    try:
        from PySide6.QtWidgets import QApplication  # noqa: PLC0415  (the core works where Qt is not installed)
    except ImportError as trouble:
        raise FieldError(f"The window needs PySide6, which cannot be loaded ({trouble}).", "Install it: bash installers/setup.sh") from trouble
    from fieldapp.gui.desk import Desk  # noqa: PLC0415
    from fieldapp.gui.main_window import MainWindow  # noqa: PLC0415
    from fieldapp.gui.readiness import get_ready  # noqa: PLC0415
    from fieldapp.gui.theme import dress  # noqa: PLC0415
    from fieldapp.gui.words import language_of, speak  # noqa: PLC0415

    with log.writing(paths.logs(), "window"):
        place = paths.config() / settings.FILE
        chosen, odd = settings.load(place)
        application = QApplication(sys.argv[:1])
        application.setApplicationName("Fieldapp")
        speak(language_of(chosen.language), paths.resource("translations"))
        dress(application, chosen.theme, chosen.text_percent, settings.pairs(chosen.fonts))
        desk = Desk(chosen, place)
        window = MainWindow(desk)
        for sentence in odd:
            desk.say(sentence, "look")
        if fieldbook is not None:
            desk.open(Path(fieldbook))
        window.resize(1280, 800)
        window.show()
        get_ready(desk)
        return application.exec()
