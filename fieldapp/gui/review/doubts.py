"""The order of the correction queue: computed in the background, now and then, and used by every reading in between. GUI thread; the work runs elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fieldapp.errors import FieldError
from fieldapp.gui.desk import Desk
from fieldapp.jobs import Progress
from fieldapp.store.spaces import space_to_search

if TYPE_CHECKING:
    from fieldapp.store.store import Store

AGAIN_S = 60.0


class Doubts:
    """`why` says of each draft, the most doubtful first, who doubts it most; `found` is called when there is a new order."""

    def __init__(self, desk: Desk, found: Callable[[], None]) -> None:
        self._desk, self._found = desk, found
        self._store: Store | None = None
        self._busy = False
        self._next = 0.0
        self.why: Mapping[str, str] = {}

    def look(self) -> None:
        """Compute the order anew, if the last time is a while ago."""
        store = self._desk.store
        if store is not self._store:
            self._store, self._next, self.why = store, 0.0, {}
        if store is None or self._busy or time.monotonic() < self._next or self._desk.recorded() is not None:
            return
        self._busy = True
        finding = self._desk.finding

        def work(progress: Progress) -> Mapping[str, str]:
            from fieldapp.finding.doubtful import by_neighbours, by_words, most_doubtful  # noqa: PLC0415  (loads numpy, for which the page does not wait)

            worth = most_doubtful(by_words(store.reader()))
            if worth and finding is not None and space_to_search(store.reader(), "meaning") is not None:
                worth = by_neighbours(finding.finder(), worth, progress.stop_if_cancelled)
            return {one.segment: one.why for one in worth}

        self._desk.run_behind(work, lambda why: self._on_found(store, why), lambda trouble: self._on_failed(store, trouble))

    def _on_found(self, store: Store, why: Mapping[str, str]) -> None:
        self._busy, self._next = False, time.monotonic() + AGAIN_S
        if store is self._desk.store and list(why.items()) != list(self.why.items()):
            self.why = why
            self._found()

    def _on_failed(self, store: Store, trouble: Exception) -> None:
        self._busy, self._next = False, time.monotonic() + AGAIN_S
        if store is self._desk.store and not isinstance(trouble, FieldError):  # without an order the queue goes by certainty alone
            raise trouble
