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
Place = tuple[str, str]
"""A segment and a tier."""
Write = Callable[[str, str, str, str, Callable[[bool], None]], None]


class Typing(QObject):
    """Between the field and the edits. What was sent counts as stored until a reading that began after it was written says otherwise."""

    def __init__(self, field: TypingField, edits: Edits, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._field, self._edits = field, edits
        self._place: Place = ("", "")
        self._language = self._base = self._stored = ""
        self._on_its_way: dict[Place, str] = {}
        self._refused: dict[Place, str] = {}
        self._written: set[Place] = set()
        self._being_read: set[Place] = set()
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
        return bool(self._place[0]) and self.text != self._base

    def reading_begins(self) -> None:
        """What is written by now will be in it."""
        self._being_read = set(self._written)

    def reading_ended(self) -> None:
        """What it brought is newer than what was sent before."""
        for place in self._being_read:
            self._on_its_way.pop(place, None)
        self._written -= self._being_read
        self._being_read = set()

    def show(self, line: Line | None, tier: str, language: str) -> None:
        """Bind the field to a tier of a segment. What was typed for another one is kept first; what is typed here stays."""
        place = (line.segment if line is not None else "", tier)
        text = line.texts.get(tier) if line is not None else None
        if place != self._place:
            self.keep()
            self._place = place
        elif self.dirty:
            return
        self._language = text.language if text is not None else language
        self._set(self._on_its_way.get(place, text.text if text is not None else ""))
        if place in self._refused:
            self._field.setPlainText(self._refused.pop(place))
        self._enable(line is not None)

    def _enable(self, there: bool) -> None:
        """Where there is nothing to type the stage keeps the keyboard for the field, else the next key would press something elsewhere."""
        field, stage = self._field, self._field.parentWidget()
        assert stage is not None
        if not there and field.hasFocus():
            stage.setFocus()
        field.setEnabled(there)
        if there and stage.hasFocus():
            field.setFocus()

    def latest(self, line: Line, tier: str) -> str:
        """What the fieldbook holds, or will when what was sent has arrived."""
        place, text = (line.segment, tier), line.texts.get(tier)
        return self._refused.get(place, self._on_its_way.get(place, text.text if text is not None else ""))

    def put(self, line: Line, tier: str, text: str, language: str, *, confirmed: bool) -> None:
        """What was typed elsewhere than in the field."""
        place, known = (line.segment, tier), line.texts.get(tier)
        self._refused.pop(place, None)
        self._send(self._edits.confirm if confirmed else self._edits.text, place, text, known.language if known is not None else language)
        if place == self._place:
            self._set(text)

    @Slot()
    def keep(self) -> None:
        """Hand what was typed to the fieldbook."""
        self._pause.stop()
        if self.dirty:
            self._send(self._edits.text, self._place, self.text, self._language)

    def confirm(self) -> None:
        """Keep it, confirm it, and the segment is checked."""
        self._pause.stop()
        if self._place[0]:
            text = self.text if self.dirty else self._stored  # what nobody touched stays to the letter
            self._send(self._edits.confirm, self._place, text, self._language)

    def _send(self, write: Write, place: Place, text: str, language: str) -> None:
        """Have it written; it counts as stored from now on, unless it is refused."""
        before = self._base
        if place == self._place:
            self._base, self._stored = self.text, text
        self._on_its_way[place] = clean(text)[0] if text.strip() else ""
        self._written.discard(place)
        self._being_read.discard(place)

        def ended(written: bool) -> None:
            if written:
                self._written.add(place)
                return
            self._on_its_way.pop(place, None)
            if place == self._place:
                self._base = before
            else:
                self._refused[place] = text

        write(*place, text, language, ended)

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
