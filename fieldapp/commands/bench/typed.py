"""Does a typed translation find recordings of that meaning? The fieldbook itself is asked, as `fieldapp search` asks it, one variety at a time.

Every meaning with a translation is typed once for each variety that has recordings of it, in every mode; an answer is right when it has the
same meaning id. Chance is the share of right ones among the recordings of the variety. Speakers without translations are told apart:
theirs are found by sound alone, or by drafts.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.finding.finder import Finder

MODES = ("words", "meaning", "hybrid")
FIRST = 5
_MEANINGS = """
SELECT s.meaning_id, min(a.text), COALESCE(max(l.name), '') FROM segment s JOIN annotation a ON a.segment = s.id AND a.tier = ?
LEFT JOIN item i ON i.id = s.item LEFT JOIN promptlist l ON l.id = i.promptlist
WHERE s.meaning_id <> '' AND trim(a.text) <> '' AND s.state <> 'rejected' GROUP BY s.meaning_id
"""
_THERE = """
SELECT v.name, p.code, s.meaning_id, count(*) FROM segment s JOIN recording r ON r.id = s.recording JOIN session n ON n.id = r.session
JOIN variety v ON v.id = COALESCE(s.variety, n.variety) JOIN person p ON p.id = s.speaker
WHERE s.state <> 'rejected' GROUP BY v.name, p.code, s.meaning_id
"""
_TRANSLATED = "SELECT DISTINCT p.code FROM segment s JOIN person p ON p.id = s.speaker JOIN annotation a ON a.segment = s.id WHERE a.tier = ?"


@dataclass(frozen=True, slots=True)
class Place:
    """Where is looked: some speakers of a variety, and how many recordings of each meaning they have."""

    variety: str
    who: str
    speakers: tuple[str, ...]
    counts: dict[str, int]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which fieldbook, which texts."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="a fieldbook whose segments have meaning ids, translations and vectors")
    parser.add_argument("--tier", default="translation", help="whose texts are typed (translation)")
    parser.add_argument("--variety", action="append", default=[], help="look in this variety only (may be given several times)")
    parser.add_argument("--text-model", default="", metavar="MODEL", help="the sentence encoder that reads them (else: the fieldbook's)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Type everything, count."""
    from fieldapp.commands.asking import text_side
    from fieldapp.errors import NotThere
    from fieldapp.finding.finder import Finder
    from fieldapp.store.store import Store

    rows: list[dict[str, Any]] = []
    with Store.open(options.fieldbook.absolute(), read_only=True) as store:
        db = store.reader()
        wordings = db.execute(_MEANINGS, (options.tier,)).fetchall()
        lists = {str(meaning): str(name) for meaning, _, name in wordings}
        places = [place for place in _places(db, options.tier) if not options.variety or place.variety in options.variety]
        if not wordings or not places:
            raise NotThere(
                f"There is nothing to ask: no segment with a meaning has a text on the tier '{options.tier}'.", "Import some, or name another --tier."
            )
        with Finder(store, text_side(store, options.text_model), background=False) as finder:
            for number, place in enumerate(places):
                progress(number / len(places), f"typing for {place.variety}, {place.who}")
                for name in sorted(set(lists.values())):
                    typed = [(str(meaning), str(text)) for meaning, text, its in wordings if its == name and place.counts.get(meaning)]
                    rows += [_row(finder, place, name, mode, typed) for mode in MODES if typed]
    return Answer("\n".join(_lines(options, rows)), {"fieldbook": options.fieldbook.name, "tier": options.tier, "rows": rows})


def _places(db: sqlite3.Connection, tier: str) -> Iterator[Place]:
    """The translated and the untranslated speakers of each variety."""
    translated = {str(row[0]) for row in db.execute(_TRANSLATED, (tier,))}
    there = db.execute(_THERE).fetchall()
    for variety in sorted({str(row[0]) for row in there}):
        for who, wanted in (("translated", True), ("not translated", False)):
            some = [row for row in there if row[0] == variety and (row[1] in translated) == wanted]
            counts: dict[str, int] = {}
            for _, _, meaning, count in some:
                counts[meaning] = counts.get(meaning, 0) + count
            if some:
                yield Place(variety, who, tuple(sorted({str(row[1]) for row in some})), counts)


def _row(finder: Finder, place: Place, name: str, mode: str, typed: list[tuple[str, str]]) -> dict[str, Any]:
    """One mode over all wordings of a list."""
    import numpy as np

    from fieldapp.errors import NotThere
    from fieldapp.finding.modes import ask
    from fieldapp.finding.question import Question
    from fieldapp.lab.statistics import bootstrap
    from fieldapp.model import Query

    ranks = []
    for meaning, text in typed:
        query = Query(text=text, mode=mode, varieties=(place.variety,), speakers=place.speakers, limit=FIRST)
        try:
            found = ask(finder, Question(query=query)).matches
        except NotThere:  # no vectors, no encoder: nothing is found
            found = ()
        ranks.append(next((rank for rank, match in enumerate(found, 1) if match.hit.meaning_id == meaning), FIRST + 1))
    told: dict[str, Any] = {"variety": place.variety, "speakers": place.who, "list": name, "mode": mode, "n": len(typed)}
    told["chance"] = round(sum(place.counts[meaning] for meaning, _ in typed) / len(typed) / sum(place.counts.values()), 4)
    for k in (1, FIRST):
        hits = np.array(ranks) <= k
        sure = bootstrap(hits.astype(np.float64), [meaning for meaning, _ in typed])
        told |= {f"R@{k}": round(float(hits.mean()), 4), f"R@{k} interval": [round(sure.low, 4), round(sure.high, 4)]}
    return told


def _lines(options: argparse.Namespace, rows: list[dict[str, Any]]) -> list[str]:
    lines = [f"typed texts of the tier {options.tier} find recordings of their meaning in one variety; intervals: bootstrap over meanings", ""]
    lines.append(f"{'variety':<16} {'speakers':<15} {'list':<16} {'mode':<8} {'n':>4} {'chance':>7} {'first':>6} {'95 %':>13} {'in 5':>6} {'95 %':>13}")
    for row in rows:
        first, five = ("-".join(f"{100 * edge:.1f}" for edge in row[f"R@{k} interval"]) for k in (1, FIRST))
        shares = f"{100 * row['R@1']:>6.1f} {first:>13} {100 * row[f'R@{FIRST}']:>6.1f} {five:>13}"
        lines.append(f"{row['variety']:<16} {row['speakers']:<15} {row['list']:<16} {row['mode']:<8} {row['n']:>4} {100 * row['chance']:>7.1f} {shares}")
    return lines
