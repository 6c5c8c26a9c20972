"""What was said in the demo, what was found there and how sure that is: drafts and vectors beside what everybody was asked to say."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fieldapp.commands.tour.wording import as_text
from fieldapp.lab.ranking import ranks, same
from fieldapp.lab.statistics import bootstrap
from fieldapp.lab.wording import character_errors
from fieldapp.store import spaces, vectors
from fieldapp.store.store import Store

GLOSS = {"Mandarin": "zh", "Cantonese": "yue", "Hakka": "hak", "English": "en", "Made dialect": "zh"}
"""In which gloss of an item stands what the speakers of a variety were asked to say."""
KINDS = {"Demo sentences": "sentence", "Demo words": "word", "Demo pictures": "picture"}


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft beside what was asked."""

    variety: str
    speaker: str
    kind: str
    asked: str
    draft: str
    sure: float
    wrong: int
    characters: int


@dataclass(frozen=True, slots=True)
class Read:
    """How right the drafts of one variety are. `error` is a share of characters, `sure` what the model thought of itself."""

    variety: str
    speakers: int
    answers: int
    without_draft: int
    error: float
    whole: float
    sure: float


@dataclass(frozen=True, slots=True)
class Found:
    """How often the same sentence by a speaker of another variety came first among all that speaker's sentences."""

    one: str
    other: str
    sentences: int
    first: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True, slots=True)
class Understood:
    """Everything the tour tells at its end."""

    examples: tuple[Draft, ...]
    read: tuple[Read, ...]
    found: tuple[Found, ...]
    by_head: str

    def data(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)

    def text(self) -> str:
        """For a person."""
        return as_text(self)


def understood(book: Path) -> Understood:
    """Look at the transcribed and embedded demo."""
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        drafts = _drafts(db)
        found, head = _neighbours(db)
    examples = [next((d for d in drafts if d.variety == variety and d.kind == "sentence" and d.draft), None) for variety in GLOSS]
    read = [_read(variety, [d for d in drafts if d.variety == variety]) for variety in GLOSS]
    return Understood(tuple(filter(None, examples)), tuple(filter(None, read)), tuple(found), head)


def _drafts(db: sqlite3.Connection) -> list[Draft]:
    """Every answer that a person has not transcribed, in the order it was given."""
    rows = db.execute(
        "SELECT variety.name AS variety, person.code AS speaker, promptlist.name AS list, item.gloss AS gloss, annotation.text AS text, "
        "annotation.confidence AS sure FROM segment JOIN variety ON variety.id = segment.variety JOIN person ON person.id = segment.speaker "
        "JOIN item ON item.id = segment.item JOIN promptlist ON promptlist.id = item.promptlist "
        "LEFT JOIN annotation ON annotation.segment = segment.id AND annotation.tier = 'transcription' "
        "WHERE annotation.source IS NULL OR annotation.source LIKE 'machine:%' ORDER BY segment.pk"
    )
    made = []
    for row in rows:
        asked = str(db.execute("SELECT json_extract(?, ?)", (row["gloss"], f"$.{GLOSS[row['variety']]}")).fetchone()[0])
        errors = character_errors(asked, row["text"] or "")
        made.append(Draft(row["variety"], row["speaker"], KINDS[row["list"]], asked, row["text"] or "", float(row["sure"] or 0.0), errors.edits, errors.length))
    return made


def _read(variety: str, drafts: Sequence[Draft]) -> Read | None:
    if not drafts:
        return None
    written = [draft for draft in drafts if draft.draft]
    return Read(
        variety=variety,
        speakers=len({draft.speaker for draft in drafts}),
        answers=len(drafts),
        without_draft=len(drafts) - len(written),
        error=sum(draft.wrong for draft in drafts) / max(1, sum(draft.characters for draft in drafts)),
        whole=sum(draft.wrong == 0 for draft in drafts) / len(drafts),
        sure=sum(draft.sure for draft in written) / max(1, len(written)),
    )


def _neighbours(db: sqlite3.Connection) -> tuple[list[Found], str]:
    """For each pair of varieties, sentences only: the last speaker of one asks, the last speaker of the other answers."""
    space = spaces.space_to_search(db, "meaning")
    if space is None:
        return [], ""
    pks, matrix = vectors.matrix(db, space)
    segment_of = vectors.segments_of(db, pks)
    of_segment = {segment_of[int(pk)]: number for number, pk in enumerate(pks)}
    rows = db.execute(
        "SELECT segment.id AS segment, segment.meaning_id AS meaning, variety.name AS variety, person.code AS speaker FROM segment "
        "JOIN variety ON variety.id = segment.variety JOIN person ON person.id = segment.speaker "
        "WHERE segment.meaning_id LIKE 's:%' ORDER BY person.code, segment.pk"
    ).fetchall()
    last = {row["variety"]: row["speaker"] for row in rows}
    sets = {
        variety: [(row["meaning"], of_segment[row["segment"]]) for row in rows if row["speaker"] == speaker and row["segment"] in of_segment]
        for variety, speaker in last.items()
    }
    found = []
    named = [variety for variety in GLOSS if sets.get(variety)]
    for number, one in enumerate(named):
        for other in named[number + 1 :]:
            asked, there = ([meaning for meaning, _ in sets[side]] for side in (one, other))
            scores = matrix[[row for _, row in sets[one]]].astype("float32") @ matrix[[row for _, row in sets[other]]].astype("float32").T
            ranked = ranks(scores, same(asked, there))
            hits = ranked.hits(1)
            sure = bootstrap(hits, [asked[row] for row in ranked.rows])
            found.append(Found(one, other, len(ranked), float(hits.mean()), sure.low, sure.high, float(ranked.chance.mean())))
    return found, space.head
