"""The review page kept in step with the fieldbook: read in the background, what is seen first before everything else. GUI thread.

One reading at a time: what changes meanwhile is read when it has ended.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fieldapp.gui.desk import Desk
from fieldapp.gui.review.doubts import Doubts
from fieldapp.gui.review.reading import Opened, Read, opened, read
from fieldapp.gui.review.typing import Typing
from fieldapp.store.store import Store


class KeepingUp(QObject):
    """`opened` comes with a recording as it is first seen and the segment that was asked for, then `read` with everything, again after each change."""

    opened = Signal(object, str)
    read = Signal(object)
    nothing = Signal()
    """The fieldbook has no recording to review."""

    def __init__(self, desk: Desk, typing: Typing, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._typing = desk, typing
        self.doubts = Doubts(desk, self.look)
        self.recording = ""
        """The open one."""
        self.whole = False
        """Whether all segments of it are there."""
        self._busy = self._again = False
        self._wanted: tuple[str, str] | None = None

    @property
    def busy(self) -> bool:
        """Whether anything is being read."""
        return self._busy

    def look(self) -> None:
        """Read again, now or as soon as what is being read is there."""
        if self._busy:
            self._again = True
        elif self._desk.store is not None:
            self._begin(self._desk.store)

    def open(self, recording: str, segment: str) -> None:
        """Open another recording at a segment."""
        self._wanted = (recording, segment)
        self.look()

    def forget(self) -> None:
        """Another fieldbook: no recording is open."""
        self.recording, self.whole = "", False

    def _begin(self, store: Store) -> None:
        self._busy, self._again = True, False
        wanted, self._wanted = self._wanted, None
        if wanted is None and self.recording:
            self._read_all(store)
            return
        recording, segment = wanted or ("", "")
        self._desk.run(lambda _: opened(store, recording, segment), lambda found: self._on_opened(store, found, segment), self._on_failed)

    def _read_all(self, store: Store) -> None:
        recording, doubts = self.recording, self.doubts.why
        self._typing.reading_begins()
        self._desk.run_behind(lambda _: read(store, recording, doubts), lambda found: self._on_read(store, found), self._on_failed)

    def _on_opened(self, store: Store, found: Opened | None, segment: str) -> None:
        if store is not self._desk.store:
            self._again = True
        elif found is None:
            self.forget()
            self.nothing.emit()
        else:
            self.recording, self.whole = found.heading.recording, False
            self.opened.emit(found, segment)
            self._read_all(store)
            return
        self._end()

    def _on_read(self, store: Store, found: Read) -> None:
        if store is not self._desk.store:
            self._again = True
        elif not found.recording:  # it was taken away
            self.forget()
            self._again = True
        else:
            self.whole = True
            self._typing.reading_ended()
            self.read.emit(found)
            self.doubts.look()
        self._end()

    def _on_failed(self, trouble: Exception) -> None:
        self._end()
        self._desk.fail(trouble)

    def _end(self) -> None:
        self._busy = False
        if self._again or self._wanted is not None:
            self.look()
