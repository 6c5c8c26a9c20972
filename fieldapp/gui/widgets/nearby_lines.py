"""While recording: who else said what was said last, and a quiet word when it sounds like another item. It takes no focus, makes no sound. GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fieldapp.gui.words import say, tell

if TYPE_CHECKING:
    from fieldapp.session.nearby import NearbyLook

SHOWN = 4


class NearbyLines(QWidget):
    """Hidden until there is something to say; `width` is what its lines may fill."""

    def __init__(self, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width = width
        self._shown: NearbyLook | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._doubt, self._heading = QLabel(self), QLabel(say("Who else said this"), self)
        self._doubt.setProperty("role", "look")
        self._heading.setProperty("role", "heading")
        self._lines = [QLabel(self) for _ in range(SHOWN)]
        for label in (self._doubt, self._heading, *self._lines):
            label.setWordWrap(label is self._doubt)
            label.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(label)
        self.hide()

    def show_nearby(self, nearby: NearbyLook | None) -> None:
        """Another utterance was asked about, or a doubt is over."""
        if nearby is self._shown:
            return
        self._shown = nearby
        matches = nearby.matches[:SHOWN] if nearby is not None else ()
        doubt = nearby.doubt if nearby is not None else None
        self._doubt.setText(f"{tell(doubt.sentence)} {say('I: it was the right one.')}" if doubt else "")
        self._doubt.setVisible(doubt is not None)
        self._heading.setVisible(bool(matches))
        for number, label in enumerate(self._lines):
            hit = matches[number].hit if number < len(matches) else None
            said = " · ".join(part for part in (hit.speaker, hit.variety, hit.text) if part) if hit is not None else ""
            label.setText(label.fontMetrics().elidedText(" ".join(said.split()), Qt.TextElideMode.ElideRight, self._width))
            label.setToolTip(said)
            label.setVisible(bool(said))
        self.setVisible(bool(matches) or doubt is not None)
