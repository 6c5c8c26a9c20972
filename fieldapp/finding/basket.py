"""What of a basket may be shown: consent decides as it does for every search. Reads only, on any thread."""

from __future__ import annotations

import sqlite3

from fieldapp.finding.question import Match
from fieldapp.model import Query
from fieldapp.store import saved
from fieldapp.store.details import hits_of
from fieldapp.store.segment_filter import narrowed, passing


def collected(db: sqlite3.Connection, name: str) -> tuple[tuple[Match, ...], int]:
    """The segments in a basket in the order in which they came, and how many more are in it that are held back or were rejected."""
    inside = saved.basket(db, name)
    shown = passing(db, narrowed(db, Query()), inside)
    details = hits_of(db, shown)
    return tuple(Match(hit=details[segment], reasons=()) for segment in inside if segment in details), len(inside) - len(shown)
