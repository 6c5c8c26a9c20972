"""The theme on the parts of the window, one part in each pass of the event loop. GUI thread.

Every part wears its own style sheet. One for the whole application would dress every widget there is at once, hidden pages too, and the window would
stand still for a quarter of a second. What is hidden is dressed quickly: Qt polishes its widgets when they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.theme import DARK, dress, style_sheet
from fieldapp.gui.undisturbed import undisturbed
from fieldapp.settings import pairs

TEXT_STEPS = (100, 115, 130, 150, 175, 200)


class Dressing(QObject):
    """Follows the settings; `changed` comes when something else is worn. `put_on` is for what is made new."""

    changed = Signal()

    def __init__(self, desk: Desk, parts: Callable[[], Iterable[QWidget]], parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._parts = desk, parts
        self._worn = self._chosen()
        self._sheet = style_sheet(desk.colours, desk.settings.text_percent)
        self._waiting: list[QWidget] = []
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.timeout.connect(self._on_next)
        desk.settings_changed.connect(self._on_settings)

    def other_theme(self) -> None:
        """Light instead of dark, or dark instead of light."""
        self._desk.change_settings(replace(self._desk.settings, theme="light" if self._desk.colours == DARK else "dark"))

    def text_size(self, steps: int) -> None:
        """Larger text, or smaller for less than zero."""
        now = min(range(len(TEXT_STEPS)), key=lambda i: abs(TEXT_STEPS[i] - self._desk.settings.text_percent))
        self._desk.change_settings(replace(self._desk.settings, text_percent=TEXT_STEPS[min(max(0, now + steps), len(TEXT_STEPS) - 1)]))

    def put_on(self, part: QWidget) -> None:
        """Dress one part now; before it is shown that costs next to nothing."""
        part.setStyleSheet(self._sheet)

    def _chosen(self) -> tuple[str, int, tuple[str, ...]]:
        return self._desk.colours.window, self._desk.settings.text_percent, self._desk.settings.fonts

    @Slot()
    def _on_settings(self) -> None:
        if self._chosen() == self._worn:
            return
        application, settings = QApplication.instance(), self._desk.settings
        assert isinstance(application, QApplication)
        self._worn = self._chosen()
        dress(application, settings.theme, settings.text_percent, pairs(settings.fonts))
        self._sheet = style_sheet(self._desk.colours, settings.text_percent)
        self._waiting = sorted(self._parts(), key=lambda part: not part.isVisible())  # what is in sight comes first
        self._next.start()
        self.changed.emit()

    @Slot()
    def _on_next(self) -> None:
        while self._waiting:
            part = self._waiting.pop(0)
            if shiboken6.isValid(part):  # it may have been closed meanwhile
                with undisturbed():
                    self.put_on(part)
                return
        self._next.stop()
