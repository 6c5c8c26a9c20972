"""What is done for the index in the background: finding out what was deleted, building, writing files, loading graphs. One thread, `index`.

Every step is made beside what is being searched and put in its place when it is whole.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from fieldapp.errors import Cancelled, FieldError
from fieldapp.jobs import Job, Jobs, Progress
from fieldapp.store import index_file, index_folder, spaces
from fieldapp.store.index_build import build
from fieldapp.store.index_file import About
from fieldapp.store.space_index import SpaceIndex, Status
from fieldapp.store.space_rows import SpaceRows, joined
from fieldapp.store.store import Store

log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.3  # commits come in bursts
_DEAD, _NEW = 0.02, 0.05  # shares of a space: more dead rows are cleared away, more new ones written to a file
_FEW = 2000  # but not for less than this
_FOR_A_CENTRE = 50


class Keeper:
    """Looks after the spaces of a `VectorIndex`, which shares its table of them."""

    def __init__(self, store: Store, opened: dict[str, SpaceIndex], folder: Path, *, graph_from: int, seal_from: int) -> None:
        self._store = store
        self._spaces = opened
        self._folder = folder
        self._graph_from, self._seal_from = graph_from, seal_from
        self._jobs = Jobs(threads=1, name="index", behind=True)
        self._waking = threading.Lock()
        self._asked = False
        self._job: Job | None = None
        self._closing = threading.Event()
        self._building: tuple[SpaceIndex, Progress] | None = None
        self._gate = threading.Lock()
        self._withdrawals = 0
        self._no_room: set[str] = set()

    def wake(self) -> None:
        """Something changed; look soon. Quick, from any thread."""
        with self._waking:
            self._asked = True
            if self._job is None and not self._closing.is_set():
                self._job = self._jobs.run(self._work, lambda _: None, self._failed)

    def somebody_withdrew(self) -> None:
        """On the `db-writer` thread: no file may hold what was withdrawn, not even one that is being written now."""
        with self._gate:
            self._withdrawals += 1
            index_folder.forget(self._store.folder)
            for index in list(self._spaces.values()):
                index.stale = True

    def status(self, index: SpaceIndex) -> Status:
        """How a space is searched, and how far its next index is."""
        building = self._building
        under_way = building[1].latest if building and building[0].space == index.space else None
        return replace(index.status, building=under_way)

    def settle(self, seconds: float | None) -> bool:
        """Look now and wait until there is nothing left to do."""
        self.wake()
        while (job := self._job) and not self._closing.is_set():
            if not job.wait(seconds):
                return False
        return True

    def close(self) -> None:
        """Stop at the next step and wait for it."""
        with self._waking:
            self._closing.set()
        self._jobs.close()

    def _work(self, progress: Progress) -> None:
        self._tidy()
        while not self._closing.wait(_PAUSE_SECONDS):
            with self._waking:
                self._asked = False
            for index in list(self._spaces.values()):
                self._building = (index, progress)
                try:
                    self._attend(index, progress)
                except Outdated:
                    self._asked = True
                except (FieldError, OSError, sqlite3.Error) as trouble:
                    log.warning("the index of the space %s: %s", index.space.id, trouble)
                finally:
                    self._building = None
            with self._waking:
                if not self._asked:
                    self._job = None
                    return
        raise Cancelled

    def _failed(self, trouble: Exception) -> None:
        log.warning("nothing is done for the index of %s until something changes: %s", self._store.folder, trouble)
        with self._waking:
            self._job = None

    def _tidy(self) -> None:
        """Remove the files of spaces that the fieldbook has no more."""
        if not self._store.read_only:
            index_file.remove_others(self._folder, [space.id for space in spaces.spaces(self._store.reader())])

    def _attend(self, index: SpaceIndex, progress: Progress) -> None:
        db, before = self._store.reader(), self._withdrawals
        if index.sealed and not index.checked:
            progress(-1, "checking the index")
            index.checked = index.sealed.verify()
            index.stale |= not index.checked
        index.reconcile(db)
        if not self._wants_building(index):
            self._load_graph(index, progress)
        if self._wants_building(index):
            self._replace(index, *self._built(db, index, progress), before)
            return
        index.extend_graph(progress)
        fresh = len(index.rows) - len(index.rows.base)
        if index.sealed and fresh > max(_FEW, _NEW * len(index.rows)):
            whole = SpaceRows(joined(index.rows.parts(), index.rows.dims), index.rows.centre)
            if index.graph is None or index.graph.rows == len(whole):
                self._replace(index, SpaceIndex(index.space, whole, index.about, graph=index.graph), index.about, before)

    def _load_graph(self, index: SpaceIndex, progress: Progress) -> None:
        if index.sealed and index.graph is None and index.sealed.graph_bytes:
            progress(-1, "loading the index")
            index.graph = index.sealed.graph()
            index.stale |= index.graph is None
            index.sealed.rest()

    def _wants_building(self, index: SpaceIndex) -> bool:
        living = len(index.rows) - index.rows.dead
        if index.stale or index.rows.dead > max(_FEW, _DEAD * living):
            return True
        if index.sealed is None and living > max(_FOR_A_CENTRE, 2 * len(index.rows.base)):  # coded around a middle that few had a part in
            return True
        lacks_file = living >= self._seal_from and index.sealed is None and self._may_write(index)
        lacks_graph = living >= self._graph_from and index.graph is None and not (index.sealed and index.sealed.graph_bytes)
        return lacks_file or lacks_graph

    def _may_write(self, index: SpaceIndex) -> bool:
        return not self._store.read_only and index.space.id not in self._no_room

    def _built(self, db: sqlite3.Connection, index: SpaceIndex, progress: Progress) -> tuple[SpaceIndex, About | None]:
        """Anew from the database; what was decided where it is large enough for a file."""
        if len(index.rows) - index.rows.dead < self._seal_from:
            return SpaceIndex.read(db, index.space), None
        built = build(db, index.space, self._graph_from, progress)
        return SpaceIndex(index.space, built.rows, built.about, graph=built.graph), built.about

    def _replace(self, index: SpaceIndex, made: SpaceIndex, about: About | None, before: int) -> None:
        """Write `made` to a file, if that is wanted and possible, and search it from now on."""
        if about and self._may_write(index):
            try:
                index_file.write(self._folder, index.space, about, made.rows, made.graph, partial(self._unless_withdrawn, before))
            except OSError as trouble:
                self._no_room.add(index.space.id)
                log.warning("the index of the space %s could not be written: %s", index.space.id, trouble)
            else:
                sealed = index_file.newest(self._folder, index.space, clean=True)
                if sealed and len(sealed.part) == len(made.rows.base):
                    graph, made = made.graph, SpaceIndex.unsealed(index.space, sealed)
                    made.graph, made.checked = graph, True
        self._unless_withdrawn(before, lambda: self._spaces.__setitem__(index.space.id, made))
        made.reconcile(self._store.reader())

    def _unless_withdrawn(self, before: int, step: Callable[[], None]) -> None:
        """Take the step, but not with vectors that were read before somebody withdrew them."""
        with self._gate:
            if self._withdrawals != before:
                raise Outdated
            step()


class Outdated(Exception):
    """What was built holds what somebody withdrew meanwhile."""
