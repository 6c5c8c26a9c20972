"""The side bar: one button a page, with its icon; where the text is large for the window, the word stands below the icon. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from fieldapp.gui.icons import icon
from fieldapp.gui.pages import PAGES
from fieldapp.gui.theme import Colours, scaled
from fieldapp.gui.words import say

ICON_PX = 18
BESIDE_PX, BELOW_PX = 124, 64
ROOMY_PX = 850
"""A window so wide, for text of 100 %, has room for words beside their icons."""


class SideBar(QWidget):
    """Says which page was asked for; shows which one is there."""

    asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._buttons: dict[str, QToolButton] = {}
        self._percent = 100
        bar = QVBoxLayout(self)
        bar.setContentsMargins(8, 16, 8, 8)
        bar.setSpacing(4)
        for entry in PAGES:
            button = QToolButton(self)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, name=entry.name: self.asked.emit(name))
            self._buttons[entry.name] = button
            bar.addWidget(button)
        bar.addStretch()
        self.translate()

    def translate(self) -> None:
        """Name the buttons, in the language of now; `fit` puts the words on."""
        for entry in PAGES:
            button = self._buttons[entry.name]
            button.setAccessibleName(say(entry.title))
            button.setToolTip(f"{say(entry.title)}  {entry.keys}")

    def dress(self, colours: Colours, text_percent: int) -> None:
        """Icons in the colours of the theme, as large as the text."""
        self._percent = text_percent
        size = scaled(ICON_PX, text_percent)
        for name, button in self._buttons.items():
            button.setIcon(icon(name, colours.muted, colours.accent))
            button.setIconSize(QSize(size, size))
        self.fit()

    def fit(self) -> None:
        """As wide as the window allows: the page comes first."""
        roomy = self.window().width() >= scaled(ROOMY_PX, self._percent)
        for entry in PAGES:
            button = self._buttons[entry.name]
            button.setText((" " if roomy else "") + say(entry.title))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon if roomy else Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setMinimumWidth(scaled(BESIDE_PX if roomy else BELOW_PX, self._percent))

    def show_state(self, shown: str, *, fieldbook: bool) -> None:
        """Which page is there, and which can be gone to."""
        for entry in PAGES:
            button = self._buttons[entry.name]
            button.setChecked(entry.name == shown)
            button.setEnabled(fieldbook or not entry.needs_fieldbook)
