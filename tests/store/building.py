"""What a fieldbook in a test is filled with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Space, Span, new_id
from fieldapp.store import segments, sessions, spaces, vectors
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction


def make_master(store: Store) -> RecordingId:
    """A session with one recording of ten seconds (no sound file is made)."""

    def work(tx: Transaction) -> RecordingId:
        session = sessions.ensure_session(tx, "suzhou3")
        made = Recording(id=RecordingId(new_id()), session=session.id, path="audio/suzhou3.wav", rate=48000, channels=1, bits=24, frames=480000)
        sessions.add_recording(tx, made)
        return made.id

    return store.do(work)


def make_segment(master: RecordingId, start: int, stop: int, **more: object) -> Segment:
    """A segment value; nothing is written."""
    return Segment(id=SegmentId(new_id()), recording=master, span=Span(start, stop), **more)  # type: ignore[arg-type]


def make_space(store: Store, model: str = "synthetic", dims: int = 8) -> Space:
    """A meaning space, made where it is missing."""
    return store.do(lambda tx: spaces.ensure_space(tx, kind="meaning", model=model, dims=dims))


def fill_space(store: Store, master: RecordingId, count: int, *, seed: int = 0, dims: int = 8) -> tuple[Space, list[SegmentId], NDArray[np.float32]]:
    """New segments with a random vector each in the synthetic space."""
    matrix = np.random.default_rng(seed).standard_normal((count, dims)).astype(np.float32)
    return *put_matrix(store, master, matrix), matrix


def put_matrix(store: Store, master: RecordingId, matrix: NDArray[np.float32]) -> tuple[Space, list[SegmentId]]:
    """New segments with these vectors in the synthetic space."""
    space = make_space(store, dims=matrix.shape[1])
    made = [make_segment(master, 10 * place, 10 * place + 10) for place in range(len(matrix))]

    def work(tx: Transaction) -> None:
        segments.add_segments(tx, made)
        vectors.put_vectors(tx, space, zip([segment.id for segment in made], matrix))

    store.do(work)
    return space, [segment.id for segment in made]


def numbers_of(store: Store, identities: list[SegmentId]) -> NDArray[np.int64]:
    """The row numbers of segments."""
    marks = ", ".join("?" * len(identities))
    return np.array([row[0] for row in store.reader().execute(f"SELECT pk FROM segment WHERE id IN ({marks})", identities)], np.int64)
