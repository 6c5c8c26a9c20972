"""The filters of a query as an SQL condition over segments: speaker, variety, session, date, tier, checked, consent. Reads only, on any thread.

Word search has the same filters as tokens of its index (`word_filter.py`); this form is for segments that are found by their vectors.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from fieldapp.model import Query, SegmentId
from fieldapp.store.consent_filter import condition
from fieldapp.store.word_filter import named

JOINS = "JOIN recording AS r ON r.id = s.recording JOIN session AS n ON n.id = r.session"
"""What the conditions name beside the segment `s`."""
_LISTED = "(SELECT value FROM json_each(?))"
_SPEAKER = f"s.speaker IN (SELECT id FROM person WHERE pk IN {_LISTED})"  # noqa: S608  (our own text)
_VARIETY = f"COALESCE(s.variety, n.variety) IN (SELECT id FROM variety WHERE pk IN {_LISTED})"  # noqa: S608  (our own text)
_SESSION = f"n.pk IN {_LISTED}"
_SINCE = "(n.date <> '' AND n.date >= ?)"
_UNTIL = "(n.date <> '' AND (n.date <= ? OR substr(n.date, 1, length(?)) = ?))"
_EVERYBODY = "1"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a query lets through. `chosen` says that a person narrowed it, beyond what consent asks."""

    sql: str
    parameters: tuple[str, ...]
    chosen: bool

    @property
    def everything(self) -> bool:
        """Whether every segment passes but those that were rejected."""
        return not self.chosen and not self.parameters and self.sql == _EVERYBODY


def narrowed(db: sqlite3.Connection, query: Query) -> Narrowed:
    """The filters of a query in this fieldbook; a name that is not in it is a sentence, not an empty answer."""
    consent = condition(db, query.purpose, segment="s")
    wheres, parameters = [consent.sql], list(consent.parameters)
    for kind, names, sql in (("speaker", query.speakers, _SPEAKER), ("variety", query.varieties, _VARIETY), ("session", query.sessions, _SESSION)):
        if names:
            wheres.append(sql)
            parameters.append(json.dumps([pk for name in names for pk in named(db, kind, name)]))
    if query.since:
        wheres.append(_SINCE)
        parameters.append(query.since)
    if query.until:
        wheres.append(_UNTIL)
        parameters += [query.until] * 3
    if query.tiers or query.checked_only:
        tier = f" AND a.tier IN {_LISTED}" if query.tiers else ""
        checked = " AND a.state = 'confirmed'" if query.checked_only else ""
        wheres.append(f"EXISTS (SELECT 1 FROM annotation a WHERE a.segment = s.id{tier}{checked})")  # noqa: S608  (our own text)
        parameters += [json.dumps(query.tiers)] * bool(query.tiers)
    return Narrowed(" AND ".join(wheres), tuple(parameters), len(wheres) > 1)


def passing(db: sqlite3.Connection, narrow: Narrowed, among: Iterable[SegmentId]) -> set[SegmentId]:
    """Those of some segments that pass; rejected ones and such as are gone never do."""
    sql = f"SELECT s.id FROM json_each(?) AS chosen JOIN segment AS s ON s.id = chosen.value {JOINS} WHERE s.state <> 'rejected' AND {narrow.sql}"  # noqa: S608
    return {SegmentId(row[0]) for row in db.execute(sql, (json.dumps(list(among)), *narrow.parameters))}
