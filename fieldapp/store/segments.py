"""Segments: add, change, split, merge, choose the best take, what is still pending. Writes on the `db-writer` thread, reads on any.

A segment whose span changes loses its vectors and frame caches: they describe other sound.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fieldapp.errors import WrongUsage
from fieldapp.model import Changed, Segment, SegmentId, Span, new_id
from fieldapp.store.rows import ANNOTATION, SEGMENT
from fieldapp.store.texts import texts
from fieldapp.store.transaction import Transaction


def add_segments(tx: Transaction, segments: Iterable[Segment]) -> None:
    """Add segments, one or a hundred thousand."""
    SEGMENT.insert(tx, segments)


def update_segment(tx: Transaction, segment: Segment) -> None:
    """Replace the segment with this id."""
    before = SEGMENT.get(tx.db, segment.id)
    SEGMENT.update(tx, segment)
    if (before.recording, before.span) != (segment.recording, segment.span):
        _forget_sound(tx, segment.id)


def delete_segments(tx: Transaction, identities: Iterable[SegmentId]) -> None:
    """Delete segments with their texts, vectors and caches; the sound stays in the master."""
    for identity in identities:
        SEGMENT.delete(tx, identity)
    tx.touch(Changed.ANNOTATIONS | Changed.VECTORS)


def split_segment(tx: Transaction, identity: SegmentId, frame: int) -> tuple[Segment, Segment]:
    """Cut a segment in two at a frame of the master. The texts stay with the first half, where a person can move them."""
    whole = SEGMENT.get(tx.db, identity)
    if not whole.span.start < frame < whole.span.stop:
        raise WrongUsage("A segment can only be split inside its own span.", "Place the cursor between its edges.")
    first = replace(whole, span=Span(whole.span.start, frame))
    second = replace(whole, id=SegmentId(new_id()), span=Span(frame, whole.span.stop), best=False)
    update_segment(tx, first)
    SEGMENT.insert(tx, [second])
    return first, second


def merge_segments(tx: Transaction, identities: Sequence[SegmentId]) -> Segment:
    """Join neighbours into the earliest of them: one span over all, texts of the same tier joined in order of time."""
    found = sorted((SEGMENT.get(tx.db, identity) for identity in dict.fromkeys(identities)), key=lambda segment: (segment.span.start, segment.id))
    if len(found) < 2 or len({(segment.recording, segment.speaker) for segment in found}) != 1:
        raise WrongUsage("Only segments of one recording and one speaker can be merged.", "Choose at least two.")
    joined = replace(found[0], span=Span(found[0].span.start, max(segment.span.stop for segment in found)), best=any(segment.best for segment in found))
    for later in found[1:]:
        _join_texts(tx, joined.id, later.id)
        SEGMENT.delete(tx, later.id)
    update_segment(tx, joined)
    tx.touch(Changed.ANNOTATIONS | Changed.VECTORS)
    return joined


def set_best(tx: Transaction, identity: SegmentId) -> None:
    """Make this the best take; the other takes of the same speaker and prompt in the session stop being it."""
    chosen = SEGMENT.get(tx.db, identity)
    tx.db.execute(
        "UPDATE segment SET best = 0 WHERE best AND item IS ? AND speaker IS ? AND meaning_id = ? AND id <> ? AND recording IN "
        "(SELECT other.id FROM recording other JOIN recording mine ON mine.session = other.session WHERE mine.id = ?)",
        (chosen.item, chosen.speaker, chosen.meaning_id, chosen.id, chosen.recording),
    )
    SEGMENT.update(tx, replace(chosen, best=True))


def segment(db: sqlite3.Connection, identity: str) -> Segment:
    """The segment with this id."""
    return SEGMENT.get(db, identity)


def segments(db: sqlite3.Connection, recording: str, within: Span | None = None) -> list[Segment]:
    """The segments of a master in order of time, or those that share a frame with `within`."""
    if within is None:
        return list(SEGMENT.each(db, "recording = ? ORDER BY start, stop", recording))
    return list(SEGMENT.each(db, "recording = ? AND start < ? AND stop > ? ORDER BY start, stop", recording, within.stop, within.start))


def takes(db: sqlite3.Connection, item: str) -> list[Segment]:
    """Every take of a prompt, by speaker and take."""
    return list(SEGMENT.each(db, "item = ? ORDER BY speaker, take, pk", item))


def oral_annotations(db: sqlite3.Connection, identity: str) -> list[Segment]:
    """Careful respeakings and oral translations of a segment, by kind and take; `metadata["oral"]` says which kind one is."""
    return list(SEGMENT.each(db, "json_extract(metadata, '$.of') = ? ORDER BY json_extract(metadata, '$.oral'), take, pk", identity))


def pending(db: sqlite3.Connection, limit: int = 1000) -> list[Segment]:
    """What nobody and nothing has looked at yet, oldest first."""
    return list(SEGMENT.each(db, "state = 'pending' ORDER BY pk LIMIT ?", limit))


def states(db: sqlite3.Connection) -> Counter[str]:
    """How many segments are in which state."""
    return Counter({row[0]: row[1] for row in db.execute("SELECT state, count(*) FROM segment GROUP BY state")})


def _join_texts(tx: Transaction, first: SegmentId, second: SegmentId) -> None:
    mine = {(text.tier, text.language): text for text in texts(tx.db, first)}
    for text in texts(tx.db, second):
        before = mine.get((text.tier, text.language))
        if before is None:
            ANNOTATION.update(tx, replace(text, segment=first))
            continue
        state = "confirmed" if before.state == text.state == "confirmed" else "draft"
        joined = replace(before, text=f"{before.text} {text.text}".strip(), state=state, confidence=None)
        ANNOTATION.update(tx, joined)
        mine[text.tier, text.language] = joined


def _forget_sound(tx: Transaction, identity: SegmentId) -> None:
    gone = tx.db.execute("DELETE FROM vector WHERE segment = ?", (identity,)).rowcount
    gone += tx.db.execute("DELETE FROM frames WHERE segment = ?", (identity,)).rowcount
    if gone:
        tx.touch(Changed.VECTORS)
