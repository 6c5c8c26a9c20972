"""Repeat a kept experiment with the same words and seed, and compare every number. Nothing new is kept."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fieldapp.commands import Answer, Progress
from fieldapp.commands.lab.keeping import kept_in, understood
from fieldapp.errors import NotThere

_SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which one."""
    parser.add_argument("place", metavar="RUN", type=Path, help="the folder an experiment was kept in, or a fieldbook")
    parser.add_argument("id", nargs="?", default="", help="which run of the fieldbook, by (the beginning of) its id; else the last")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Run it and tell where numbers differ."""
    import importlib

    from fieldapp.commands.lab import BENCHES, bench_arguments
    from fieldapp.lab.report import Study

    kept = kept_in(options.place.absolute(), options.id)
    module = next((module for name, _, module in BENCHES if name == kept["bench"]), None)
    if module is None:
        raise NotThere(f"This version knows no experiment '{kept['bench']}'.", "It was kept by another version.")
    parser = argparse.ArgumentParser()
    bench_arguments(parser, module)
    found: Study = importlib.import_module(module).run(understood(parser, kept["options"]), progress)
    differences = list(differing(untimed(kept["study"]), untimed(json.loads(json.dumps(found.json())))))
    data = {"bench": kept["bench"], "same": not differences, "differences": differences}
    if not differences:
        return Answer(f"{found.text()}\n\nThe same to the digit as what was kept.", data)
    shown = "\n".join(f"  {line}" for line in differences[:_SHOWN])
    return Answer(f"{found.text()}\n\n{len(differences)} places differ from what was kept:\n{shown}", data, code=1)


def untimed(study: dict[str, Any]) -> dict[str, Any]:
    """A study without what was timed: no clock shows the same twice."""
    from fieldapp.lab.report import TIME

    tables = []
    for table in study["tables"]:
        timed = {place for place, column in enumerate(table["columns"]) if column["form"] == TIME}
        tables.append(table | {"rows": [[cell for place, cell in enumerate(row) if place not in timed] for row in table["rows"]]})
    return study | {"tables": tables}


def differing(before: Any, now: Any, where: str = "") -> Iterator[str]:
    """Where two JSON documents differ."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in dict.fromkeys((*before, *now)):
            yield from differing(before.get(name), now.get(name), f"{where}.{name}" if where else name)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now)):
            yield from differing(one, other, f"{where}[{number}]")
    elif before != now and not (before != before and now != now):  # a NaN is the same as a NaN here
        yield f"{where}: {str(before)[:60]} before, {str(now)[:60]} now"
