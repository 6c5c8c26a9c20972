"""Where the vectors of one model go in one fieldbook, and the heads made of them. Used while recording, by transcribe and by embed.

`put` runs on the `db-writer` thread inside the transaction that also stores the text; the rest on any thread. Raw vectors
are kept, so a new head needs no second look at the sound.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Self

import numpy as np

from fieldapp.model import Segment, SegmentId, Space
from fieldapp.speech import heads
from fieldapp.speech.embed import F32, PARTS, Embedded, pack
from fieldapp.speech.heads import Head
from fieldapp.speech.manifest import identity
from fieldapp.speech.recogniser import Recogniser
from fieldapp.store import spaces, vectors
from fieldapp.store.consent import may_use
from fieldapp.store.rows import SEGMENT
from fieldapp.store.spaces import OWN_HEAD
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

KINDS = ("meaning", "sound")
GROWTH = 4  # the fieldbook's own head is made anew when there are so many times the vectors it knew
_BATCH = 4096


class Embeddings:
    """The spaces of one model: a raw one for meaning and one for sound, and those that heads make of them."""

    def __init__(self, raw: dict[str, Space], headed: list[tuple[Space, Head]]) -> None:
        self.raw = raw
        self._headed = headed

    @classmethod
    def open(cls, store: Store, model: str, width: int, layer: int = -1) -> Self:
        """The spaces of a model whose encoder is `width` wide; raw ones are made where they are missing."""

        def work(tx: Transaction) -> dict[str, Space]:
            return {kind: spaces.ensure_space(tx, kind=kind, model=model, layer=layer, dims=width * (PARTS if kind == "sound" else 1)) for kind in KINDS}

        raw = store.do(work)
        return cls(raw, _headed(store.reader(), raw))

    @classmethod
    def of(cls, store: Store, recogniser: Recogniser, width: int) -> Self:
        """The spaces of a model; the head that came with it gets one of its own."""
        manifest, shipped = recogniser.manifest, recogniser.meaning
        home = cls.open(store, identity(manifest), width, manifest.exit_layer)
        if shipped and not any(space.head == shipped.name for space in home.headed):
            home.adopt(store, "meaning", shipped)
        return home

    @property
    def headed(self) -> tuple[Space, ...]:
        """The spaces that heads make, oldest first."""
        return tuple(space for space, _ in self._headed)

    def put(self, tx: Transaction, segment: Segment, embedded: Embedded) -> bool:
        """Store everything one pass gave for a segment; False when it was moved or deleted meanwhile, or must not be found any more."""
        now = SEGMENT.first(tx.db, "id = ?", segment.id)
        if now is None or (now.recording, now.span) != (segment.recording, segment.span) or not may_use(tx.db, segment.id, "search"):
            return False
        of_kind = {"meaning": embedded.meaning, "sound": embedded.sound}
        for kind, space in self.raw.items():
            vectors.put_vectors(tx, space, [(segment.id, of_kind[kind])])
        for space, head in self._headed:
            vectors.put_vectors(tx, space, [(segment.id, head(of_kind[space.kind]))])
        kept = embedded.kept
        vectors.put_frames(tx, self.raw["meaning"], segment.id, len(kept), kept.rate, pack(kept))
        return True

    def lacking(self, db: sqlite3.Connection) -> list[SegmentId]:
        """Segments this model has not heard yet."""
        return vectors.lacking(db, self.raw["meaning"])

    def renew_heads(self, store: Store) -> list[str]:
        """Make the fieldbook's own heads where they are missing or outgrown, and fill up every headed space; says what was done."""
        done = []
        for kind, raw in self.raw.items():
            own = [(space, head) for space, head in self._headed if space.kind == kind and space.head == OWN_HEAD]
            count = vectors.counted(store.reader(), raw)
            if count >= heads.FEWEST and all(count >= GROWTH * head.fitted_on for _, head in own):
                _, matrix = vectors.matrix(store.reader(), raw)
                if len(matrix) >= heads.FEWEST:
                    self.adopt(store, kind, heads.fit(matrix, name=OWN_HEAD))
                    done.append(f"a new head for {kind}, from {len(matrix)} segments")
        self.fill_up(store)
        return done

    def adopt(self, store: Store, kind: str, head: Head) -> Space:
        """Make the space of a head, with a vector for every raw one; it takes the place of the head's older versions."""
        raw = self.raw[kind]
        before = [space for space, _ in self._headed if space.kind == kind and space.head == head.name]
        made = heads.to_bytes(head)
        head(np.zeros(raw.dims, np.float32))  # refuses a head of another model before anything is written

        def work(tx: Transaction) -> Space:
            space = spaces.add_headed_space(tx, raw, head.name, head.dims, made)
            for batch in _batches(vectors.only_in(tx.db, raw, space)):
                vectors.put_vectors(tx, space, _through(head, batch))
            for older in before:
                spaces.drop_space(tx, older.id)
            return space

        space = store.do(work)
        self._headed = [*((s, h) for s, h in self._headed if s not in before), (space, head)]
        return space

    def fill_up(self, store: Store) -> None:
        """Give every headed space the vectors it lacks (a crash, or a head that came from a merged fieldbook)."""
        for space, head in self._headed:
            for batch in _batches(vectors.only_in(store.reader(), self.raw[space.kind], space)):
                made = _through(head, batch)
                store.do(partial(vectors.put_vectors, space=space, vectors=made), remade=True)


def _headed(db: sqlite3.Connection, raw: dict[str, Space]) -> list[tuple[Space, Head]]:
    found: list[tuple[Space, Head]] = []
    for kind, own in raw.items():
        same = [space for space in spaces.spaces(db, kind, own.model) if space.layer == own.layer]
        found += [(space, heads.from_bytes(data)) for space in same if (data := spaces.head_of(db, space.id))]
    return found


def _batches(rows: Iterator[tuple[SegmentId, F32]]) -> Iterator[list[tuple[SegmentId, F32]]]:
    while batch := list(itertools.islice(rows, _BATCH)):
        yield batch


def _through(head: Head, batch: Sequence[tuple[SegmentId, F32]]) -> list[tuple[SegmentId, F32]]:
    made = head(np.stack([vector for _, vector in batch]))
    return [(segment, vector) for (segment, _), vector in zip(batch, made)]
