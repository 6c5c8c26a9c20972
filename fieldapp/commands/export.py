"""Hand a fieldbook over to other programs. Only what consent lets out for the purpose leaves; the answer says what stayed and what the format cannot carry."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.model import SegmentId
    from fieldapp.store.store import Store

SHOWN = 8
EVERYTHING = 1_000_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, where to, what for."""
    from fieldapp.corpus.exporters import EXPORTERS

    parser.add_argument("fieldbook", metavar="DIR", type=Path)
    parser.add_argument("--format", required=True, metavar="NAME", help=f"one of: {', '.join(name for name, _ in EXPORTERS)}")
    parser.add_argument("--out", required=True, type=Path, metavar="PATH", help="the folder to write into; made if need be")
    parser.add_argument("--purpose", default="", help="what it is for: share, archive, publish, train, listen (default: archive; train for training sets)")
    parser.add_argument("--audience", default="anyone", help="who will have it (default: anyone)")
    parser.add_argument("--profile", default="", help="archive profile that names and metadata follow")
    parser.add_argument("--tier", action="append", default=[], help="only this tier; may be given again")
    parser.add_argument("--no-drafts", action="store_true", help="leave machines' drafts out")
    parser.add_argument("--audio", action="store_true", help="take the sound along, where the format has a place for it")
    parser.add_argument("--names", action="store_true", help="call people by their names, where the format has a place for them (else by their codes)")
    parser.add_argument("--segments", type=Path, metavar="FILE", help="only the segments with these ids, one a line")
    parser.add_argument("--basket", default="", metavar="NAME", help="only the segments in this basket of the fieldbook")
    parser.add_argument("--search", default="", metavar="QUERY", help="only what a search by words finds")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Gather, write, report."""
    from fieldapp.corpus.exporters import Options, needed
    from fieldapp.handover import hand_over
    from fieldapp.store.store import Store

    out: Path = options.out.absolute()
    chosen = Options(tiers=tuple(options.tier), drafts=not options.no_drafts, audio=options.audio, profile=options.profile, names=options.names)
    with Store.open(options.fieldbook) as store:
        only = _basket(store, options)
        purpose = needed(options.format, options.purpose)[0]
        done = hand_over(store, options.format, out, chosen, purpose=purpose, audience=options.audience, only=only, progress=progress)
    data = {
        "format": options.format,
        "out": str(out),
        "purpose": purpose,
        "segments": done.segments,
        "written": list(done.written),
        "unchanged": list(done.unchanged),
        "removed": list(done.removed),
        "stayed": list(done.stayed),
        "losses": [{"where": loss.where, "what": loss.what} for loss in done.losses],
        "noted": not done.unnoted,
        "left_out": [{"segment": left.segment, "why": left.why} for left in done.left_out],
    }
    lines = [f"{done.title}: {done.segments} segments to {out}; {len(done.written)} files written, {len(done.unchanged)} unchanged."]
    lines += [f"{len(done.removed)} files of the same export made earlier are no longer part of it and were removed."] if done.removed else []
    lines += [f"NOT removed, because somebody changed them since: {', '.join(done.stayed)}"] if done.stayed else []
    lines += _summary("Not carried", Counter(loss.what for loss in done.losses))
    lines += _summary("Held back", Counter(left.why for left in done.left_out))
    return Answer("\n".join([*lines, done.unnoted] if done.unnoted else lines), data)


def _basket(store: Store, options: argparse.Namespace) -> list[SegmentId] | None:
    """The segments asked for, None for all."""
    from fieldapp.errors import ExportProblem, WrongUsage
    from fieldapp.model import Query, SegmentId
    from fieldapp.store.saved import basket
    from fieldapp.store.search import find

    if sum(map(bool, (options.segments, options.search, options.basket))) > 1:
        raise WrongUsage("--segments, --basket and --search are ways to choose; only one can be followed.")
    if options.basket:
        return basket(store.reader(), options.basket)
    if options.search:
        return [hit.segment for hit in find(store, Query(text=options.search, purpose="search", limit=EVERYTHING)).hits]
    if options.segments:
        try:
            return [SegmentId(row.strip()) for row in options.segments.read_text(encoding="utf-8-sig").splitlines() if row.strip()]
        except (OSError, UnicodeDecodeError) as trouble:
            raise ExportProblem(f"{options.segments} cannot be read: {trouble}.", "It should hold one segment id a line.") from trouble
    return None


def _summary(heading: str, counted: Counter[str]) -> list[str]:
    shown = [f"  {number} x {what}" for what, number in counted.most_common(SHOWN)]
    more = len(counted) - len(shown)
    return ([f"{heading}:"] if shown else []) + shown + ([f"  and {more} more kinds"] if more > 0 else [])
