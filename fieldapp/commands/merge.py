"""Take a second fieldbook (a colleague's copy, another laptop's) into this one: `fieldapp merge DIR OTHER`.

What only they changed is taken over, what only you changed stays. What both changed is listed with all three versions and stays as it
is here, until you decide: run it again with --theirs KEY (or --theirs all). A withdrawn consent counts whichever side it comes from.
Look first with --dry-run. A backup is made before anything is changed: `fieldapp restore DIR` goes back.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from collections import Counter

    from fieldapp.store.merge.result import Conflict, Merged

_SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which two, and what was decided."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook that grows")
    parser.add_argument("other", metavar="OTHER", type=Path, help="the fieldbook that is taken in; nothing is changed in it")
    parser.add_argument("--base", type=Path, metavar="PATH", help="the fieldbook or backup both came from, where it is still there")
    parser.add_argument("--theirs", action="append", default=[], metavar="KEY", help="let theirs win in this conflict, or in 'all'; may be given again")
    parser.add_argument("--dry-run", action="store_true", help="only say what would come")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Merge, or say what a merge would do."""
    from fieldapp.errors import ReadOnly
    from fieldapp.store.merge import merge
    from fieldapp.store.store import Store

    folder, other = options.fieldbook.absolute(), options.other.absolute()
    with Store.open(folder) as store:
        if store.read_only:
            raise ReadOnly(f"{folder} cannot be changed: {store.read_only_reason}.", "Nothing was merged.")
        progress(-1, f"comparing with {other}")
        merged = merge(store, other, base=options.base, theirs=options.theirs, dry=options.dry_run)
    return Answer("\n".join(_lines(merged, dry=options.dry_run)), _data(merged) | {"dry_run": options.dry_run})


def _data(merged: Merged) -> dict[str, Any]:
    counts = {name: dict(getattr(merged, name)) for name in ("added", "updated", "same", "kept", "left_out")}
    return counts | {
        "stayed_away": merged.stayed_away, "notes": merged.notes, "conflicts": [one.data() for one in merged.conflicts],
        "report": str(merged.report or ""), "backup": str(merged.backup or ""),
    }  # fmt: skip


def _lines(merged: Merged, *, dry: bool) -> list[str]:
    lines = [("Would take over: " if dry else "Taken over: ") + (_counted(merged.added) or "nothing new")]
    for what, counts in (("changed there only", merged.updated), ("changed here only, stays", merged.kept), ("left out", merged.left_out)):
        lines += [f"  {what}: {_counted(counts)}"] if counts else []
    if merged.stayed_away:
        lines.append(f"  {len(merged.stayed_away)} rows were deleted here and stay away; --theirs KEY brings one back: {', '.join(merged.stayed_away[:3])}")
    lines += [f"  note: {one}" for one in merged.notes[:_SHOWN]]
    lines += [f"  and {len(merged.notes) - _SHOWN} more notes (--json)"] if len(merged.notes) > _SHOWN else []
    if merged.conflicts:
        lines.append(f"{len(merged.conflicts)} conflicts, in which what is here stays:")
        lines += [line for one in merged.conflicts[:_SHOWN] for line in _about(one)]
        lines += [f"  and {len(merged.conflicts) - _SHOWN} more (--json)"] if len(merged.conflicts) > _SHOWN else []
    lines += [f"Theirs is kept in {merged.report}"] if merged.report else []
    return lines + ([f"Before: {merged.backup}"] if merged.backup else [])


def _about(conflict: Conflict) -> list[str]:
    lines = [f"  {conflict.key}", f"    {conflict.where or conflict.table}: {conflict.kind}"]
    for one in conflict.disputes:
        was = f"was {_short(one.base)}, " if one.base is not None else ""
        lines.append(f"      {one.field}: {was}here {_short(one.ours)}, there {_short(one.theirs)}")
    return lines


def _short(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) < 80 else f"{text[:76]}...'"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {table}" for table, count in counts.items() if count)
