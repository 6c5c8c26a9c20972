"""The rules of consent.py as an SQL condition, for search and export over many segments at once. Runs on any thread.

What was said is boiled down to short lists first (few people, few exceptions); per segment only a look-up is left.
A property test holds both forms against each other.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from fieldapp.model import PersonId
from fieldapp.store.consent import ANYONE, ANYTHING, LOCAL_PURPOSES
from fieldapp.store.rows import utc_now

_LAST_WORDS = """
WITH reaching AS (
  SELECT *, audience IN (:anyone, :audience) AS reaches, withdrawn IS NOT NULL AND withdrawn <= :at AS taken_back,
         until IS NOT NULL AND substr(:at, 1, length(until)) > until AS over
  FROM consent WHERE purpose IN (:purpose, :anything) AND given <= :at),
words AS (
  SELECT person, segment, given AS said, 1 AS yes FROM reaching WHERE allowed AND reaches
  UNION ALL SELECT person, segment, until || '~', 0 FROM reaching WHERE allowed AND reaches AND over
  UNION ALL SELECT person, segment, withdrawn, 0 FROM reaching WHERE allowed AND taken_back AND (reaches OR :audience = :anyone)
  UNION ALL SELECT person, segment, given, 0 FROM reaching WHERE NOT allowed AND (reaches OR :audience = :anyone) AND NOT taken_back AND NOT over),
ranked AS (SELECT *, row_number() OVER (PARTITION BY person, segment ORDER BY said DESC, yes) AS place FROM words)
SELECT r.person, r.segment, r.said, r.yes, s.speaker FROM ranked r LEFT JOIN segment s ON s.id = r.segment WHERE place = 1
"""

_LISTED = "(SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL for a WHERE clause, with `?` for each of `parameters`."""

    sql: str
    parameters: tuple[str, ...]


def condition(db: sqlite3.Connection, purpose: str, audience: str = ANYONE, at: str = "", *, segment: str = "segment") -> Condition:
    """True for the rows of the table (or alias) `segment` that may be used; made for this moment, not to be kept."""
    names = {"purpose": purpose, "audience": audience, "at": at or utc_now(), "anything": ANYTHING, "anyone": ANYONE}
    words = db.execute(_LAST_WORDS, names).fetchall()
    general = {row["person"]: (row["said"], bool(row["yes"])) for row in words if row["segment"] is None}
    by_default = purpose in LOCAL_PURPOSES
    exceptions = _exceptions([row for row in words if row["segment"] is not None], general, by_default)
    different = sorted(person for person, (_, yes) in general.items() if yes != by_default)
    whens: list[str] = []
    parameters: list[str] = []
    for verdict in (True, False):
        listed = sorted(identity for identity, allowed in exceptions.items() if allowed == verdict)
        if listed:
            whens.append(f"WHEN {segment}.id IN {_LISTED} THEN {verdict:d}")
            parameters.append(json.dumps(listed))
    if different:
        whens.append(f"WHEN {segment}.speaker IN {_LISTED} THEN {not by_default:d}")
        parameters.append(json.dumps(different))
    if not by_default and (shown := _shown({person for person, (_, yes) in general.items() if yes}, db)):
        whens.append(f"WHEN {segment}.speaker IS NULL AND {segment}.recording IN (SELECT id FROM recording WHERE session IN {_LISTED}) THEN 1")  # noqa: S608
        parameters.append(json.dumps(shown))
    if not whens:
        return Condition(f"{by_default:d}", ())
    return Condition(f"(CASE {' '.join(whens)} ELSE {by_default:d} END)", tuple(parameters))


def people(db: sqlite3.Connection, purpose: str, audience: str = ANYONE, at: str = "") -> set[PersonId]:
    """Everybody whose general word allows it."""
    names = {"purpose": purpose, "audience": audience, "at": at or utc_now(), "anything": ANYTHING, "anyone": ANYONE}
    said = {row["person"]: bool(row["yes"]) for row in db.execute(_LAST_WORDS, names) if row["segment"] is None}
    return {PersonId(row["id"]) for row in db.execute("SELECT id FROM person") if said.get(row["id"], purpose in LOCAL_PURPOSES)}


def _shown(willing: set[str], db: sqlite3.Connection) -> list[str]:
    """The sessions in which somebody took part, and nobody who is not willing."""
    taking_part: dict[str, bool] = {}
    for row in db.execute("SELECT session, person FROM participation") if willing else ():
        taking_part[row["session"]] = taking_part.get(row["session"], True) and row["person"] in willing
    return sorted(session for session, every in taking_part.items() if every)


def _exceptions(rows: list[sqlite3.Row], general: dict[str, tuple[str, bool]], by_default: bool) -> dict[str, bool]:
    """The verdict for each segment that somebody spoke about in particular."""
    about: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        about.setdefault(row["segment"], []).append(row)
    verdicts: dict[str, bool] = {}
    for identity, said in about.items():
        speaker = said[0]["speaker"]
        others = [row for row in said if row["person"] != speaker]
        own = next((row for row in said if row["person"] == speaker), None)
        when, in_general = general.get(speaker, ("", by_default)) if speaker else ("", by_default)
        if any(not row["yes"] for row in others):
            verdicts[identity] = False
        elif own is not None:
            verdicts[identity] = bool(own["yes"]) and not (speaker in general and not in_general and when > own["said"])
        else:
            verdicts[identity] = in_general or (speaker is None and bool(others))
    return verdicts
