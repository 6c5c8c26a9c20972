"""The pages of the window, in one visible tuple. Adding one is one file and one line; it is imported when it is first shown."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from fieldapp.gui.actions import Deed
from fieldapp.gui.desk import Desk
from fieldapp.model import Changed


class Page(QWidget):
    """One page. `refresh` is called when it is shown and when rows it cares about have changed."""

    CARES = Changed.NOTHING
    DEEDS: tuple[Deed, ...] = ()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk

    def showEvent(self, event: QShowEvent) -> None:
        """Where nothing in the window has the keyboard, the page takes it: else keys would go nowhere."""
        super().showEvent(event)
        if self.window().focusWidget() in (None, self.window()):
            last: QWidget | None = self.focusWidget()  # the stubs know no page that never had it
            (self if last is None else last).setFocus()

    def refresh(self) -> None:
        """Read again what the page shows."""

    def do(self, deed: str) -> None:
        """Carry out one of the page's DEEDS."""

    def leave(self) -> bool:
        """Another page comes to the front: keep what was typed. A page that says no says why and stays."""
        return True

    def may_close(self) -> bool:
        """Whether the window may close now; a page that says no says why."""
        return True


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the side bar."""

    name: str
    title: str
    keys: str
    module: str
    needs_fieldbook: bool = True


PAGES: tuple[Entry, ...] = (
    Entry("start", "Start", "Ctrl+1", "fieldapp.gui.pages.start", needs_fieldbook=False),
    Entry("record", "Record", "Ctrl+2", "fieldapp.gui.pages.record"),
    Entry("review", "Review", "Ctrl+3", "fieldapp.gui.pages.review"),
    Entry("find", "Find", "Ctrl+4", "fieldapp.gui.pages.find"),
    Entry("people", "People", "Ctrl+5", "fieldapp.gui.pages.people"),
    Entry("export", "Export", "Ctrl+6", "fieldapp.gui.pages.export"),
)


def make_page(entry: Entry, desk: Desk) -> Page:
    """Build a page: the class called `ThePage` in its module."""
    page: Page = importlib.import_module(entry.module).ThePage(desk)
    page.setObjectName(entry.name)
    return page
