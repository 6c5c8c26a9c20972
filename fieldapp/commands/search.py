"""Find recordings by word, meaning or sound. Words apart by blanks must all occur; a "quoted part" is one phrase."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.model import Hit

MODES = ("words", "meaning", "sound", "hybrid")
LOOSE = ("marks", "tones", "lookalikes")
_BRIGHT, _QUIET, _PLAIN = "\x1b[1;7m", "\x1b[2m", "\x1b[0m"
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # a text that runs from the right must not pull its neighbours over


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, where, how narrow."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("query", metavar="QUERY", nargs="?", default="", help="what is sought; everything typed is taken literally")
    parser.add_argument("--mode", choices=MODES, default="words", help="how to look (words)")
    parser.add_argument("--audio", metavar="FILE", type=Path, help="look for what sounds or means the same as this recording")
    parser.add_argument("--like", metavar="SEGMENT", help="look for segments like this one")
    parser.add_argument("--tier", action="append", default=[], help="only this tier (may be given several times, like the next three)")
    parser.add_argument("--variety", action="append", default=[], help="only this variety")
    parser.add_argument("--speaker", action="append", default=[], help="only this speaker's code")
    parser.add_argument("--session", action="append", default=[], help="only this session")
    parser.add_argument("--since", metavar="DATE", default="", help="only sessions of this day (2026-11-21, 2026-11 or 2026) or later")
    parser.add_argument("--until", metavar="DATE", default="", help="only sessions of this day or earlier")
    parser.add_argument("--checked", action="store_true", help="only texts that a person has confirmed")
    parser.add_argument("--ignore", metavar="WHAT", default="", help=f"comma-separated: {', '.join(LOOSE)} or all")
    parser.add_argument("--purpose", default="search", help="what the hits are for; consent decides which may be used (search)")
    parser.add_argument("-k", type=int, default=20, metavar="N", help="at most this many hits (20)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Look and tell."""
    from fieldapp.errors import NotBuiltYet, WrongUsage
    from fieldapp.model import Query
    from fieldapp.store.search import find
    from fieldapp.store.store import Store

    if options.audio or options.like:
        raise NotBuiltYet("Searching with a recording or a segment is not built yet.", "Search by words: fieldapp search DIR QUERY")
    if options.k < 1:
        raise WrongUsage("-k needs a number of at least 1.")
    query = Query(
        text=options.query,
        mode=options.mode,
        tiers=tuple(options.tier),
        varieties=tuple(options.variety),
        speakers=tuple(options.speaker),
        sessions=tuple(options.session),
        since=options.since,
        until=options.until,
        checked_only=options.checked,
        purpose=options.purpose,
        fold=frozenset(LOOSE) if options.ignore == "all" else frozenset(filter(None, options.ignore.split(","))),
        limit=options.k,
    )
    with Store.open(options.fieldbook.absolute(), read_only=True) as store:
        found = find(store, query)
    total = f"{'more than ' if found.more else ''}{found.total}"
    data = {"query": query.text, "mode": query.mode, "total": found.total, "more": found.more, "hits": [_as_data(hit) for hit in found.hits]}
    said = f"{total} {'segment' if total == '1' else 'segments'} found" + (f", the best {len(found.hits)} of them:" if len(found.hits) < found.total else "")
    coloured = sys.stdout.isatty()
    return Answer("\n".join([said, *(_line(hit, coloured=coloured) for hit in found.hits)]), data)


def _as_data(hit: Hit) -> dict[str, object]:
    seconds = {"start": round(hit.span.start / hit.rate, 3), "stop": round(hit.span.stop / hit.rate, 3)}
    return {**asdict(hit), "span": [hit.span.start, hit.span.stop], "seconds": seconds}


def _line(hit: Hit, *, coloured: bool) -> str:
    minutes, seconds = divmod(hit.span.start / hit.rate, 60)
    text = " ".join(_highlighted(hit).splitlines()) if coloured else " ".join(hit.text.splitlines())
    about = " · ".join(part for part in (hit.speaker, hit.variety, hit.session) if part)
    draft = " (draft)" if hit.state == "draft" else ""
    if coloured:
        about = f"{_QUIET}{about}{_PLAIN}"
    return f"{hit.segment}  {minutes:02.0f}:{seconds:06.3f}  {hit.tier}: {text}{draft}  {about}"


def _highlighted(hit: Hit) -> str:
    pieces, at = [], 0
    for start, stop in hit.marks:
        pieces += [hit.text[at:start], _BRIGHT, hit.text[start:stop], _PLAIN]
        at = stop
    return f"{_ISOLATE}{''.join([*pieces, hit.text[at:]])}{_END_ISOLATE}"
