"""What a fieldbook holds: counts, tiers, varieties, sizes, what is said of the whole. Reads only, unless --set says something anew (title, licence ...)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fieldapp.commands import Answer, Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which fieldbook."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("--set", metavar="NAME=TEXT", action="append", default=[], help="say of the whole: title, description, licence or depositor")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Look and tell."""
    from fieldapp.store import about, backup
    from fieldapp.store.connect import SCHEMA_VERSION
    from fieldapp.store.store import Store

    folder: Path = options.fieldbook.absolute()
    said = {name.strip(): text for name, _, text in (one.partition("=") for one in options.set)}
    with Store.open(folder, read_only=not said) as store:
        if said:
            store.do(lambda tx: about.describe(tx, said))
        data = {"fieldbook": str(folder), "format": SCHEMA_VERSION, "described": about.described(store.reader()), **about.summary(store.reader(), folder)}
    data["backups"] = [copy.name for copy in backup.found(folder)]
    return Answer(_as_text(data), data)


def _as_text(data: dict[str, Any]) -> str:
    counts, hours = data["counts"], data["recorded_seconds"] / 3600
    lines = [
        f"{data['title']}  ({data['fieldbook']})",
        f"  recordings   {counts['recording']} in {counts['session']} {'session' if counts['session'] == 1 else 'sessions'}, {hours:.2f} h",
        f"  segments     {counts['segment']}{_listed(data['segment_states'])}",
        f"  texts        {counts['annotation']}{_listed(data['tiers'])}",
        f"  people       {counts['person']}, with {counts['consent']} consents",
        f"  varieties    {counts['variety']}{_listed(data['varieties'])}",
        f"  prompts      {counts['item']} in {counts['promptlist']} lists",
        f"  vectors      {counts['vector']} in {counts['space']} spaces",
        f"  database     {data['database_bytes'] / 1e6:.1f} MB, format {data['format']}, {len(data['backups'])} backups",
    ]
    return "\n".join([*lines, *(f"  {name:<12} {text}" for name, text in data["described"].items() if text and name != "title")])


def _listed(counts: dict[str, int]) -> str:
    """The commonest few, in brackets."""
    common = sorted(counts.items(), key=lambda pair: -pair[1])
    return f"  ({', '.join(f'{name} {count}' for name, count in common[:6])}{', ...' if len(common) > 6 else ''})" if common else ""
