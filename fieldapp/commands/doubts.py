"""Answers that sounded like another item than the one shown, as the radar noted them while recording: list them, and decide: `--accept ID` or `--dismiss ID`.

Accepting gives the segment the meaning it sounded like, and the prompt where the same list has one. In the window it can be undone.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.session.doubts import Doubted


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which fieldbook, and what was decided."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("--accept", metavar="SEGMENT", action="append", default=[], help="it is what it sounded like; may be given again")
    parser.add_argument("--dismiss", metavar="SEGMENT", action="append", default=[], help="it is what was shown; may be given again")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Decide what was decided, then list what is open."""
    from fieldapp.errors import NotThere
    from fieldapp.session.doubts import dismiss, doubts, relabel
    from fieldapp.store.store import Store

    with Store.open(options.fieldbook.absolute(), read_only=not (options.accept or options.dismiss)) as store:
        known = {one.segment.id: one for one in doubts(store.reader())}
        if unknown := [one for one in (*options.accept, *options.dismiss) if one not in known]:
            raise NotThere(f"Nobody doubts the segment {unknown[0]}.", "Without --accept and --dismiss the doubted ones are listed.")
        for one in options.accept:
            store.do(lambda tx, doubted=known[one]: relabel(tx, doubted), undo="relabel")  # type: ignore[misc]
        for one in options.dismiss:
            store.do(lambda tx, doubted=known[one]: dismiss(tx, doubted))  # type: ignore[misc]
        left = doubts(store.reader())
    lines = [f"{one.segment.id}  shown: {one.shown}, sounded like: {one.heard}" for one in left] or ["Nothing is doubted."]
    return Answer("\n".join(lines), {"doubts": [_as_data(one) for one in left]})


def _as_data(doubted: Doubted) -> dict[str, object]:
    return {"segment": doubted.segment.id, "shown": doubted.shown, "heard": doubted.heard, "frame": doubted.event.frame}
