"""What a fieldbook in a test is filled with."""

from __future__ import annotations

from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.store import sessions
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
