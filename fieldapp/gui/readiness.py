"""What is done once so that the window never stands still later: pages are loaded behind it, and the interpreter no longer looks through everything it holds.

A page's modules take up to a tenth of a second to import; behind the window nobody waits for them. Python's full garbage collections hold the
interpreter for as long when a recording of 20,000 segments is in memory, whichever thread causes one, so they are kept for moments without work.
"""

from __future__ import annotations

import gc
import importlib

from PySide6.QtCore import QTimer

from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import PAGES

SOON_MS = 500
"""After the window is there; the page somebody opens first comes before."""
YOUNG, MIDDLE, NEVER = 2_000, 10, 1_000_000
"""Objects until the youngest are looked through, how many times until those that survived are; all others never by themselves."""


def get_ready(desk: Desk) -> None:
    """Called when the window is shown."""
    QTimer.singleShot(SOON_MS, desk, lambda: desk.run(lambda _: load_pages(), lambda _: None))
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    desk.fieldbook_changed.connect(gc.collect)


def load_pages() -> None:
    """Import every page; any thread."""
    for entry in PAGES:
        importlib.import_module(entry.module)
