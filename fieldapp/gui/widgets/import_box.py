"""Bringing recordings in: first what would come, then the import itself, with progress and a way to stop. GUI thread; the work is done behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.words import say, told
from fieldapp.intake import importing, manifest
from fieldapp.intake.importing import Report
from fieldapp.jobs import Job, Progress
from fieldapp.store import people

TABLES = (".csv", ".tsv")
LISTED = 200
LOOK_MS = 100


def wanted_of(sources: list[Path], speaker: str, variety: str) -> manifest.Wanted:
    """The rows that files, folders and tables stand for."""
    wanted = manifest.find_files([one for one in sources if one.suffix.lower() not in TABLES], speaker, variety)
    for table in (one for one in sources if one.suffix.lower() in TABLES):
        wanted = manifest.read_manifest(table, speaker=speaker, variety=variety).joined(wanted)
    return wanted


class ImportBox(QDialog):
    """Looks first and writes nothing; imports when told to. Closing it stops what runs; what came in by then stays."""

    def __init__(self, desk: Desk, sources: list[Path], parent: QWidget) -> None:
        super().__init__(parent)
        assert desk.store is not None
        self._desk, self._store, self._sources = desk, desk.store, sources
        self._job: Job | None = None
        self._done = False
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
        self._begin(lambda progress: importing.rehearse(self._store, wanted_of(self._sources, "", ""), progress), self._on_looked)

    @Slot()
    def _on_import(self) -> None:
        speaker, variety, session = self._speaker.currentText().strip(), self._variety.currentText().strip(), self._session.text().strip()
        store, sources = self._store, self._sources

        def work(progress: Progress) -> Report:
            return importing.Import(store).run(wanted_of(sources, speaker, variety), sources, session, progress)

        self._title.setText(say("Importing ..."))
        self._wait_for(self._desk.works.begin(say("Import"), work, self._on_imported, self._on_failed))

    def _begin(self, work: Callable[[Progress], Report], done: Callable[[Report], None]) -> None:
        self._wait_for(self._desk.run(work, done, self._on_failed))

    def _wait_for(self, job: Job) -> None:
        self._import.setEnabled(False)
        self._bar.setRange(0, 0)
        self._bar.show()
        self._job = job
        self._timer.start()

    def _on_looked(self, report: Report) -> None:
        self._rest(say("{count} of {wanted} files would come in: {minutes} min of sound.", **_counts(report)), report)
        self._import.setEnabled(report.imported > 0)
        self._import.setFocus()

    def _on_imported(self, report: Report) -> str:
        said = say("{count} of {wanted} files came in: {minutes} min of sound.", **_counts(report))
        self._done = True
        self._rest(said, report)
        self._stop.setText(say("Close"))
        self._stop.setFocus()
        return said

    def _on_failed(self, trouble: Exception) -> None:
        self._timer.stop()
        self._bar.hide()
        self._title.setText(told(trouble))
        self._desk.fail(trouble)

    def _rest(self, title: str, report: Report) -> None:
        self._timer.stop()
        self._bar.hide()
        self._title.setText(title)
        counts = (
            (report.already, say("were imported before")),
            (report.duplicates, say("hold sound that is in the fieldbook already")),
            (len(report.set_aside), say("are no sound files and are left out")),
            (len(report.problems), say("cannot be imported")),
        )
        lines = [f"{count} {what}" for count, what in counts if count]
        lines += [f"{one.where}: {one.sentence}" for one in (*report.problems, *report.notes)][:LISTED]
        self._report.setPlainText("\n".join(lines) or say("Nothing speaks against it."))

    @Slot()
    def _on_look(self) -> None:
        if self._job is not None:
            share, doing = self._job.progress
            self._bar.setRange(0, 0 if share < 0 else 1000)
            self._bar.setValue(round(share * 1000))
            self._bar.setFormat(doing)

    def done(self, result: int) -> None:
        if self._job is not None:
            self._job.cancel()
        self._timer.stop()
        super().done(result)


def _counts(report: Report) -> dict[str, object]:
    return {"count": f"{report.imported:,}", "wanted": f"{report.wanted:,}", "minutes": f"{report.seconds / 60:.1f}"}
