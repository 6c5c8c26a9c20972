"""The filters of a word query as part of the index expression: tier, speaker, variety, session, date, checked, consent.

Everything a filter can name is a token of the text in the index, so a rare speaker among a million common words costs
no more than the speaker's own rows. Reads only, on any thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fieldapp.errors import NotThere
from fieldapp.model import Query
from fieldapp.store.consent_filter import Condition, condition
from fieldapp.store.grams import any_of, tag

_LETTERS = {"speaker": "s", "variety": "v", "session": "n"}
_NAMED = {
    "speaker": ("SELECT pk FROM person WHERE id = :name OR code = :name COLLATE NOCASE", "SELECT code FROM person ORDER BY code LIMIT 8"),
    "variety": (
        "SELECT pk FROM variety WHERE :name IN (id, iso639_3, glottocode) OR name = :name COLLATE NOCASE",
        "SELECT name FROM variety ORDER BY name LIMIT 8",
    ),
    "session": ("SELECT pk FROM session WHERE id = :name OR name = :name COLLATE NOCASE", "SELECT name FROM session ORDER BY date DESC, name LIMIT 8"),
}
_WITHIN_DATES = """SELECT pk, date, date <> '' AND (:since = '' OR date >= :since)
  AND (:until = '' OR date <= :until OR substr(date, 1, length(:until)) = :until) FROM session"""


@dataclass(slots=True)
class Filter:
    """`narrow` puts it into an index expression; `allowed` is left for SQL, over the alias `s` of the segment table."""

    allowed: Condition
    needed: list[str] = field(default_factory=list)
    barred: list[str] = field(default_factory=list)
    impossible: bool = False

    def narrow(self, expression: str) -> str:
        """The expression, true only for texts that pass."""
        needed = " AND ".join((expression, *self.needed))
        return f"({needed}) NOT {any_of(self.barred)}" if self.barred else needed

    def choose(self, tags: Iterable[tuple[str, bool]]) -> None:
        """Keep the texts with the tags that are marked, by naming these or the others, whichever are fewer."""
        wanted: list[str] = []
        others: list[str] = []
        for name, yes in tags:
            (wanted if yes else others).append(name)
        if not wanted:
            self.impossible = True
        elif len(others) <= len(wanted):
            self.barred += others
        else:
            self.needed.append(any_of(wanted))


def filter_of(db: sqlite3.Connection, query: Query) -> Filter:
    """What the query's filters ask in this fieldbook; a name that is not in it is a sentence, not an empty answer."""
    made = Filter(condition(db, query.purpose, segment="s"))
    for kind, names in (("speaker", query.speakers), ("variety", query.varieties), ("session", query.sessions)):
        if names:
            made.needed.append(any_of([tag(_LETTERS[kind], pk) for name in names for pk in named(db, kind, name)]))
    if query.tiers:
        made.needed.append(any_of([tag("k", tier) for tier in query.tiers]))
    if query.checked_only:
        made.needed.append("c")
    if query.since or query.until:
        days = {"since": query.since, "until": query.until}
        made.choose(_times([tuple(row) for row in db.execute(_WITHIN_DATES, days)]))
    if made.allowed.sql != "1" and db.execute("SELECT 1 FROM consent WHERE segment IS NOT NULL").fetchone() is None:
        made.choose(_speakers_allowed(db, made.allowed))
    return made


def named(db: sqlite3.Connection, kind: str, name: str) -> list[int]:
    """The row numbers of the speaker, variety or session with this name, code or id; who is not there is a sentence."""
    find, known = _NAMED[kind]
    found = [int(row[0]) for row in db.execute(find, {"name": name})]
    if not found:
        names = ", ".join(row[0] for row in db.execute(known))
        raise NotThere(f"There is no {kind} '{name}' in this fieldbook.", f"Some that are: {names}." if names else f"It names no {kind} yet.")
    return found


def _times(sessions: Sequence[tuple[int, str, int]]) -> Iterator[tuple[str, bool]]:
    """Years that are within the dates or without as a whole, else months, else sessions, each as one tag."""
    by_year: dict[str, list[tuple[int, str, int]]] = {}
    by_month: dict[str, list[tuple[int, str, int]]] = {}
    for session in sessions:
        by_year.setdefault(session[1][:4], []).append(session)
    for year, inside in by_year.items():
        if len({yes for _, _, yes in inside}) == 1:
            yield "y" + year.encode().hex(), bool(inside[0][2])
            continue
        for session in inside:
            by_month.setdefault(session[1][:7], []).append(session)
    for month, inside in by_month.items():
        if len({yes for _, _, yes in inside}) == 1:
            yield "m" + month.encode().hex(), bool(inside[0][2])
        else:
            yield from ((tag("n", pk), bool(yes)) for pk, _, yes in inside)


def _speakers_allowed(db: sqlite3.Connection, allowed: Condition) -> list[tuple[str, bool]]:
    """What consent says about each speaker (and about nobody named) where nothing is said about single segments."""
    sql = f"SELECT s.pk, {allowed.sql} FROM (SELECT pk, '' AS id, id AS speaker FROM person UNION ALL SELECT 0, '', NULL) AS s"  # noqa: S608  (our own condition)
    return [(tag("s", pk), bool(yes)) for pk, yes in db.execute(sql, allowed.parameters)]
