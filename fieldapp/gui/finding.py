"""The one Finder of the open fieldbook, for every page. Made in the background with the first question; models are kept once they are loaded.

`answer`, `explain` and `hear` are for background jobs; a lock keeps two of them from loading the same model.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.errors import NotThere
from fieldapp.model import SegmentId
from fieldapp.store.store import Store

if TYPE_CHECKING:
    from fieldapp.finding.explain import Carried, Evidence
    from fieldapp.finding.finder import Finder
    from fieldapp.finding.question import Answer, Question
    from fieldapp.finding.voice import Heard
    from fieldapp.speech.recogniser import Recogniser

TEXT_IS_READ = ("meaning", "hybrid")
"""Modes for which the sentence encoder is wanted."""


class Finding:
    """Everything that answers questions about one fieldbook. Close it before the fieldbook."""

    def __init__(self, store: Store, graph_from: int) -> None:
        self._store = store
        self._graph_from = graph_from
        self._lock = threading.Lock()
        self._finder: Finder | None = None
        self._closed = False
        self._listener: tuple[Path, Recogniser] | None = None

    def answer(self, question: Question) -> Answer:
        """The best matches."""
        from fieldapp.finding.modes import ask  # noqa: PLC0415  (loads numpy, for which the window's start does not wait)

        finder = self.finder()
        if question.query.mode in TEXT_IS_READ:
            self._find_reader(finder)
        return ask(finder, question)

    def explain(self, question: Question, segment: SegmentId) -> Evidence | Carried | None:
        """What stands behind a hit."""
        from fieldapp.finding.explain import explain  # noqa: PLC0415

        finder = self.finder()
        if question.query.mode in TEXT_IS_READ:
            self._find_reader(finder)
        return explain(finder, question, segment)

    def hear(self, path: Path) -> Heard:
        """A recording as a query; the model that heard the fieldbook hears it."""
        from fieldapp.commands.asking import hearer, query_sound  # noqa: PLC0415
        from fieldapp.commands.engine import current  # noqa: PLC0415
        from fieldapp.finding.voice import hear  # noqa: PLC0415
        from fieldapp.speech import whisper  # noqa: PLC0415

        audio = query_sound(path)
        with self._lock:
            folder = hearer(self._store)
            if self._listener is None or self._listener[0] != folder:
                self._listener = folder, whisper.load(folder, current().compute_device, threads=current().compute_threads)
            return hear(self._listener[1], audio)

    def close(self) -> None:
        """Let go of the index and the models."""
        with self._lock:
            self._closed = True
            if self._finder is not None:
                self._finder.close()
            self._finder = self._listener = None

    def finder(self) -> Finder:
        """The one for this fieldbook; live neighbours ask it, too."""
        from fieldapp.finding.finder import Finder  # noqa: PLC0415

        with self._lock:
            if self._closed:
                raise NotThere("The fieldbook was closed meanwhile.")
            if self._finder is None:
                self._finder = Finder(self._store, graph_from=self._graph_from)
            return self._finder

    def _find_reader(self, finder: Finder) -> None:
        """A sentence encoder may be installed, or have read the texts, since the last question."""
        from fieldapp.commands.asking import text_side  # noqa: PLC0415

        with self._lock:
            if finder.text_side is None:
                finder.text_side = text_side(self._store)
