"""Bringing recordings in: first what would come, then the import itself, with progress and a way to stop. GUI thread; the work is done behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from fieldapp.commands.import_project import bring_in
from fieldapp.corpus.saymore.project import is_project
from fieldapp.gui.desk import Desk
from fieldapp.gui.words import say, tell, told
from fieldapp.intake import archives
from fieldapp.intake.annotations import FileReport
from fieldapp.intake.dropped import Dropped, bring, unpacked
from fieldapp.intake.importing import Report
from fieldapp.jobs import Job, Progress
from fieldapp.store import people
from fieldapp.store.store import Store

LISTED = 200
LOOK_MS = 100


@dataclass(frozen=True, slots=True)
class Brought:
    """What came in, or would: files and what lay beside them, and whole projects, told line by line."""

    dropped: Dropped
    projects: tuple[str, ...] = ()


class ImportBox(QDialog):
    """Looks first and writes nothing; imports when told to. Closing it stops what runs; what came in by then stays."""

    def __init__(self, desk: Desk, sources: list[Path], parent: QWidget) -> None:
        super().__init__(parent)
        assert desk.store is not None
        self._desk, self._store, self._sources = desk, desk.store, sources
        self._job: Job | None = None
        self._done = False
        self._ready: list[Path] = []
        self._place: Path | None = None
        self.setWindowTitle(say("Import recordings"))
        self.resize(640, 520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        self._title = QLabel(self)
        self._title.setProperty("role", "heading")
        self._title.setWordWrap(True)
        layout.addWidget(self._title)
        layout.addLayout(self._known())
        self._report = QPlainTextEdit(self)
        self._report.setReadOnly(True)
        self._report.setTabChangesFocus(True)
        self._report.setAccessibleName(say("Report"))
        layout.addWidget(self._report, 1)
        self._bar = QProgressBar(self)
        self._bar.setAccessibleName(say("Progress"))
        layout.addWidget(self._bar)
        layout.addLayout(self._buttons())
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._on_look)
        self._look()

    def _known(self) -> QFormLayout:
        form = QFormLayout()
        db = self._store.reader()
        self._speaker, self._variety = QComboBox(self), QComboBox(self)
        for box, name, known in (
            (self._speaker, say("Speaker"), [p.code for p in people.persons(db)]),
            (self._variety, say("Variety"), [v.name for v in people.varieties(db)]),
        ):
            box.setEditable(True)
            box.addItems(["", *known])
            box.setAccessibleName(name)
            form.addRow(name, box)
        self._session = QLineEdit(self)
        self._session.setPlaceholderText(say("one of its own"))
        self._session.setAccessibleName(say("Session"))
        form.addRow(say("Session"), self._session)
        return form

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._stop = QPushButton(say("Cancel"), self)
        self._stop.clicked.connect(self.close)
        self._import = QPushButton(say("Import"), self)
        self._import.setProperty("role", "primary")
        self._import.setDefault(True)
        self._import.clicked.connect(self._on_import)
        row.addStretch()
        row.addWidget(self._stop)
        row.addWidget(self._import)
        return row

    def _look(self) -> None:
        self._title.setText(say("Looking at what would come in ..."))
        store, sources = self._store, self._sources
        if any(one.suffix.lower() == archives.SUFFIX for one in sources):
            self._place = Path(mkdtemp(prefix="unpacked-", dir=store.folder / "derived"))
        place = self._place

        def work(progress: Progress) -> tuple[list[Path], Brought]:
            ready = [one if place is None else unpacked(one, place, progress) for one in sources]
            return ready, _brought(store, ready, progress, dry=True)

        self._begin(work, self._on_looked)

    @Slot()
    def _on_import(self) -> None:
        speaker, variety, session = self._speaker.currentText().strip(), self._variety.currentText().strip(), self._session.text().strip()
        store, ready = self._store, self._ready

        def work(progress: Progress) -> Brought:
            return _brought(store, ready, progress, speaker=speaker, variety=variety, session=session)

        self._title.setText(say("Importing ..."))
        self._wait_for(self._desk.works.begin(say("Import"), work, self._on_imported, self._on_failed))

    def _begin(self, work: Callable[[Progress], Any], done: Callable[[Any], None]) -> None:
        self._wait_for(self._desk.run(work, done, self._on_failed))

    def _wait_for(self, job: Job) -> None:
        self._import.setEnabled(False)
        self._bar.setRange(0, 0)
        self._bar.show()
        self._job = job
        self._timer.start()

    def _on_looked(self, looked: tuple[list[Path], Brought]) -> None:
        self._ready, brought = looked
        self._rest(say("{count} of {wanted} files would come in: {minutes} min of sound.", **_counts(brought.dropped.sound)), brought)
        self._import.setEnabled(brought.dropped.sound.imported > 0 or bool(brought.projects) or any(_adds(one) for one in brought.dropped.annotations))
        self._import.setFocus()

    def _on_imported(self, brought: Brought) -> str:
        said = say("{count} of {wanted} files came in: {minutes} min of sound.", **_counts(brought.dropped.sound))
        self._done = True
        self._rest(said, brought)
        self._stop.setText(say("Close"))
        self._stop.setFocus()
        return said

    def _on_failed(self, trouble: Exception) -> None:
        self._timer.stop()
        self._bar.hide()
        self._title.setText(told(trouble))
        self._desk.fail(trouble)

    def _rest(self, title: str, brought: Brought) -> None:
        report = brought.dropped.sound
        self._timer.stop()
        self._bar.hide()
        self._title.setText(title)
        counts = (
            (report.already, say("were imported before")),
            (report.duplicates, say("hold sound that is in the fieldbook already")),
            (len(report.set_aside), say("are no sound files and are left out")),
            (len(report.problems), say("cannot be imported")),
        )
        lines = [*map(tell, brought.projects), *(f"{count} {what}" for count, what in counts if count)]
        lines += [_about(one) for one in brought.dropped.annotations]
        lines += [f"{one.where}: {tell(one.sentence)}" for one in (*report.problems, *report.notes)][:LISTED]
        self._report.setPlainText("\n".join(lines) or say("Nothing speaks against it."))

    @Slot()
    def _on_look(self) -> None:
        if self._job is not None:
            share, doing = self._job.progress
            self._bar.setRange(0, 0 if share < 0 else 1000)
            self._bar.setValue(round(share * 1000))
            self._bar.setFormat(tell(doing))

    def done(self, result: int) -> None:
        if self._job is not None:
            self._job.cancel()
        self._timer.stop()
        place, job, self._place = self._place, self._job, None
        if place is not None:
            self._desk.run(lambda _: _cleaned(place, job), lambda _: None)
        super().done(result)


def _brought(store: Store, sources: list[Path], progress: Progress, *, speaker: str = "", variety: str = "", session: str = "", dry: bool = False) -> Brought:
    """Projects of SayMore and lameta as a whole, everything else file by file."""
    projects = [one for one in sources if is_project(one)]
    others = [one for one in sources if one not in projects]
    lines = bring_in(store, projects, progress, dry=dry)[0] if projects else []
    return Brought(bring(store, others, progress, speaker=speaker, variety=variety, session=session, dry=dry) if others else Dropped(), tuple(lines))


def _cleaned(place: Path, job: Job | None) -> None:
    """What was unpacked goes when nobody reads it any more."""
    if job is not None:
        job.wait()
    shutil.rmtree(place, ignore_errors=True)


def _adds(one: FileReport) -> bool:
    return not one.problem and one.segments_added + one.texts_added > 0


def _about(one: FileReport) -> str:
    name = Path(one.file).name
    if one.problem:
        return f"{name}: {tell(one.problem)}"
    return say("{file}: {segments} segments and {texts} texts", file=name, segments=f"{one.segments_added:,}", texts=f"{one.texts_added:,}")


def _counts(report: Report) -> dict[str, object]:
    return {"count": f"{report.imported:,}", "wanted": f"{report.wanted:,}", "minutes": f"{report.seconds / 60:.1f}"}
