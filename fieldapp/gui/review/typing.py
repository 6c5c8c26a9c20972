"""What is being typed: bound to one tier of one segment, kept on leaving, never written per key. GUI thread.

While somebody types, what arrives from elsewhere does not touch the field. After a pause in typing the text is kept too,
so that not even a power cut takes more than a few seconds of it.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from fieldapp.gui.review.edits import Edits
from fieldapp.gui.review.lines import Line
from fieldapp.gui.widgets.typing_field import TypingField
from fieldapp.store.storable import clean

KEPT_AFTER_MS = 3000


class Typing(QObject):
    """Between the field and the edits."""

    def __init__(self, field: TypingField, edits: Edits, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._field, self._edits = field, edits
        self._segment = self._tier = self._language = self._base = self._stored = ""
        self._on_its_way: dict[tuple[str, str], str] = {}
        self._refused: dict[tuple[str, str], str] = {}
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(KEPT_AFTER_MS)
        self._pause.timeout.connect(self.keep)
        field.textChanged.connect(self._on_text)
        field.left.connect(self.keep)

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self._field.text

    @property
    def dirty(self) -> bool:
        """Whether the field holds something the fieldbook does not."""
        return bool(self._segment) and self.text != self._base

    def show(self, line: Line | None, tier: str, language: str) -> None:
        """Bind the field to a tier of a segment. What was typed for another one is kept first; what is typed here stays."""
        place = (line.segment if line is not None else "", tier)
        text = line.texts.get(tier) if line is not None else None
        stored = text.text if text is not None else ""
        if self._on_its_way.get(place) == stored:
            del self._on_its_way[place]
        if place != (self._segment, self._tier):
            self.keep()
            self._segment, self._tier = place
        elif self.dirty:
            return
        self._language = text.language if text is not None else language
        self._set(self._on_its_way.get(place, stored))
        if place in self._refused:
            self._field.setPlainText(self._refused.pop(place))
        self._field.setEnabled(line is not None)

    @Slot()
    def keep(self) -> None:
        """Hand what was typed to the fieldbook."""
        self._pause.stop()
        if self.dirty:
            text = self.text
            self._edits.text(self._segment, self._tier, text, self._language, self._sent(text))

    def confirm(self) -> None:
        """Keep it, confirm it, and the segment is checked."""
        self._pause.stop()
        if self._segment:
            text = self.text if self.dirty else self._stored  # what nobody touched stays to the letter
            self._edits.confirm(self._segment, self._tier, text, self._language, self._sent(text))

    def _sent(self, text: str) -> Callable[[], None]:
        """Note that the text is on its way; what is returned is called when it did not arrive."""
        place, before = (self._segment, self._tier), self._base
        self._base, self._stored = self.text, text
        self._on_its_way[place] = clean(text)[0] if text.strip() else ""

        def refused() -> None:
            self._on_its_way.pop(place, None)
            if place == (self._segment, self._tier):
                self._base = before
            else:
                self._refused[place] = text

        return refused

    def _set(self, text: str) -> None:
        if clean(self.text)[0] != text:  # letters and marks may be typed apart and stored composed: no reason to touch them
            self._field.setPlainText(text)
            cursor = self._field.textCursor()
            cursor.movePosition(cursor.MoveOperation.End)
            self._field.setTextCursor(cursor)
        self._base, self._stored = self.text, text
        self._pause.stop()

    @Slot()
    def _on_text(self) -> None:
        self._pause.start()
