"""Composition of the window: build the parts, connect them, run, close them in reverse order. The only core file that may know Qt."""

from __future__ import annotations

from fieldapp.errors import NotBuiltYet


def open_window(fieldbook: str | None) -> int:
    """Open the window on a fieldbook, or on the start page."""
    raise NotBuiltYet("The window is not part of this version.", "Everything it will do to a fieldbook is on the command line: fieldapp --help")
