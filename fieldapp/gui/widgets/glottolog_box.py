"""Glottolog's table, loaded from a file somebody fetched and kept for this person; without it Glottocodes are checked by their form only. GUI thread."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from fieldapp import paths
from fieldapp.corpus import glottolog
from fieldapp.corpus.glottolog import Glottolog
from fieldapp.gui.desk import Desk
from fieldapp.gui.words import say

FILE = "glottolog.csv"


class GlottologBox(QWidget):
    """`use` is told when there is a catalogue."""

    def __init__(self, desk: Desk, use: Callable[[Glottolog], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._use = desk, use
        self._kept = paths.data() / FILE
        self._looked = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 0)
        self._said = QLabel(say("Glottocodes are found by name once Glottolog's table languages.csv (from glottolog.org) is loaded from a file."), self)
        self._said.setWordWrap(True)
        self._said.setProperty("role", "muted")
        self._load = QPushButton(say("Load Glottolog …"), self)
        self._load.clicked.connect(self._on_load)
        row.addWidget(self._said, 1)
        row.addWidget(self._load)

    def look(self) -> None:
        """Read what was loaded earlier, the first time the varieties are seen."""
        if not self._looked and self._kept.is_file():
            self._looked = True
            self._desk.run(lambda _: glottolog.read(self._kept), self._on_read)

    def load(self, path: Path) -> None:
        """Another table; a file that is none changes nothing."""

        def work(_: object) -> Glottolog:
            found = glottolog.read(path)
            keep(path, self._kept)
            return found

        self._desk.run(work, self._on_read)

    def _on_read(self, found: Glottolog) -> None:
        self._looked = True
        self._said.setText(say("Glottolog: {count} languages, dialects and families; type a name into the field Glottocode.", count=f"{len(found):,}"))
        self._use(found)

    @Slot()
    def _on_load(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, say("Load Glottolog …"), filter="languages.csv (*.csv)")
        if chosen:
            self.load(Path(chosen))


def keep(path: Path, place: Path) -> None:
    """A copy of a table, there as a whole or not at all."""
    if path.absolute() != place.absolute():
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_suffix(".part")
        shutil.copyfile(path, part)
        part.replace(place)
