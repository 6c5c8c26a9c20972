"""A bug is shown once, calmly, while everything else goes on: the window stays, the recorder records in its own process. GUI thread.

`log.writing` has put every uncaught error into the log by the time it comes here; this only tells the person.
"""

from __future__ import annotations

import platform
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from fieldapp import __version__, paths
from fieldapp.gui.bridge import Bridge
from fieldapp.gui.words import say


class CrashDialog(QDialog):
    """One for all mistakes; a second one is added to the details."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(say("Something went wrong"))
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)  # the keys of a recording stay where they are
        self.resize(640, 360)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        title = QLabel(say("Fieldapp made a mistake"), self)
        title.setProperty("role", "heading")
        told = QLabel(
            say("What was saved is safe, and a running recording goes on. You can work on; if something seems stuck, save your notes and start again."), self
        )
        told.setWordWrap(True)
        self._details = QPlainTextEdit(self)
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        self._details.setAccessibleName(say("Details"))
        copy = QPushButton(say("Copy details"), self)
        copy.clicked.connect(self._on_copy)
        shut = QPushButton(say("Work on"), self)
        shut.setProperty("role", "primary")
        shut.setDefault(True)
        shut.clicked.connect(self.hide)
        row = QHBoxLayout()
        row.addWidget(copy)
        row.addStretch()
        row.addWidget(shut)
        for widget in (title, told):
            layout.addWidget(widget)
        layout.addWidget(self._details, 1)
        layout.addLayout(row)

    def tell(self, report: str) -> None:
        """Add a report and show the dialog without taking the keyboard away from a recording."""
        before = self._details.toPlainText()
        if not before:
            before = f"Fieldapp {__version__}, Python {platform.python_version()}, {platform.platform()}\n{say('Log')}: {paths.logs()}\n"
        self._details.setPlainText(f"{before}\n{report}"[-40_000:])
        self.show()

    @Slot()
    def _on_copy(self) -> None:
        QApplication.clipboard().setText(self._details.toPlainText())


class CrashWatch:
    """Hears of uncaught errors in any thread. `stop` puts the old hooks back."""

    def __init__(self, window: QWidget, bridge: Bridge, dress: Callable[[QWidget], None]) -> None:
        self._window, self._bridge, self._dress = window, bridge, dress
        self._dialog: CrashDialog | None = None
        self._before: tuple[Callable[..., object], Callable[..., object]] = (sys.excepthook, threading.excepthook)
        self._hooks = (self._in_main, self._in_thread)
        sys.excepthook, threading.excepthook = self._hooks

    @property
    def dialog(self) -> CrashDialog | None:
        """The dialog, once there was something to tell."""
        return self._dialog

    def stop(self) -> None:
        """The window closes."""
        sys.excepthook, threading.excepthook = self._before

    def _in_main(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        self._before[0](kind, error, where)
        if not issubclass(kind, KeyboardInterrupt):
            self._tell(kind, error, where)

    def _in_thread(self, what: threading.ExceptHookArgs) -> None:
        self._before[1](what)
        if what.exc_value is not None:
            self._tell(what.exc_type, what.exc_value, what.exc_traceback)

    def _tell(self, kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        report = "".join(traceback.format_exception(kind, error, where))
        self._bridge.post(lambda: self._show(report))

    def _show(self, report: str) -> None:
        if self._dialog is None:
            self._dialog = CrashDialog(self._window)
        self._dress(self._dialog)
        self._dialog.tell(report)
