"""What is being said, as the machine writes it: the last drafts dotted underneath, what is not finished yet in italics, how late it all is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fieldapp.gui.theme import Colours
from fieldapp.gui.widgets.line_text import draw_line_text
from fieldapp.gui.words import say, tell

if TYPE_CHECKING:
    from fieldapp.session.live_text import TextLook

DRAFTS = 2
SOON_S = 0.05
LATE_S = 10.0  # later than this it says that nothing is lost


class LiveLines(QWidget):
    """Shows what it was told last; hidden while there is no live text."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colours = colours
        self._text: TextLook | None = None
        self.setAccessibleName(say("Live text"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(200, (DRAFTS + 1) * self._line())

    def show_text(self, text: TextLook | None) -> None:
        """The text by now; None when none is made."""
        if text == self._text:
            return
        self._text = text
        self.setVisible(text is not None)
        if text is not None:
            self.setAccessibleDescription("\n".join([*(said.text for said in text.finals[-DRAFTS:]), text.partial, self.state()]))
        self.update()

    def state(self) -> str:
        """How late the text is, or why there is none."""
        text = self._text
        if text is None:
            return ""
        if text.sentence:
            return tell(text.sentence)
        if text.lag > LATE_S:
            return say("live {seconds} s behind; nothing is lost", seconds=f"{text.lag:.0f}")
        return say("live {seconds} s behind", seconds=f"{text.lag:.1f}") if text.lag >= SOON_S else say("live drafts, not checked")

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._text is None:
            return
        painter, line = QPainter(self), self._line()
        drafts = self._text.finals[-DRAFTS:]
        for number, said in enumerate(drafts, DRAFTS - len(drafts)):
            draw_line_text(painter, QRectF(0, number * line, self.width(), line - 3), said.text, self.colours, draft=True)
        last = QRectF(0, DRAFTS * line, self.width(), line)
        state = self.state()
        room = 0.0 if self._text.sentence else last.width() - self.fontMetrics().horizontalAdvance(state) - line
        painter.setPen(QColor(self.colours.muted))
        painter.drawText(last, Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if room else Qt.AlignmentFlag.AlignLeft), state)
        font = painter.font()
        font.setItalic(True)
        painter.setFont(font)
        if room > 0 and self._text.partial:
            shown = painter.fontMetrics().elidedText(self._text.partial, Qt.TextElideMode.ElideLeft, int(room))
            painter.drawText(QRectF(0, last.top(), room, line), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()

    def _line(self) -> int:
        return self.fontMetrics().height() + 6
