"""Baskets of segments in the fieldbook: collect hits, look at them, hand them over with 'fieldapp export --basket NAME'. Saved searches, too."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.store.store import Store

DEEDS = ("list", "show", "add", "take", "drop", "forget")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with which segments."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument(
        "deed", choices=DEEDS, nargs="?", default="list", help="list baskets and saved searches; show, add to, take from or drop a basket; forget a search"
    )
    parser.add_argument("segments", metavar="SEGMENT", nargs="*", help="ids of segments, for 'add' and 'take'")
    parser.add_argument("--name", default="basket", help="which basket, or which saved search to forget (basket)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Do it and tell what is there now."""
    from fieldapp.errors import WrongUsage
    from fieldapp.model import SegmentId
    from fieldapp.store import saved
    from fieldapp.store.store import Store

    wanted = [SegmentId(one) for one in options.segments]
    if bool(wanted) != (options.deed in ("add", "take")):
        raise WrongUsage("'add' and 'take' need ids of segments, the other deeds need none.", "Ids are what 'fieldapp search' prints first.")
    deeds = {
        "add": lambda tx: saved.add_to_basket(tx, wanted, options.name),
        "take": lambda tx: saved.take_from_basket(tx, wanted, options.name),
        "drop": lambda tx: saved.drop_basket(tx, options.name),
        "forget": lambda tx: saved.forget_search(tx, options.name),
    }
    with Store.open(options.fieldbook.absolute(), read_only=options.deed not in deeds) as store:
        if options.deed in deeds:
            store.do(deeds[options.deed])
        if options.deed in ("show", "add", "take"):
            return _shown(store, options.name)
        baskets, searches = saved.baskets(store.reader()), saved.saved_searches(store.reader())
    lines = [f"{name}: {count} segments" for name, count in baskets.items()] or ["no basket"]
    lines += [f"search '{name}': {asked.get('query') or asked.get('like')} by {asked.get('mode')}" for name, asked in searches.items()]
    return Answer("\n".join(lines), {"baskets": baskets, "searches": searches})


def _shown(store: Store, name: str) -> Answer:
    from fieldapp.commands.hits import as_data, lines_of
    from fieldapp.finding.basket import collected

    matches, held_back = collected(store.reader(), name)
    lines = [f"{len(matches)} segments in '{name}'", *(line for match in matches for line in lines_of(match, None, coloured=False))]
    lines += [f"{held_back} more are held back or were rejected"] * bool(held_back)
    return Answer("\n".join(lines), {"basket": name, "segments": [as_data(match) for match in matches], "held_back": held_back})
