"""Frames of stored segments, ready to be compared: what all frames of a model have in common is taken away first. Any thread."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fieldapp.errors import Damaged
from fieldapp.model import SegmentId, Space
from fieldapp.speech.embed import F32, Kept, unit, unpack
from fieldapp.store import spaces, vectors
from fieldapp.store.store import Store

COMMON_OF = 100
"""Segments of which the common part of all frames is computed."""
GROWTH = 4

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Framed:
    """The frames of one utterance, of length 1, and when each begins, in seconds from its start."""

    frames: F32
    seconds: F32
    step: float

    def __len__(self) -> int:
        return len(self.frames)


class Frames:
    """The frames one model left in a fieldbook. They are kept beside its raw meaning vectors."""

    def __init__(self, store: Store, space: Space) -> None:
        self._store = store
        self.space = self._raw_of(space)
        self._common: F32 | None = None
        self._known = 0

    def of(self, segment: SegmentId) -> Framed | None:
        """A stored segment's; None where there are none, or damaged ones."""
        try:
            stored = vectors.frames(self._store.reader(), self.space, segment) if self.space else None
            return self.ready(unpack(stored.data)) if stored is not None and stored.count else None
        except Damaged as trouble:
            log.warning("segment %s: %s", segment, trouble)
            return None

    def of_all(self, segments: Iterable[SegmentId]) -> dict[SegmentId, Framed]:
        """Those of several, where there are any."""
        found = ((segment, self.of(segment)) for segment in segments)
        return {segment: framed for segment, framed in found if framed is not None}

    def ready(self, kept: Kept) -> Framed:
        """Frames of this model as they are compared."""
        return Framed(unit(kept.states - self.common(kept.values.shape[1])), kept.seconds(), 1 / kept.rate)

    def common(self, width: int) -> F32:
        """The mean of all frames, from some segments spread over the fieldbook; made anew when it has grown much. Zeros while there are none."""
        newest = self._store.reader().execute("SELECT max(pk) FROM frames").fetchone()[0] or 0
        if self._common is None or newest > GROWTH * self._known:
            self._common, self._known = self._mean(width), newest
        return self._common

    def _mean(self, width: int) -> F32:
        total, count = np.zeros(width, np.float64), 0
        for segment in self._some():
            try:
                stored = vectors.frames(self._store.reader(), self.space, segment) if self.space else None
                states = unpack(stored.data).states if stored is not None else np.zeros((0, width), np.float32)
            except Damaged:
                continue
            if states.shape[1] == width:
                total += states.sum(axis=0, dtype=np.float64)
                count += len(states)
        return (total / max(count, 1)).astype(np.float32)

    def _some(self) -> list[SegmentId]:
        if self.space is None:
            return []
        db = self._store.reader()
        numbers = [row[0] for row in db.execute("SELECT pk FROM frames WHERE space = ?", (self.space.id,))]
        some = numbers[:: max(1, len(numbers) // COMMON_OF)]
        return [SegmentId(row[0]) for row in db.execute("SELECT segment FROM json_each(?) AS c JOIN frames f ON f.pk = c.value", (json.dumps(some),))]

    def _raw_of(self, space: Space) -> Space | None:
        same = spaces.spaces(self._store.reader(), "meaning", space.model)
        return next((raw for raw in same if raw.layer == space.layer and not raw.head), None)
