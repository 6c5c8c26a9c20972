"""Find recordings by word, meaning or sound. Words apart by blanks must all occur; a "quoted part" is one phrase.

A recording (--audio) or a segment (--like) can be the query as well as text. Every hit says why it was found; a similarity
comes with what it is worth in this fieldbook, or says that nobody knows yet.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.finding.question import Question
    from fieldapp.store.store import Store

MODES = ("words", "meaning", "sound", "hybrid")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, where, how narrow, in which order."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("query", metavar="QUERY", nargs="?", default="", help="what is sought; everything typed is taken literally")
    parser.add_argument("--mode", choices=MODES, help="how to look (words for text, hybrid for a recording or a segment)")
    parser.add_argument("--audio", metavar="FILE", type=Path, help="look for what means or sounds the same as this recording")
    parser.add_argument("--like", metavar="SEGMENT", help="look for segments like this one")
    parser.add_argument("--tier", action="append", default=[], help="only this tier (may be given several times, like the next three)")
    parser.add_argument("--variety", action="append", default=[], help="only this variety")
    parser.add_argument("--speaker", action="append", default=[], help="only this speaker's code")
    parser.add_argument("--session", action="append", default=[], help="only this session")
    parser.add_argument("--since", "--from", metavar="DATE", default="", help="only sessions of this day (2026-11-21, 2026-11 or 2026) or later")
    parser.add_argument("--until", "--to", metavar="DATE", default="", help="only sessions of this day or earlier")
    parser.add_argument("--checked", action="store_true", help="only texts that a person has confirmed")
    parser.add_argument("--ignore", metavar="WHAT", default="", help="comma-separated: marks, tones, lookalikes or all")
    parser.add_argument("--purpose", default="search", help="what the hits are for; consent decides which may be used (search)")
    parser.add_argument("--meaning", metavar="ID", default="", help="the meaning id that is asked for (else: that of --like)")
    parser.add_argument("--same-meaning", choices=("any", "first", "exclude"), default="any", help="what becomes of hits with that meaning id")
    parser.add_argument("--diverse", dest="spread", choices=("speaker", "variety"), default="", help="the best of every speaker or variety first")
    parser.add_argument("-k", type=int, default=20, metavar="N", help="at most this many hits (20)")
    parser.add_argument("--explain", action="store_true", help="say of each hit which moment answers which (in full with --json)")
    parser.add_argument("--model", default="", help="the model that hears --audio (else: the one that heard the fieldbook)")
    parser.add_argument("--text-model", default="", metavar="MODEL", help="the sentence encoder that reads QUERY (else: the fieldbook's)")
    parser.add_argument("--save", metavar="NAME", default="", help="keep this search in the fieldbook")
    parser.add_argument("--saved", metavar="NAME", default="", help="ask a saved search again")
    parser.add_argument("--into", metavar="BASKET", default="", help="put the hits into a basket")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Look and tell."""
    from fieldapp.commands.asking import text_side
    from fieldapp.errors import WrongUsage
    from fieldapp.finding.explain import explain
    from fieldapp.finding.finder import Finder
    from fieldapp.finding.kept import as_kept, from_kept, voice_cannot_be_kept
    from fieldapp.finding.modes import ask
    from fieldapp.store import saved
    from fieldapp.store.store import Store

    if options.k < 1:
        raise WrongUsage("-k needs a number of at least 1.")
    if options.save and options.audio:  # before the recording is read
        raise voice_cannot_be_kept()
    with Store.open(options.fieldbook.absolute(), read_only=not (options.save or options.into)) as store:
        question = from_kept(saved.saved_search(store.reader(), options.saved)) if options.saved else _question(store, options)
        kept = as_kept(question) if options.save else {}
        wants_text = question.query.mode in ("meaning", "hybrid") or options.explain
        with Finder(store, text_side(store, options.text_model) if wants_text else None, background=False) as finder:
            answer = ask(finder, question)
            evidence = [explain(finder, question, match.hit.segment) if options.explain else None for match in answer.matches]
        if options.save:
            store.do(lambda tx: saved.save_search(tx, options.save, kept))
        if options.into:
            store.do(lambda tx: saved.add_to_basket(tx, [match.hit.segment for match in answer.matches], options.into))
    from fieldapp.commands.hits import as_data, lines_of

    total = f"{'more than ' if answer.more else ''}{answer.total}"
    data: dict[str, Any] = {"query": question.query.text, "mode": question.query.mode, "total": answer.total, "more": answer.more, "remarks": answer.remarks}
    data["hits"] = [as_data(match, found) for match, found in zip(answer.matches, evidence)]
    shown = f", the best {len(answer.matches)} of them:" if len(answer.matches) < answer.total else ""
    found = f"{total} {'segment' if total == '1' else 'segments'} found{shown}" if question.query.mode == "words" else f"the nearest {len(answer.matches)}:"
    said = [found, *answer.remarks]
    coloured = sys.stdout.isatty()
    return Answer("\n".join([*said, *(line for match, found in zip(answer.matches, evidence) for line in lines_of(match, found, coloured=coloured))]), data)


def _question(store: Store, options: argparse.Namespace) -> Question:
    from fieldapp.commands.asking import hear_file
    from fieldapp.finding.kept import folded
    from fieldapp.finding.question import Question
    from fieldapp.model import Query, SegmentId

    if options.mode is None:
        options.mode = "hybrid" if options.audio or options.like else "words"
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
        fold=folded(options.ignore),
        limit=options.k,
    )
    return Question(
        query=query,
        heard=hear_file(store, options.audio.absolute(), options.model) if options.audio else None,
        like=SegmentId(options.like) if options.like else None,
        meaning_id=options.meaning,
        same_meaning=options.same_meaning,
        spread=options.spread,
    )
