"""Make a deposit for an archive, checked before it is called done: `fieldapp deposit DIR --out BAG`. Or look at one again: `fieldapp deposit BAG --check`.
`fieldapp deposit DIR --profile ARCHIVE --missing` only says what the archive will ask for and nobody has filled in.

Only what consent lets out for the purpose 'archive' enters. The answer says what stayed here and by which rule, what the
archive will still ask for, and who checked what.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.corpus.deposit.selfcheck import Check

SHOWN = 12


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, where to, for which archive."""
    from fieldapp.corpus.deposit.profiles import PROFILES

    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook, or with --check a finished deposit")
    parser.add_argument("--out", type=Path, metavar="BAG", help="the folder to make; must not exist yet")
    parser.add_argument("--profile", default="olac", help=f"the archive: {', '.join(one.name for one in PROFILES)} (olac)")
    parser.add_argument("--collection", default="", metavar="KEY", help="the archive's name for the collection (else made from the title)")
    parser.add_argument("--purpose", default="archive", help="what it is for (archive)")
    parser.add_argument("--audience", default="anyone", help="who will have it (anyone)")
    parser.add_argument("--schemas", type=Path, metavar="DIR", help="folder with the XML schemas to check against (EAF, IMDI, OPEX)")
    parser.add_argument("--missing", action="store_true", help="make nothing; say what this archive will ask for and nobody has filled in")
    parser.add_argument("--check", action="store_true", help="check a finished deposit again")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Make, or check."""
    from datetime import date

    from fieldapp.corpus.deposit.making import make_deposit
    from fieldapp.corpus.deposit.profiles import profile
    from fieldapp.errors import ExportProblem, WrongUsage
    from fieldapp.handover import gather, note
    from fieldapp.store.store import Store

    chosen = profile(options.profile)
    if options.check:
        return _check(options)
    if options.missing:
        return _missing(options, chosen.name)
    if options.out is None:
        raise WrongUsage("A deposit needs a place.", "Name one with --out.")
    out: Path = options.out.absolute()
    with Store.open(options.fieldbook) as store:
        if out.is_relative_to(store.folder.absolute()):
            raise ExportProblem(f"{out} lies inside the fieldbook.", "Make the deposit beside it.")
        bundle = gather(store, purpose=options.purpose, audience=options.audience, sound=True)
        made = make_deposit(
            bundle, out, chosen, day=date.today().isoformat(), collection=options.collection, schemas=options.schemas, progress=progress
        )  # fmt: skip
        told = {"format": chosen.name, "out": str(out), "audience": options.audience}
        unnoted = note(store, bundle, "deposit", told, {"checks": len(made.checks)})
    data = {
        "out": str(out), "profile": chosen.name, "collection": made.plan.collection, "segments": len(made.plan.bundle.segments),
        "files": sum(len(item.sounds) for item in made.plan.items), "checks": [asdict(check) for check in made.checks],
        "missing": [asdict(one) for one in made.missing], "losses": [asdict(loss) for loss in made.losses],
        "left_out": [asdict(left) for left in bundle.left_out], "noted": not unnoted,
    }  # fmt: skip
    lines = [f"{chosen.title}: {data['segments']} segments in {data['files']} sound files, in {out}", *_told(made.checks)]
    lines += _listed("Held back", [f"{number} x {why}" for why, number in Counter(left.why for left in bundle.left_out).most_common()])
    lines += _listed("Not carried", [f"{number} x {what}" for what, number in Counter(loss.what for loss in made.losses).most_common()])
    lines += _listed("The archive will still ask for", [f"{one.where}: {one.field}" for one in made.missing])
    return Answer("\n".join([*lines, unnoted] if unnoted else lines), data)


def _check(options: argparse.Namespace) -> Answer:
    from fieldapp.corpus.deposit.selfcheck import check_bag, passed
    from fieldapp.errors import ExportProblem

    bag: Path = options.fieldbook.absolute()
    if not (bag / "bagit.txt").is_file():
        raise ExportProblem(f"{bag} is no deposit (there is no bagit.txt in it).", "Name the folder that --out made.")
    checks = check_bag(bag, schemas=options.schemas)
    good = passed(checks)
    return Answer(
        "\n".join([f"{bag} is {'whole' if good else 'BROKEN'}.", *_told(checks)]), {"ok": good, "checks": [asdict(c) for c in checks]}, 0 if good else 1
    )


def _missing(options: argparse.Namespace, archive: str) -> Answer:
    from fieldapp.completeness import lacking
    from fieldapp.store.store import Store

    with Store.open(options.fieldbook, read_only=True) as store:
        found = lacking(store.reader(), archive)
    lines = [f"{one.where}: {one.field}" for one in found] or ["Nothing is missing."]
    return Answer("\n".join(lines), {"profile": archive, "missing": [asdict(one) for one in found]})


def _told(checks: list[Check]) -> list[str]:
    signs = {True: "yes", False: "NO ", None: " - "}
    return [f"  {signs[check.ok]}  {check.what} ({check.by}){f': {check.detail}' if check.ok is not True and check.detail else ''}" for check in checks]


def _listed(heading: str, lines: list[str]) -> list[str]:
    more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [f"{heading}:", *(f"  {line}" for line in lines[:SHOWN]), *more] if lines else []
