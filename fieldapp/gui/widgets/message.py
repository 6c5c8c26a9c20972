"""Words to the person: a note over the lower right corner, where hints stand and no buttons; it moves nothing and never takes the focus. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from fieldapp.gui.icons import icon
from fieldapp.gui.theme import Colours, scaled, set_role
from fieldapp.gui.words import say

STAYS_MS = 8000
WIDTH_PX = 520
EDGE_PX, LIFT_PX = 16, 4


class Message(QFrame):
    """The newest message. Good news goes by itself; trouble stays until it is dismissed."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setObjectName("message")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 8, 10)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton(self)
        self._close.setAccessibleName(say("Dismiss the message"))
        self._close.setToolTip(say("Dismiss the message") + "  Ctrl+D")
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close.clicked.connect(self.hide)
        row.addWidget(self._text, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STAYS_MS)
        self._timer.timeout.connect(self.hide)
        self._percent = 100
        over.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def dress(self, colours: Colours, text_percent: int) -> None:
        """The colours and size of the theme."""
        self._percent = text_percent
        self._close.setIcon(icon("close", colours.muted))
        self._close.setIconSize(QSize(scaled(14, text_percent), scaled(14, text_percent)))

    @Slot(str, str)
    def say(self, level: str, text: str) -> None:
        """Show a sentence: `info` for a moment, `look` and `loss` until dismissed."""
        set_role(self, level)
        self._text.setText(text)
        self._text.setAccessibleName(text)
        self._place()
        self.show()
        self.raise_()
        if level == "info":
            self._timer.start()
        else:
            self._timer.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        width = min(scaled(WIDTH_PX, self._percent), self._over.width() - 2 * EDGE_PX)
        layout = self.layout()
        assert layout is not None
        height = max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
        self.setGeometry(self._over.width() - width - EDGE_PX, self._over.height() - height - LIFT_PX, width, height)
