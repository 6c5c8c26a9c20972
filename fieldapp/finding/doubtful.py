"""Which drafts a person should look at first: those about which the machine, other takes and near segments disagree. Any thread.

Each of the three says how doubtful a draft is, from 0 to 1; together they say it as if they knew nothing of each other. Near segments
speak only when at least two of them, confirmed and of the same variety, say the same: then they are one word, and the draft another.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from fieldapp.errors import NotThere
from fieldapp.finding.finder import Finder
from fieldapp.finding.modes import ask
from fieldapp.finding.question import Question
from fieldapp.lab.wording import edits
from fieldapp.model import Query, SegmentId
from fieldapp.store.fold import fold

TIER = "transcription"
MACHINE, TAKES, NEIGHBOURS = "machine", "takes", "neighbours"
UNKNOWN = 0.3
"""How doubtful a draft is whose writer did not say how sure it was."""
ALIKE = 0.25
"""Texts that differ in no larger share of their letters say the same."""
LOOKED_AT = 2000
COMPARED = 100
NEAR = 12
_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Worth:
    """A draft and how doubtful each of the three finds it; None where one has nothing to say."""

    segment: SegmentId
    text: str
    machine: float = UNKNOWN
    takes: float | None = None
    neighbours: float | None = None

    @property
    def score(self) -> float:
        """How likely it has to be corrected."""
        sure = 1.0
        for doubt in (self.machine, self.takes, self.neighbours):
            sure *= 1.0 - (doubt or 0.0)
        return 1.0 - sure

    @property
    def why(self) -> str:
        """Who doubts it most."""
        doubts = {NEIGHBOURS: self.neighbours or 0.0, TAKES: self.takes or 0.0, MACHINE: self.machine}
        return max(doubts, key=lambda name: doubts[name])


@lru_cache(20_000)
def difference(one: str, other: str) -> float:
    """The share of letters that differ, whatever is folded in every search."""
    left, right = fold(one)[:_LETTERS], fold(other)[:_LETTERS]
    longest = max(len(left), len(right))
    return min(1.0, edits(left, right) / longest) if longest else 0.0


def against_takes(text: str, takes: Sequence[str]) -> float | None:
    """How far a draft is from the take that is nearest to it."""
    return min((difference(text, other) for other in takes), default=None)


def against_neighbours(text: str, near: Sequence[str]) -> float | None:
    """How far a draft is from what the nearest segments say, where two of the nearest three agree; `near` has their texts, the nearest first."""
    for number, said in enumerate(near[:3]):
        if any(difference(said, other) <= ALIKE for other in near[number + 1 : 3]):
            return difference(text, said)
    return None


def by_words(db: sqlite3.Connection) -> list[Worth]:
    """Every draft that is looked at, by the machine's certainty and other takes of the same prompt."""
    found = {row[0]: row for query in (_UNSURE, _WITH_TAKES) for row in db.execute(query, (TIER, LOOKED_AT))}
    takes = _takes(db, {row[1] for row in found.values() if row[1]})
    return [
        Worth(segment, text, UNKNOWN if sure is None else 1.0 - sure, against_takes(text, _others(takes.get(item, ()), segment, speaker, variety)))
        for segment, item, speaker, variety, text, sure in found.values()
    ]


def by_neighbours(finder: Finder, worth: Iterable[Worth], go_on: Callable[[], None] = lambda: None) -> list[Worth]:
    """The same with what near segments say about the most doubtful. `go_on` is called between two and may raise."""
    ordered = most_doubtful(worth)
    heard = []
    for one in ordered[:COMPARED]:
        go_on()
        heard.append(replace(one, neighbours=against_neighbours(one.text, _near(finder, one.segment))))
    return most_doubtful([*heard, *ordered[COMPARED:]])


def most_doubtful(worth: Iterable[Worth]) -> list[Worth]:
    """The most doubtful first; the order of equals is always the same."""
    return sorted(worth, key=lambda one: (-one.score, one.segment))


_COLUMNS = (
    "SELECT s.id, s.item, s.speaker, s.variety, a.text, a.confidence FROM segment s JOIN annotation a ON a.segment = s.id AND a.tier = ? "
    "AND a.state = 'draft' AND trim(a.text) <> '' WHERE s.state IN ('pending', 'draft')"
)
_UNSURE = f"{_COLUMNS} ORDER BY a.confidence IS NULL, a.confidence LIMIT ?"
_WITH_TAKES = f"{_COLUMNS} AND s.item IN (SELECT item FROM segment WHERE item IS NOT NULL GROUP BY item HAVING count(*) > 1) LIMIT ?"  # noqa: S608  (own words)
_Take = tuple[str, str | None, str | None, str, str]


def _takes(db: sqlite3.Connection, items: set[str]) -> Mapping[str, Sequence[_Take]]:
    rows = db.execute(
        "SELECT s.item, s.id, s.speaker, s.variety, a.text, a.state FROM segment s JOIN annotation a ON a.segment = s.id AND a.tier = ? "
        "WHERE s.state <> 'rejected' AND trim(a.text) <> '' AND s.item IN (SELECT value FROM json_each(?))",
        (TIER, json.dumps(sorted(items))),
    )
    found: dict[str, list[_Take]] = defaultdict(list)
    for item, *take in rows:
        found[item].append((take[0], take[1], take[2], take[3], take[4]))
    return found


def _others(takes: Sequence[_Take], segment: str, speaker: str | None, variety: str | None) -> list[str]:
    """What to compare with: the speaker's own other takes, confirmed ones if there are any, else what others of the variety were confirmed to say."""
    own = [take for take in takes if take[0] != segment and take[1] == speaker]
    told = [take for take in own if take[4] == "confirmed"] or own
    told = told or [take for take in takes if take[0] != segment and take[2] == variety and take[4] == "confirmed"]
    return [take[3] for take in told]


def _near(finder: Finder, segment: SegmentId) -> list[str]:
    """Confirmed texts of the nearest segments of the same variety, the nearest first."""
    try:
        matches = ask(finder, Question(query=Query(mode="meaning", limit=NEAR), like=segment)).matches
    except NotThere:  # it was not embedded
        return []
    db = finder.store.reader()
    rows = db.execute(
        "SELECT s.id, a.text FROM segment s JOIN annotation a ON a.segment = s.id AND a.tier = ? AND a.state = 'confirmed' "
        "WHERE s.variety IS (SELECT variety FROM segment WHERE id = ?) AND s.id IN (SELECT value FROM json_each(?))",
        (TIER, segment, json.dumps([match.hit.segment for match in matches if match.hit.segment != segment])),
    )
    told = dict(tuple(row) for row in rows)
    return [told[match.hit.segment] for match in matches if match.hit.segment in told]
