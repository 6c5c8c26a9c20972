"""After the recording: answers that sounded like another item than the one shown, and what a person decides about them.

The radar noted each as an event while it was recorded (see `finding/live.py`). Reads on any thread, writes on `db-writer`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fieldapp.elicitation.events import DOUBT, DOUBT_DISMISSED
from fieldapp.model import Event, EventId, Segment, SegmentId, new_id
from fieldapp.store import segments, sessions
from fieldapp.store.rows import EVENT, SEGMENT
from fieldapp.store.transaction import Transaction

WAS = "meaning_was"
"""The key in a segment's metadata under which the meaning stands that was shown."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """One answer nobody has decided about: the meaning that was shown, and the one it sounded like."""

    event: Event
    segment: Segment
    shown: str
    heard: str


def doubts(db: sqlite3.Connection) -> list[Doubted]:
    """All that are open, in the order in which they were recorded."""
    found: dict[SegmentId, Doubted] = {}
    dismissed = {_about(event) for event in EVENT.each(db, "kind = ?", DOUBT_DISMISSED)}
    for event in EVENT.each(db, "kind = ? ORDER BY recording, frame, pk", DOUBT):
        shown, heard = (str(event.value.get(name, "")) for name in ("shown", "heard"))
        segment = next(_meant(db, event), None) if shown and heard and _about(event) not in dismissed else None
        if segment is not None and segment.meaning_id == shown and segment.state != "rejected":
            found[segment.id] = Doubted(event, segment, shown, heard)
    return list(found.values())


def relabel(tx: Transaction, doubted: Doubted) -> None:
    """It is what it sounded like: the segment gets that meaning, and its prompt where the same list has one."""
    now = segments.segment(tx.db, doubted.segment.id)
    item = tx.db.execute(
        "SELECT other.id FROM item mine JOIN item other ON other.promptlist = mine.promptlist AND other.meaning_id = ? WHERE mine.id = ? "
        "ORDER BY other.position",
        (doubted.heard, now.item),
    ).fetchone()
    identity = item["id"] if item else None
    takes = [take for take in segments.takes(tx.db, identity) if take.speaker == now.speaker] if identity else []
    segments.update_segment(
        tx,
        replace(
            now,
            meaning_id=doubted.heard,
            item=identity,
            take=max((take.take for take in takes), default=0) + 1,
            best=now.best and not any(take.best for take in takes),
            metadata={**now.metadata, WAS: doubted.shown},
        ),
    )


def dismiss(tx: Transaction, doubted: Doubted) -> None:
    """It is what was shown; noted, so that nobody is asked again."""
    sessions.add_events(tx, [replace(doubted.event, id=EventId(new_id()), kind=DOUBT_DISMISSED)])


def _about(event: Event) -> str:
    return json.dumps([event.recording, event.item, str(event.value.get("segment", "")), str(event.value.get("heard", ""))])


def _meant(db: sqlite3.Connection, event: Event) -> Iterator[Segment]:
    """The segment that was heard, or the take it became part of when the session was closed."""
    yield from SEGMENT.each(db, "id = ?", str(event.value.get("segment", "")))
    yield from SEGMENT.each(
        db, "recording = ? AND item IS ? AND start < ? AND stop >= ? ORDER BY start DESC", event.recording, event.item, event.frame, event.frame
    )
    yield from SEGMENT.each(db, "recording = ? AND item IS ? AND start < ? ORDER BY start DESC", event.recording, event.item, event.frame)
