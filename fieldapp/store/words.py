"""Word search: what the user typed becomes phrases, the index names candidates, every candidate is compared in full.

Words apart by blanks must all occur in one text; a "quoted part" is one phrase; nothing else has a meaning. Best first: the
whole text, then whole words, then parts of words; confirmed before drafts; more of the text covered before less. Work is
bounded: of a common word only the first and the better kinds of matches are compared, and the total is honestly "more than".
Reads only, on any thread.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fieldapp.errors import WrongUsage
from fieldapp.model import Hit, Query, RecordingId, SegmentId, Span
from fieldapp.store import grams
from fieldapp.store.fold import FOLDS, fold, fold_with_spans, folds_for, joins, loose, merge_ranges
from fieldapp.store.word_filter import Filter, filter_of

POOL = 100  # segments compared and ranked for each kind of match (at least twice the limit)
LOOKED_AT = 5000  # candidates that are looked at for one kind of match before giving up
LONGEST_QUERY, MOST_TERMS = 5000, 32
WHOLE_TEXT, WHOLE_WORDS, WITHIN_WORDS, WITHIN_LETTERS = 3, 2, 1, 0
WHY = {WHOLE_TEXT: "whole text", WHOLE_WORDS: "whole words", WITHIN_WORDS: "within a word", WITHIN_LETTERS: "within a letter and its marks"}

_QUOTED_OR_WORD = re.compile(r'"([^"]+)"|“([^“”]+)”|(\S+)')
_DETAILS = """
SELECT a.pk, a.tier, a.text, a.state, s.id AS segment, s.recording, s.start, s.stop, s.meaning_id, r.rate, r.path,
       COALESCE(p.code, '') AS speaker, COALESCE(v.name, '') AS variety, n.name AS session
FROM json_each(?) AS chosen JOIN annotation a ON a.pk = chosen.value JOIN segment s ON s.id = a.segment
JOIN recording r ON r.id = s.recording JOIN session n ON n.id = r.session
LEFT JOIN person p ON p.id = s.speaker LEFT JOIN variety v ON v.id = COALESCE(s.variety, n.variety)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits, how many segments were found, and whether there are more than that."""

    hits: tuple[Hit, ...]
    total: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One phrase, folded as its comparison asks; `key` is what the index is asked for."""

    sought: str
    folds: frozenset[str]
    key: str

    @classmethod
    def of(cls, text: str, folds: frozenset[str]) -> Term:
        """A phrase as typed."""
        folds = folds_for(text, folds)
        sought = fold(text, folds)
        return cls(sought, folds, loose(text) if folds else sought)


@dataclass(frozen=True, slots=True)
class _Candidate:
    pk: int
    segment: int
    quality: int
    confirmed: bool
    covered: float

    def order(self) -> tuple[int, bool, float, int]:
        return -self.quality, not self.confirmed, -self.covered, self.pk


def find_words(db: sqlite3.Connection, query: Query) -> Found:
    """The texts that hold what was typed, best first, one for each segment."""
    unknown = query.fold - set(FOLDS)
    if unknown:
        raise WrongUsage(f"There is no folding called {', '.join(sorted(unknown))}.", f"There are: {', '.join(FOLDS)}.")
    terms = _terms(query)
    whole = Term.of(" ".join(query.text.replace('"', " ").split()), query.fold)
    narrow = filter_of(db, query)
    if narrow.impossible:
        return Found((), 0)
    best, more = _pool(db, query, terms, whole, narrow)
    ordered = sorted(best.values(), key=_Candidate.order)
    hits = tuple(_hits(db, ordered[: query.limit], terms))
    return Found(hits, len(ordered), more)


def _terms(query: Query) -> list[Term]:
    if len(query.text) > LONGEST_QUERY:
        raise WrongUsage(f"The query is {len(query.text)} characters long.", f"At most {LONGEST_QUERY} can be sought at once.")
    parts = list(dict.fromkeys(quoted or curly or word for quoted, curly, word in _QUOTED_OR_WORD.findall(query.text)))
    if len(parts) > MOST_TERMS:
        raise WrongUsage(f"The query has {len(parts)} words.", f'At most {MOST_TERMS} can be sought at once; a "quoted part" counts as one.')
    terms = [Term.of(part, query.fold) for part in parts]
    terms = [term for term in terms if term.sought.strip()]
    if not terms:
        raise WrongUsage("There is nothing to search for.", "Type a word, a part of one, or a single character.")
    if all(joins(letter) for term in terms for letter in term.sought):
        raise WrongUsage("A mark alone cannot be searched for.", "Type it together with the letter it stands on.")
    return terms


class _Pool:
    """The best candidate of each segment."""

    def __init__(self, db: sqlite3.Connection, terms: Sequence[Term], whole: Term) -> None:
        self.best: dict[int, _Candidate] = {}
        self._db, self._terms, self._whole = db, terms, whole
        self._seen: set[int] = set()

    def take(self, expression: str, narrow: Filter, room: int) -> bool:
        """Judge what the index names, for at most `room` more segments; False when something had to be left out."""
        full = len(self.best) + room
        for looked_at, (pk, segment, text, tags) in enumerate(_candidates(self._db, expression, narrow)):
            if looked_at >= LOOKED_AT or (len(self.best) >= full and pk not in self._seen):
                return False
            if pk in self._seen:
                continue
            self._seen.add(pk)
            judged = _judge(text, self._terms, self._whole)
            if judged:
                candidate = _Candidate(pk, segment, judged[0], tags.endswith(" c"), judged[1])
                if segment not in self.best or candidate.order() < self.best[segment].order():
                    self.best[segment] = candidate
        return True


def _pool(db: sqlite3.Connection, query: Query, terms: Sequence[Term], whole: Term, narrow: Filter) -> tuple[dict[int, _Candidate], bool]:
    """Everything that matches; where that is too much (then True), what was entered first and the better kinds of matches."""
    room = max(POOL, 2 * query.limit)
    pool = _Pool(db, terms, whole)
    if pool.take(narrow.narrow(grams.all_of(grams.anywhere(term.key, loosely=bool(term.folds)) for term in terms)), narrow, room):
        return pool.best, False
    for state in (grams.CONFIRMED, grams.DRAFT):
        pool.take(narrow.narrow(grams.whole(whole.key, state)), narrow, room)
        pool.take(narrow.narrow(grams.all_of(grams.as_words(term.key, state) for term in terms)), narrow, room)
    return pool.best, True


def _candidates(db: sqlite3.Connection, expression: str, narrow: Filter) -> Iterator[tuple[int, int, str, str]]:
    sql = "SELECT e.pk, e.segment, e.text, e.tags FROM word_index AS w CROSS JOIN word_entry AS e ON e.pk = w.rowid"
    if narrow.allowed.sql == "1":
        yield from db.execute(f"{sql} WHERE w.word_index MATCH ?", (expression,))
        return
    sql += f" CROSS JOIN segment AS s ON s.pk = e.segment WHERE w.word_index MATCH ? AND {narrow.allowed.sql}"
    yield from db.execute(sql, (expression, *narrow.allowed.parameters))


def _judge(text: str, terms: Sequence[Term], whole: Term) -> tuple[int, float] | None:
    """How well a text answers, and how much of it is covered; None where it does not."""
    folded: dict[frozenset[str], str] = {}
    quality, covered = WHOLE_WORDS, 0
    for term in terms:
        if term.folds not in folded:
            folded[term.folds] = fold(text, term.folds)
        within = folded[term.folds]
        at = within.find(term.sought)
        if at < 0:
            return None
        quality = min(quality, _best_place(within, term.sought, at))
        covered += len(term.sought)
    compared = folded.get(whole.folds) or fold(text, whole.folds)
    if compared.strip() == whole.sought:
        quality = WHOLE_TEXT
    return quality, covered / max(len(compared), covered)


def _best_place(within: str, sought: str, at: int) -> int:
    best = WITHIN_LETTERS
    for _ in range(20):
        stop = at + len(sought)
        before, after = within[at - 1] if at else " ", within[stop] if stop < len(within) else " "
        if _is_edge(before) and _is_edge(after):
            return WHOLE_WORDS
        if not joins(after) and not joins(sought[0]):
            best = WITHIN_WORDS
        at = within.find(sought, at + 1)
        if at < 0:
            break
    return best


@lru_cache(maxsize=4096)
def _is_edge(letter: str) -> bool:
    """Blanks and punctuation; tone letters count among symbols in Unicode but belong to their word."""
    category = unicodedata.category(letter)
    return category[0] in "PZC" or category in ("Sm", "Sc", "So")


def _hits(db: sqlite3.Connection, chosen: Sequence[_Candidate], terms: Sequence[Term]) -> Iterator[Hit]:
    rows = {row["pk"]: row for row in db.execute(_DETAILS, (json.dumps([candidate.pk for candidate in chosen]),))}
    for rank, candidate in enumerate(chosen):
        row = rows[candidate.pk]
        yield Hit(
            segment=SegmentId(row["segment"]),
            recording=RecordingId(row["recording"]),
            span=Span(row["start"], row["stop"]),
            rate=row["rate"],
            path=row["path"],
            tier=row["tier"],
            text=row["text"],
            marks=marks(row["text"], terms),
            score=candidate.quality + candidate.covered,
            rank=rank,
            why=WHY[candidate.quality],
            speaker=row["speaker"],
            variety=row["variety"],
            session=row["session"],
            meaning_id=row["meaning_id"],
            state=row["state"],
        )


def marks(text: str, terms: Sequence[Term]) -> tuple[tuple[int, int], ...]:
    """Where the phrases lie in a text, in code points of the text as it is stored."""
    folded = {folds: fold_with_spans(text, folds) for folds in {term.folds for term in terms}}
    return merge_ranges(place for term in terms for place in folded[term.folds].matches(term.sought))
