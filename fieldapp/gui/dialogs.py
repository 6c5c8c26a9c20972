"""The small dialogs of the window, by the action that opens them. Each is imported when it is first wanted, and is made with the desk and the window."""

from __future__ import annotations

import importlib

from PySide6.QtWidgets import QDialog, QWidget

from fieldapp.gui.desk import Desk

DIALOGS = {
    "book": ("fieldapp.gui.widgets.book_box", "BookBox"),
    "doubts": ("fieldapp.gui.widgets.doubts_box", "DoubtsBox"),
    "jobs": ("fieldapp.gui.widgets.jobs_box", "JobsBox"),
    "missing": ("fieldapp.gui.widgets.missing_box", "MissingBox"),
}
"""Module and class; adding one is one file, one line here and one `Deed`."""


def make_dialog(name: str, desk: Desk, window: QWidget) -> QDialog:
    """The dialog an action opens."""
    module, kind = DIALOGS[name]
    made: QDialog = getattr(importlib.import_module(module), kind)(desk, window)
    return made
