"""One fieldbook, ready to be asked: finds the right spaces, keeps heads and calibrations, turns near vectors into matches. Any thread.

`modes.py` lists the ways to look, `look.py` is one question on its way. Made once for an open fieldbook, it answers the second question faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from fieldapp.errors import NotThere
from fieldapp.finding import calibration
from fieldapp.finding.calibration import Calibration
from fieldapp.finding.frames import Frames
from fieldapp.finding.question import Question
from fieldapp.finding.voice import Heard
from fieldapp.model import Space
from fieldapp.speech import heads
from fieldapp.speech.embed import F32, unit
from fieldapp.speech.heads import Head
from fieldapp.store import spaces, vectors
from fieldapp.store.index import GRAPH_FROM, VectorIndex
from fieldapp.store.store import Store

KEPT_SECONDS, KEPT_TIMES = 600.0, 200
"""A calibration is used for ten minutes, or two hundred times as long as it took."""
AGAIN_SECONDS = 30.0
"""One for which there were too few pairs is tried again so soon."""


@dataclass(frozen=True, slots=True)
class TextSide:
    """How typed text becomes a vector: the encoder, as spaces and heads name it, and its work."""

    model: str
    encode: Callable[[Sequence[str]], F32]


class Finder:
    """What every way of looking needs. A context manager; `close` when the fieldbook is closed.

    With `background` the index is built and loaded beside the searches, a graph from `graph_from` vectors on; a command that asks once does without.
    """

    def __init__(self, store: Store, text_side: TextSide | None = None, *, graph_from: int = GRAPH_FROM, background: bool = True) -> None:
        self.store = store
        self.text_side = text_side
        self.index = VectorIndex(store, graph_from=graph_from, background=background)
        self._heads: dict[str, Head | None] = {}
        self._frames: dict[tuple[str, int], Frames] = {}
        self._calibrations: dict[tuple[str, str], tuple[Calibration, float]] = {}

    def close(self) -> None:
        """Let go of the index; before the fieldbook is closed."""
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- spaces and vectors ---

    def space(self, kind: str, heard: Heard | None = None) -> Space | None:
        """Where to look for meaning or sound: the newest space, or that of the model which heard the query."""
        if heard is None:
            return spaces.space_to_search(self.store.reader(), kind)
        found = [space for space in spaces.spaces(self.store.reader(), kind, heard.model) if space.layer == heard.layer]
        best = spaces.space_to_search(self.store.reader(), kind, heard.model)
        return best if best in found else next((space for space in reversed(found) if vectors.counted(self.store.reader(), space)), None)

    def reached_by_text(self) -> Space | None:
        """The newest space of sound that typed text can be compared with directly: its head was trained towards our text encoder."""
        if self.text_side is None:
            return None
        headed = [space for space in spaces.spaces(self.store.reader(), "meaning") if space.head and vectors.counted(self.store.reader(), space)]
        return next((space for space in reversed(headed) if (head := self.head(space)) and head.text_model == self.text_side.model), None)

    def text_spaces(self, tiers: Sequence[str] = ()) -> list[Space]:
        """The spaces of texts that the text encoder made, those of some tiers or all."""
        if self.text_side is None:
            return []
        found = [space for space in spaces.spaces(self.store.reader(), "", self.text_side.model) if space.kind.startswith("text:")]
        return [space for space in found if not tiers or space.kind.removeprefix("text:") in tiers]

    def head(self, space: Space) -> Head | None:
        """What makes the vectors of a space out of raw ones; None where they are raw."""
        if space.id not in self._heads:
            data = spaces.head_of(self.store.reader(), space.id)
            self._heads[space.id] = heads.from_bytes(data) if data else None
        return self._heads[space.id]

    def through_head(self, space: Space, raw: F32) -> F32:
        """A raw vector of the space's model, as the space knows it."""
        head = self.head(space)
        return unit(head(raw) if head else raw)

    def text_in(self, space: Space, texts: F32) -> F32:
        """Vectors of the text encoder as a space of sound knows them."""
        head = self.head(space)
        return head.of_texts(texts) if head else texts

    def vector(self, space: Space, question: Question) -> F32:
        """The query in a space of sound or meaning: heard just now, or a stored segment's own."""
        if question.heard is not None:
            return self.through_head(space, question.heard.embedded.sound if space.kind == "sound" else question.heard.embedded.meaning)
        stored = vectors.vector(self.store.reader(), space, question.like or "")
        if stored is None:
            raise NotThere(f"The segment {question.like} has no vector in the space that is searched.", "Make it with: fieldapp embed DIR")
        return unit(stored)

    def frames(self, space: Space) -> Frames:
        """The frames of the model a space belongs to."""
        key = (space.model, space.layer)
        if key not in self._frames:
            self._frames[key] = Frames(self.store, space)
        return self._frames[key]

    # --- what a similarity is worth ---

    @property
    def uncalibrated(self) -> Calibration:
        """No pairs at all."""
        return Calibration(np.zeros(0, np.float32), np.zeros(0, np.bool_))

    def calibration(self, one: Space, other: Space | None = None) -> Calibration:
        """Of cosines within a space, or between the vectors of two."""

        def compute() -> Calibration:
            db = self.store.reader()
            ours = calibration.labelled(db, one)
            left = unit(calibration.vectors_of(db, one, ours.segments))
            if other is None:
                return calibration.calibrate(left @ left.T, ours, below=calibration.SAME_TEXT if one.kind.startswith("text:") else np.inf)
            theirs = calibration.labelled(db, other)
            left = self.text_in(other, left)
            return calibration.calibrate(left @ unit(calibration.vectors_of(db, other, theirs.segments)).T, ours, theirs)

        return self.kept((one.id, other.id if other is not None else ""), compute)

    def kept(self, key: tuple[str, str], compute: Callable[[], Calibration]) -> Calibration:
        """A calibration, made anew after a while: labels come and go, but not so fast that every question has to count them."""
        now = time.monotonic()
        made, until = self._calibrations.get(key, (None, 0.0))
        if made is None or now > until:
            made = compute()
            spent = time.monotonic() - now
            self._calibrations[key] = made, time.monotonic() + max(KEPT_SECONDS if made.ready else AGAIN_SECONDS, KEPT_TIMES * spent)
        return made
