"""The import itself: rows become recordings, segments and texts, in batches. Runs on the thread of whoever imports.

A row is in completely or not at all: its files move into `audio/` inside the transaction that writes it. What is in already is
known by the place, size and time of its source file, so that running the same import again only does what is left; and by the
SHA-256 of its sound, so that no sound is stored twice.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from fieldapp.audio.decode import open_audio
from fieldapp.errors import DiskFull, FieldError, ReadOnly
from fieldapp.intake import known
from fieldapp.intake.manifest import Problem, Row, Wanted
from fieldapp.intake.records import Arrival, drop_if_empty, write_arrival, write_session
from fieldapp.intake.staging import Staging
from fieldapp.intake.stems import Stems, fold
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

Progress = Callable[[float, str], None]
_BATCH_FILES, _BATCH_BYTES, _BATCH_SECONDS = 64, 256 << 20, 2.0


@dataclass(slots=True)
class Report:
    """What an import did; counts are rows."""

    session: str = ""
    wanted: int = 0
    imported: int = 0
    already: int = 0
    duplicates: int = 0
    described: int = 0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """For --json."""
        counts = {name: getattr(self, name) for name in ("session", "wanted", "imported", "already", "duplicates", "described")}
        told = {name: [{"where": one.where, "what": one.sentence} for one in getattr(self, name)] for name in ("problems", "notes")}
        return counts | {"seconds_of_sound": round(self.seconds, 3)} | told | {"set_aside": self.set_aside}


def session_name(source: Path, today: date) -> str:
    """What a session is called when nobody says: date and stem."""
    return f"{today.isoformat()}_{fold(source.stem or source.resolve().name)}"


class Import:
    """One import into an open fieldbook."""

    def __init__(self, store: Store, staging: Staging | None = None) -> None:
        if store.read_only:
            raise ReadOnly(f"{store.folder} is open for reading only: {store.read_only_reason}.", "Nothing was imported.")
        self._store = store
        self._staging = staging or Staging(store.folder)
        self._batch: list[Arrival] = []
        self._batch_bytes, self._batch_since = 0, 0.0

    def run(self, wanted: Wanted, sources: Sequence[Path], name: str, progress: Progress) -> Report:
        """Bring everything in that can be; what cannot is in the report. Cancelling loses nothing that came in before."""
        report = Report(wanted=len(wanted.rows) + len(wanted.problems), problems=list(wanted.problems), set_aside=list(wanted.set_aside))
        reader = self._store.reader()
        index = known.load(reader)
        stems = Stems({Path(path).stem for path in index.paths} | {path.stem for path in self._staging.audio.iterdir()})
        self._staging.prepare(index.paths)
        key = hashlib.sha256("\n".join(os.path.realpath(path) for path in sources).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        session = self._store.do(lambda tx: write_session(tx, name or session_name(sources[0], date.today()), key, asked=bool(name)))
        report.session = session.name
        try:
            for number, row in enumerate(wanted.rows):
                progress(number / len(wanted.rows), f"{number} of {len(wanted.rows)}  {row.path.name}")
                self._take(row, stems, index, report)
                if self._batch and self._full():
                    self._commit(session.id, report)
            self._commit(session.id, report)
        except DiskFull as full:
            self._commit_what_fits(session.id, report)
            report.problems.append(Problem("disk", f"{full} {report.imported} of {report.wanted} rows are in."))
        finally:
            self._staging.clear()
        if self._store.do(lambda tx: drop_if_empty(tx, session.id)):
            report.session = ""
        progress(1.0, f"{report.imported} imported")
        return report

    def _take(self, row: Row, stems: Stems, index: known.Index, report: Report) -> None:
        try:
            mark = known.mark_of(row.path)
        except OSError as error:
            report.problems.append(Problem(row.where, f"{row.path.name} cannot be read: {error.strerror}."))
            return
        content = known.content_of(row)
        if mark in index.marks:
            report.already += 1
            if content not in index.marks[mark]:
                report.notes.append(Problem(row.where, "It was imported before with other details. Nothing was changed; correct it in the fieldbook."))
            return
        try:
            staged = self._staging.bring(row.path, stems.take(row.path.stem))
        except DiskFull:
            raise
        except FieldError as error:
            report.problems.append(Problem(row.where, str(error)))
            return
        twin = index.recordings.get(staged.source_sha256)
        if twin:
            staged.discard()
        else:
            self._batch_bytes += sum(part.bytes for part in staged.parts)
        if staged.trouble:
            report.notes.append(Problem(row.where, staged.trouble))
        arrival = Arrival(row, None if twin else staged, twin, staged.source_sha256, mark, content)
        index.recordings.setdefault(staged.source_sha256, arrival.recording)
        index.marks.setdefault(mark, set()).add(content)
        self._batch.append(arrival)
        self._batch_since = self._batch_since or time.monotonic()

    def _full(self) -> bool:
        late = time.monotonic() - self._batch_since > _BATCH_SECONDS
        return late or len(self._batch) >= _BATCH_FILES or self._batch_bytes >= _BATCH_BYTES

    def _commit(self, session: str, report: Report) -> None:
        batch, self._batch, self._batch_bytes, self._batch_since = self._batch, [], 0, 0.0
        if not batch:
            return
        staged = [arrival.staged for arrival in batch if arrival.staged]

        def work(tx: Transaction) -> list[str]:
            outcomes = [write_arrival(tx, session, arrival) for arrival in batch]
            self._staging.land(staged)
            return outcomes

        self._staging.about_to_land(path.name for one in staged for path in one.files)
        try:
            outcomes = self._store.do(work)
        except BaseException:
            self._staging.take_back(staged)
            raise
        for arrival, outcome in zip(batch, outcomes):
            setattr(report, outcome, getattr(report, outcome) + 1)
            if arrival.staged:
                report.seconds += arrival.staged.frames / arrival.staged.rate
            if outcome == "duplicates":
                report.notes.append(Problem(arrival.row.where, "The same sound is in the fieldbook already; it was not stored twice."))

    def _commit_what_fits(self, session: str, report: Report) -> None:
        try:
            self._commit(session, report)
        except DiskFull:
            return


def rehearse(store: Store, wanted: Wanted, progress: Progress) -> Report:
    """What an import would do; opens every file and writes nothing. The same sound under two names is only noticed by the import itself."""
    report = Report(wanted=len(wanted.rows) + len(wanted.problems), problems=list(wanted.problems), set_aside=list(wanted.set_aside))
    index = known.load(store.reader())
    for number, row in enumerate(wanted.rows):
        progress(number / len(wanted.rows), row.path.name)
        try:
            if known.mark_of(row.path) in index.marks:
                report.already += 1
                continue
            with open_audio(row.path) as sound:
                report.imported += 1
                report.seconds += sound.sound.seconds
                if sound.trouble:
                    report.notes.append(Problem(row.where, sound.trouble))
        except OSError as error:
            report.problems.append(Problem(row.where, f"{row.path.name} cannot be read: {error.strerror}."))
        except FieldError as error:
            report.problems.append(Problem(row.where, str(error)))
    return report
