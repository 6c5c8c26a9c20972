"""The one door into the window's thread: any thread may `post` a call, which then runs in the event loop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot

from fieldapp.gui.undisturbed import undisturbed


class Bridge(QObject):
    """Lives in the GUI thread. A call posted after `close` is dropped, because nobody is left to see its effect."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        self._posted.connect(self._on_posted, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` in the GUI thread, soon, in the order of posting."""
        if self._open:
            self._posted.emit(call)

    def close(self) -> None:
        """Drop whatever is still to come."""
        self._open = False

    @Slot(object)
    def _on_posted(self, call: Callable[[], None]) -> None:
        if self._open:
            with undisturbed():
                call()
