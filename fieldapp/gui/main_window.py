"""The window: side bar, one page at a time, status strip, messages that never take the focus. GUI thread."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QLabel, QMainWindow, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from fieldapp import paths
from fieldapp.gui.actions import DEEDS, Actions, Deed
from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import PAGES, Page, make_page
from fieldapp.gui.theme import dress, system_prefers_dark
from fieldapp.gui.widgets.command_palette import CommandPalette
from fieldapp.gui.words import LANGUAGES, say, speak
from fieldapp.model import Changed

MESSAGE_MS = 8000
STRIP_MS = 5000
TEXT_STEPS = (100, 115, 130, 150, 175, 200)


class MainWindow(QMainWindow):
    """Everything the person sees; what is done is done by the pages and the desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._pages: dict[str, Page] = {}
        self._entry = PAGES[0]
        self.actions_table = Actions(self, {})
        self.setWindowTitle("Fieldapp")
        self.setMinimumSize(900, 600)
        self._build()
        self.actions_table.add(DEEDS, self._do)
        self.actions_table.add((Deed(f"page.{e.name}", e.title, e.keys, needs="fieldbook" if e.needs_fieldbook else "") for e in PAGES), self._do)
        self.palette_box = CommandPalette(self)
        desk.said.connect(self._on_said)
        desk.fieldbook_changed.connect(self._on_fieldbook)
        desk.rows_changed.connect(self._on_rows)
        desk.conditions_changed.connect(self._on_conditions)
        self._strip_timer = QTimer(self)
        self._strip_timer.setInterval(STRIP_MS)
        self._strip_timer.timeout.connect(self._on_strip)
        self._strip_timer.start()
        self.show_page("start")
        self._on_conditions()
        self._on_strip()

    def _build(self) -> None:
        self._sidebar = QWidget(self)
        self._sidebar.setObjectName("sidebar")
        self._buttons: dict[str, QToolButton] = {}
        bar = QVBoxLayout(self._sidebar)
        bar.setContentsMargins(8, 16, 8, 8)
        bar.setSpacing(4)
        for entry in PAGES:
            button = QToolButton(self._sidebar)
            button.setText(say(entry.title))
            button.setCheckable(True)
            button.setAccessibleName(say(entry.title))
            button.setToolTip(f"{say(entry.title)}  {entry.keys}")
            button.setMinimumWidth(112)
            button.clicked.connect(lambda _checked=False, name=entry.name: self.show_page(name))
            self._buttons[entry.name] = button
            bar.addWidget(button)
        bar.addStretch()
        self._stack = QStackedWidget(self)
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        self._message.hide()
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._message_timer = QTimer(self)
        self._message_timer.setSingleShot(True)
        self._message_timer.setInterval(MESSAGE_MS)
        self._message_timer.timeout.connect(self._message.hide)
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self._message)
        middle.addWidget(self._stack, 1)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self._sidebar)
        upper.addLayout(middle, 1)
        self._strip = QWidget(self)
        self._strip.setObjectName("strip")
        strip = QHBoxLayout(self._strip)
        strip.setContentsMargins(8, 4, 8, 4)
        self._where, self._disk, self._model = QLabel(self), QLabel(self), QLabel(self)
        for label in (self._where, self._disk, self._model):
            strip.addWidget(label)
        strip.addStretch()
        whole = QWidget(self)
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(upper, 1)
        layout.addWidget(self._strip)
        self.setCentralWidget(whole)

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self._pages[self._entry.name]

    def show_page(self, name: str) -> None:
        """Bring a page to the front, building it the first time."""
        entry = next(e for e in PAGES if e.name == name)
        if entry.needs_fieldbook and self.desk.store is None:
            entry = PAGES[0]
        if entry.name not in self._pages:
            page = make_page(entry, self.desk)
            self._pages[entry.name] = page
            self._stack.addWidget(page)
            self.actions_table.add(page.DEEDS, page.do)
        self._entry = entry
        self._stack.setCurrentWidget(self.page)
        for other, button in self._buttons.items():
            button.setChecked(other == entry.name)
        self.page.refresh()
        self._on_conditions()

    def _do(self, deed: str) -> None:
        if deed.startswith("page."):
            self.show_page(deed.removeprefix("page."))
            return
        getattr(self, f"_do_{deed}")()

    def _do_palette(self) -> None:
        self.palette_box.open([action for _, action in self.actions_table.all()])

    def _do_open(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, say("Open a fieldbook"))
        if chosen:
            self.desk.open(Path(chosen))

    def _do_new(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, say("New fieldbook"), say("MyFieldbook"))
        if chosen:
            self.desk.create(Path(chosen), Path(chosen).name)

    def _do_close(self) -> None:
        self.desk.close_fieldbook()

    def _do_undo(self) -> None:
        self.desk.undo()

    def _do_redo(self) -> None:
        self.desk.redo()

    def _do_theme(self) -> None:
        dark = self.desk.settings.theme == "dark" or (self.desk.settings.theme == "system" and system_prefers_dark())
        self.desk.change_settings(replace(self.desk.settings, theme="light" if dark else "dark"))
        self._dress()

    def _do_larger(self) -> None:
        self._text_size(+1)

    def _do_smaller(self) -> None:
        self._text_size(-1)

    def _text_size(self, step: int) -> None:
        now = min(range(len(TEXT_STEPS)), key=lambda i: abs(TEXT_STEPS[i] - self.desk.settings.text_percent))
        self.desk.change_settings(replace(self.desk.settings, text_percent=TEXT_STEPS[min(max(0, now + step), len(TEXT_STEPS) - 1)]))
        self._dress()

    def _dress(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        dress(application, self.desk.settings.theme, self.desk.settings.text_percent)

    def _do_language(self) -> None:
        codes = list(LANGUAGES)
        now = self.desk.settings.language
        chosen = codes[(codes.index(now) + 1) % len(codes)] if now in codes else codes[1]
        self.desk.change_settings(replace(self.desk.settings, language=chosen))
        speak(chosen, paths.resource("translations"))
        self.desk.say(say("The language changes for pages that are opened from now on."))

    def _do_shortcuts(self) -> None:
        self._do_palette()

    def _do_quit(self) -> None:
        self.close()

    @Slot(str, str)
    def _on_said(self, level: str, text: str) -> None:
        self._message.setProperty("role", "look" if level != "info" else "muted")
        self._message.style().polish(self._message)
        self._message.setText(text)
        self._message.setAccessibleName(text)
        self._message.show()
        if level == "info":
            self._message_timer.start()
        else:
            self._message_timer.stop()

    @Slot()
    def _on_fieldbook(self) -> None:
        store = self.desk.store
        self.setWindowTitle(f"{store.folder.name} – Fieldapp" if store else "Fieldapp")
        self._on_strip()
        self.show_page(self._entry.name)

    @Slot(object)
    def _on_rows(self, changed: Changed) -> None:
        if self.page.CARES & changed:
            self.page.refresh()

    @Slot()
    def _on_conditions(self) -> None:
        self.actions_table.enable(self.desk.conditions(), self._entry.name)
        for entry in PAGES:
            self._buttons[entry.name].setEnabled(not entry.needs_fieldbook or self.desk.store is not None)

    @Slot()
    def _on_strip(self) -> None:
        store = self.desk.store
        self._where.setText(store.folder.name if store else say("no fieldbook open"))
        free = shutil.disk_usage(store.folder if store else Path.home()).free
        self._disk.setText(say("{gigabytes} GB free", gigabytes=f"{free / 1e9:.0f}"))
        self._model.setText(say("model: {name}", name=self.desk.settings.model))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.palette_box.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        if all(page.may_close() for page in self._pages.values()):
            self._strip_timer.stop()
            self.desk.close()
            event.accept()
        else:
            event.ignore()
