"""Segments as hits: where they lie, who speaks, and the text that says best what they are. Reads only, on any thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

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
    texts: dict[str, dict[str, tuple[str, str]]] = {}
    for segment, tier, text, state in _plain(db, _TEXTS, wanted):
        texts.setdefault(segment, {})[tier] = (text, state)  # the last one stays: confirmed, entered first
    order = (*tiers, *_SHOWN_FIRST)
    return {SegmentId(row[0]): _hit(row, texts.get(row[0], {}), order, space) for row in _plain(db, _SEGMENTS, wanted)}


def _plain(db: sqlite3.Connection, sql: str, wanted: str) -> sqlite3.Cursor:
    """Rows without names, which are quicker to make."""
    found = db.execute(sql, (wanted,))
    found.row_factory = None
    return found


def _hit(row: tuple[Any, ...], texts: dict[str, tuple[str, str]], order: Sequence[str], space: SpaceId | None) -> Hit:
    segment, recording, start, stop, meaning_id, state, rate, path, session, speaker, variety = row
    tier = next((tier for tier in order if tier in texts), next(iter(texts), ""))
    text, state = texts.get(tier, ("", state))
    return Hit(
        segment=SegmentId(segment),
        recording=RecordingId(recording),
        span=Span(start, stop),
        rate=rate,
        path=path,
        tier=tier,
        text=text,
        speaker=speaker,
        variety=variety,
        session=session,
        meaning_id=meaning_id,
        state=state,
        space=space,
    )
