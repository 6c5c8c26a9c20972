"""Segments as hits: where they lie, who speaks, and the text that says best what they are. Reads only, on any thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from fieldapp.model import Hit, RecordingId, SegmentId, SpaceId, Span

_SEGMENTS = """
SELECT s.id, s.recording, s.start, s.stop, s.meaning_id, s.state, r.rate, r.path, n.name AS session,
       COALESCE(p.code, '') AS speaker, COALESCE(v.name, '') AS variety
FROM json_each(?) AS chosen JOIN segment s ON s.id = chosen.value
JOIN recording r ON r.id = s.recording JOIN session n ON n.id = r.session
LEFT JOIN person p ON p.id = s.speaker LEFT JOIN variety v ON v.id = COALESCE(s.variety, n.variety)
"""
_TEXTS = """
SELECT a.segment, a.tier, a.text, a.state FROM json_each(?) AS chosen JOIN annotation a ON a.segment = chosen.value
WHERE trim(a.text) <> '' ORDER BY a.state = 'confirmed', a.pk DESC
"""
_SHOWN_FIRST = ("transcription", "translation", "gloss", "ipa")


def hits_of(db: sqlite3.Connection, identities: Iterable[SegmentId], tiers: Sequence[str] = (), *, space: SpaceId | None = None) -> dict[SegmentId, Hit]:
    """What is to be told of these segments. Those that were deleted meanwhile are left out; a tier that was asked for is shown first."""
    wanted = json.dumps(list(identities))
    texts: dict[str, dict[str, sqlite3.Row]] = {}
    for row in db.execute(_TEXTS, (wanted,)):
        texts.setdefault(row["segment"], {})[row["tier"]] = row  # the last one stays: confirmed, entered first
    order = (*tiers, *_SHOWN_FIRST)
    return {SegmentId(row["id"]): _hit(row, texts.get(row["id"], {}), order, space) for row in db.execute(_SEGMENTS, (wanted,))}


def _hit(row: sqlite3.Row, texts: dict[str, sqlite3.Row], order: Sequence[str], space: SpaceId | None) -> Hit:
    tier = next((tier for tier in order if tier in texts), next(iter(texts), ""))
    return Hit(
        segment=SegmentId(row["id"]),
        recording=RecordingId(row["recording"]),
        span=Span(row["start"], row["stop"]),
        rate=row["rate"],
        path=row["path"],
        tier=tier,
        text=texts[tier]["text"] if tier else "",
        speaker=row["speaker"],
        variety=row["variety"],
        session=row["session"],
        meaning_id=row["meaning_id"],
        state=texts[tier]["state"] if tier else row["state"],
        space=space,
    )
