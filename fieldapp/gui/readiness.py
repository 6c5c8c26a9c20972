"""What is done once so that the window never stands still later: pages are loaded behind it, and the interpreter no longer looks through everything it holds.

A page's modules take up to a tenth of a second to import; behind the window nobody waits for them. Garbage is collected in the window's own moments
(`sweeping.py`). And a thread that computes gives the interpreter back sooner: the window asks for it again at nearly every call of Qt, dozens of times
while it paints.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QTimer

from fieldapp.cores import give_way
from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import PAGES
from fieldapp.gui.sweeping import Sweeper

SOON_MS = 500
"""After the window is there; the page somebody opens first comes before."""
AT_ONCE = 40
"""Names in one pass of the event loop."""
TURN_S = 0.00002
"""How long a thread that computes in Python may keep the interpreter when the window wants it. Usually 5 ms; but a thread that lets go of it more often
than that, for a moment each time, is never asked, and takes it back before the window has woken up."""


def get_ready(desk: Desk) -> None:
    """Called when the window is shown."""
    sys.setswitchinterval(TURN_S)
    desk.fieldbook_changed.connect(Sweeper(desk).sweep_all)
    QTimer.singleShot(SOON_MS, desk, lambda: _name_classes(desk, [(room, name) for room in (QtCore, QtGui, QtWidgets) for name in dir(room)]))


def _name_classes(desk: Desk, names: list[tuple[ModuleType, str]]) -> None:
    """Qt's classes are made when they are first named: here, a few in each pass of the event loop, and not while something is drawn.

    Only then are the pages imported behind the window: no other thread may make one of those classes, Qt's bindings are not made for that.
    """
    for room, name in names[:AT_ONCE]:
        getattr(room, name)
    if len(names) > AT_ONCE:
        QTimer.singleShot(0, desk, lambda: _name_classes(desk, names[AT_ONCE:]))
    else:
        desk.run_behind(lambda _: load_pages(), lambda _: None)


def load_pages() -> None:
    """Import every page; any thread, once Qt's classes are made."""
    for entry in PAGES:
        importlib.import_module(entry.module)
        give_way()
