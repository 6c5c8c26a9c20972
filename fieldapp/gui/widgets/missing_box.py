"""Sound files that are not where the fieldbook keeps them: which, and looking for them in a folder. Only the very same bytes come back. GUI thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QListWidget, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.widgets.side_box import SideBox
from fieldapp.gui.words import say
from fieldapp.model import Recording
from fieldapp.store.relink import Relinked, bring_back, missing_media


class MissingBox(SideBox):
    """Texts of missing sounds are here all the same; nothing is lost by waiting."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(desk, say("Missing sound files"), parent)
        assert desk.store is not None
        self._store = desk.store
        self._list = QListWidget(self)
        self._list.setAccessibleName(say("Missing sound files"))
        self.body.addWidget(self._list)
        self._look = self.add_button(say("Look in a folder …"), self._on_folder, role="primary")
        self._show()

    def _show(self) -> None:
        store = self._store
        self._look.setEnabled(False)
        self.begin(lambda _: missing_media(store.reader(), store.folder), self._on_known)

    def _on_known(self, missing: list[Recording]) -> None:
        self._list.clear()
        self._list.addItems([one.path for one in missing])
        self.said.setText(
            say("{count} sound files are missing. Their texts are here; name a folder or disk where the files may be.", count=len(missing))
            if missing
            else say("Every sound file is where it belongs.")
        )
        self._look.setEnabled(bool(missing))
        (self._look if missing else self.closing).setFocus()

    @Slot()
    def _on_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, say("Look in a folder …"))
        if chosen:
            self.look_in(Path(chosen))

    def look_in(self, place: Path) -> None:
        """Everything below this folder is looked at."""
        store = self._store
        self._look.setEnabled(False)
        self.begin(lambda progress: bring_back(store.reader(), store.folder, [place], progress), self._on_looked, title=say("Missing sound files"))

    def _on_looked(self, outcome: Relinked) -> None:
        self._list.clear()
        self._list.addItems(outcome.missing)
        self._list.addItems([say("{file} has the right name and size, but other contents; it was left where it is.", file=one) for one in outcome.others])
        self.said.setText(say("{found} came back, {missing} are still missing.", found=len(outcome.found), missing=len(outcome.missing)))
        self._look.setEnabled(bool(outcome.missing))
        (self._look if outcome.missing else self.closing).setFocus()


def tell_missing(desk: Desk) -> None:
    """Say it when a fieldbook is opened, if anything is missing; looked at behind the window."""
    store = desk.store
    if store is None:
        return

    def done(missing: list[Recording]) -> None:
        if missing and desk.store is store:
            desk.say(say("{count} sound files are missing from this fieldbook: Ctrl+K, “Missing sound files”.", count=len(missing)), "look")

    desk.run_behind(lambda _: missing_media(store.reader(), store.folder), done)
