"""The window: side bar, one page at a time, status strip, messages that never take the focus. GUI thread."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from fieldapp import paths
from fieldapp.cores import window_first
from fieldapp.gui.actions import DEEDS, Actions, Deed
from fieldapp.gui.crash import CrashWatch
from fieldapp.gui.desk import Desk
from fieldapp.gui.dialogs import DIALOGS, make_dialog
from fieldapp.gui.dressing import Dressing
from fieldapp.gui.pages import PAGES, Entry, Page, make_page
from fieldapp.gui.widgets.command_palette import CommandPalette
from fieldapp.gui.widgets.message import Message
from fieldapp.gui.widgets.sidebar import SideBar
from fieldapp.gui.widgets.status_strip import StatusStrip
from fieldapp.gui.words import LANGUAGES, language_of, say, speak
from fieldapp.model import Changed
from fieldapp.settings import pairs

DATABASE = "fieldbook.db"


class MainWindow(QMainWindow):
    """Everything the person sees; what is done is done by the pages and the desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._pages: dict[str, Page] = {}
        self._entry = PAGES[0]
        self._dialogs: dict[str, QDialog] = {}
        self._closed = False
        self.actions_table = Actions(self, pairs(desk.settings.shortcuts))
        self.setWindowTitle("Fieldapp")
        self.setMinimumSize(900, 600)
        self.setAcceptDrops(True)
        self.dressing = Dressing(desk, self._parts, self)
        self.dressing.changed.connect(self._dress_icons)
        self._deeds: dict[str, Callable[[], object]] = {
            "undo": desk.undo,
            "redo": desk.redo,
            "dismiss": lambda: self.message.hide(),
            "theme": self.dressing.other_theme,
            "larger": lambda: self.dressing.text_size(+1),
            "smaller": lambda: self.dressing.text_size(-1),
            "quit": self.close,
        }
        self._build()
        self.crashes = CrashWatch(self, desk.bridge, self.dressing.put_on)
        desk.fieldbook_changed.connect(self._on_fieldbook)
        desk.rows_changed.connect(self._on_rows)
        desk.conditions_changed.connect(self._on_conditions)
        desk.asked.connect(self._on_asked)
        self.show_page("start")

    def _build(self) -> None:
        """Everything that carries words; done again when the language changes."""
        self._stack = QStackedWidget(self)
        self._sidebar = SideBar(self)
        self._sidebar.asked.connect(self._go_to)
        self._strip = StatusStrip(self.desk, self)
        self._strip.asked.connect(self._do)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self._sidebar)
        upper.addWidget(self._stack, 1)
        whole = QWidget(self)
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(upper, 1)
        layout.addWidget(self._strip)
        self.setCentralWidget(whole)
        self.message = Message(whole)
        self.desk.said.connect(self.message.say)
        self.actions_table.add(DEEDS, self._do)
        self.actions_table.add((Deed(f"page.{e.name}", e.title, e.keys, needs="fieldbook" if e.needs_fieldbook else "") for e in PAGES), self._do)
        self.palette_box = CommandPalette(self)
        for part in self._shell():
            self.dressing.put_on(part)
        self._dress_icons()
        self._strip.refresh()

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self._pages[self._entry.name]

    @Slot(str)
    def show_page(self, name: str) -> None:
        """Bring a page to the front, building it the first time."""
        entry = next(e for e in PAGES if e.name == name)
        if entry.needs_fieldbook and self.desk.store is None:
            entry = PAGES[0]
        if self._entry.name != entry.name and self._entry.name in self._pages and not self.page.leave():
            return
        self._make_page(entry)
        self._entry = entry
        self._stack.setCurrentWidget(self.page)
        self.message.raise_()  # the stack puts the page above everything
        self.page.refresh()
        self._on_conditions()

    def _make_page(self, entry: Entry) -> bool:
        """Whether it had to be built."""
        if entry.name in self._pages:
            return False
        page = self._pages[entry.name] = make_page(entry, self.desk)
        self._stack.addWidget(page)
        self.dressing.put_on(page)  # where it belongs by now: with its sheet on, every widget of it would be dressed again on the way
        self._add_deeds(entry)
        return True

    @Slot(str)
    def _go_to(self, name: str) -> None:
        """Show a page somebody asked for. One that has to be built is shown in the next pass of the event loop: both at once hold the window too long."""
        self._wanted, entry = name, next(e for e in PAGES if e.name == name)
        if (self.desk.store is not None or not entry.needs_fieldbook) and self._make_page(entry):
            QTimer.singleShot(0, self, lambda: self.show_page(self._wanted))  # the latest wish: another key may have come between
        else:
            self.show_page(name)

    def _add_deeds(self, entry: Entry) -> None:
        """The actions of a page; they fire only while it is shown, so it is built by then."""
        deeds = importlib.import_module(entry.module).ThePage.DEEDS
        self.actions_table.add((d for d in deeds if d.id not in self.actions_table), lambda deed: self._pages[entry.name].do(deed))

    def _do(self, deed: str) -> None:
        if deed.startswith("page."):
            self._go_to(deed.removeprefix("page."))
        elif deed in DIALOGS:
            self._show_dialog(deed, lambda: make_dialog(deed, self.desk, self))
        elif deed in self._deeds:
            self._deeds[deed]()
        else:
            getattr(self, f"_do_{deed}")()

    @Slot(str)
    def _on_asked(self, deed: str) -> None:
        self.actions_table.action(deed).trigger()

    def _do_palette(self) -> None:
        self.palette_box.open([action for _, action in self.actions_table.all()])

    def _do_open(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, say("Open a fieldbook")) if self.page.leave() else ""
        if chosen:
            self.desk.open(Path(chosen))

    def _do_new(self) -> None:
        chosen = QFileDialog.getSaveFileName(self, say("New fieldbook"), say("MyFieldbook"))[0] if self.page.leave() else ""
        if chosen:
            self.desk.create(Path(chosen), Path(chosen).name)

    def _do_demo(self) -> None:
        from fieldapp.gui.demo import open_demo  # noqa: PLC0415  (importing sound is not for the start)

        open_demo(self.desk)

    def _do_import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, say("Import recordings"))
        if chosen:
            self.bring_in([Path(one) for one in chosen])

    def _do_close(self) -> None:
        if self.page.leave() and self.desk.may_change():
            self.desk.close_fieldbook()

    def _shell(self) -> tuple[QWidget, ...]:
        return self._sidebar, self._strip, self.message, self.palette_box

    def _parts(self) -> list[QWidget]:
        return [*self._shell(), *self._pages.values(), *self._dialogs.values()]

    @Slot()
    def _dress_icons(self) -> None:
        for part in (self._sidebar, self.message):
            part.dress(self.desk.colours, self.desk.settings.text_percent)

    def _do_language(self) -> None:
        """The next language; every page is built anew in it."""
        if self.desk.recorded() is not None or self.desk.busy:
            self.desk.say(say("The language can be changed when nothing is recorded and no work is going on."), "look")
            return
        codes = list(LANGUAGES)
        chosen = codes[(codes.index(language_of(self.desk.settings.language)) + 1) % len(codes)]
        speak(chosen, paths.resource("translations"))
        self.desk.change_settings(replace(self.desk.settings, language=chosen))
        self._build_again()

    def _build_again(self) -> None:
        shown = self._entry
        if not all(page.leave() for page in self._pages.values()):
            return
        self.actions_table.clear()
        for old in (*self._pages.values(), *self._dialogs.values(), self.palette_box):
            old.setParent(None)
            old.deleteLater()
        self._pages.clear()
        self._dialogs.clear()
        self.desk.said.disconnect(self.message.say)
        self._strip.stop()
        self._entry = PAGES[0]
        self._build()
        self.show_page(shown.name)

    def _do_shortcuts(self) -> None:
        from fieldapp.gui.widgets.shortcuts import Shortcuts  # noqa: PLC0415  (seldom wanted)

        for entry in PAGES:
            self._add_deeds(entry)
        self._on_conditions()
        self._show_dialog("shortcuts", lambda: Shortcuts(self.actions_table, self._keep_shortcuts, self))

    def _do_embed(self) -> None:
        from fieldapp.gui.embedding import make_vectors  # noqa: PLC0415  (seldom wanted)

        make_vectors(self.desk)

    def _do_merge(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, say("Merge a fieldbook")) if self.page.leave() else ""
        if chosen:
            self.merge_with(Path(chosen))

    def merge_with(self, other: Path) -> None:
        """Show what would come from another fieldbook."""
        from fieldapp.gui.widgets.merge_box import MergeBox  # noqa: PLC0415  (seldom wanted)

        self._show_dialog("merge", lambda: MergeBox(self.desk, other, self))

    def _keep_shortcuts(self, changed: dict[str, str]) -> None:
        self.desk.change_settings(replace(self.desk.settings, shortcuts=tuple(f"{name}={keys}" for name, keys in sorted(changed.items()))))

    def _show_dialog(self, name: str, make: Callable[[], QDialog]) -> None:
        """One of each kind, never modal: a recording goes on under it."""
        if name in self._dialogs:
            self._dialogs[name].close()
            self._dialogs.pop(name).deleteLater()
        self._dialogs[name] = make()
        self.dressing.put_on(self._dialogs[name])
        self._dialogs[name].show()

    def bring_in(self, sources: list[Path]) -> None:
        """Open a fieldbook that was dropped, or import what was."""
        book = next((one for one in sources if (one / DATABASE).is_file()), None)
        if book is not None:
            if self.page.leave():
                self.desk.open(book)
        elif "writable" not in self.desk.conditions():
            self.desk.say(say("Open a fieldbook first; then drop recordings, folders or a table of them anywhere in the window."), "look")
        else:
            from fieldapp.gui.widgets.import_box import ImportBox  # noqa: PLC0415  (loads the importing of sound)

            self._show_dialog("import", lambda: ImportBox(self.desk, sources, self))

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.UpdateRequest:
            return super().event(event)
        with window_first():  # everything that is to be painted, at once
            return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and all(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.bring_in([Path(url.toLocalFile()) for url in event.mimeData().urls()])

    @Slot()
    def _on_fieldbook(self) -> None:
        if self._closed:
            return
        store = self.desk.store
        self.setWindowTitle(f"{store.folder.name} – Fieldapp" if store else "Fieldapp")
        for dialog in self._dialogs.values():  # they speak of the fieldbook that was open
            dialog.close()
        if store is not None:
            from fieldapp.gui.widgets.missing_box import tell_missing  # noqa: PLC0415  (loads what the window's start does not wait for)

            tell_missing(self.desk)
        self._strip.refresh()
        self.show_page(self._entry.name)

    @Slot(object)
    def _on_rows(self, changed: Changed) -> None:
        if self.page.CARES & changed:
            self.page.refresh()

    @Slot()
    def _on_conditions(self) -> None:
        self.actions_table.enable(self.desk.conditions(), self._entry.name)
        self._sidebar.show_state(self._entry.name, fieldbook=self.desk.store is not None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.palette_box.hide()
        self._sidebar.fit()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._closed or all(page.leave() and page.may_close() for page in self._pages.values()):
            self._closed = True
            self._strip.stop()
            for dialog in self._dialogs.values():
                dialog.close()
            self.crashes.stop()
            self.desk.close()
            event.accept()
        else:
            event.ignore()
