"""The side bar: one button a page, with its icon. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from fieldapp.gui.icons import icon
from fieldapp.gui.pages import PAGES
from fieldapp.gui.theme import Colours, scaled
from fieldapp.gui.words import say

ICON_PX = 18


class SideBar(QWidget):
    """Says which page was asked for; shows which one is there."""

    asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._buttons: dict[str, QToolButton] = {}
        bar = QVBoxLayout(self)
        bar.setContentsMargins(8, 16, 8, 8)
        bar.setSpacing(4)
        for entry in PAGES:
            button = QToolButton(self)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, name=entry.name: self.asked.emit(name))
            self._buttons[entry.name] = button
            bar.addWidget(button)
        bar.addStretch()
        self.translate()

    def translate(self) -> None:
        """Put the words on, in the language of now."""
        for entry in PAGES:
            button = self._buttons[entry.name]
            button.setText(" " + say(entry.title))
            button.setAccessibleName(say(entry.title))
            button.setToolTip(f"{say(entry.title)}  {entry.keys}")

    def dress(self, colours: Colours, text_percent: int) -> None:
        """Icons in the colours of the theme, as large as the text."""
        size = scaled(ICON_PX, text_percent)
        for name, button in self._buttons.items():
            button.setIcon(icon(name, colours.muted, colours.accent))
            button.setIconSize(QSize(size, size))
            button.setMinimumWidth(scaled(124, text_percent))

    def show_state(self, shown: str, *, fieldbook: bool) -> None:
        """Which page is there, and which can be gone to."""
        for entry in PAGES:
            button = self._buttons[entry.name]
            button.setChecked(entry.name == shown)
            button.setEnabled(fieldbook or not entry.needs_fieldbook)
