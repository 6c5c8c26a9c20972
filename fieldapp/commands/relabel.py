"""Change labels in somebody's ELAN file where they stand: `fieldapp relabel FILE.eaf a12="new text"`. Every other byte of the file stays as it is.

Without labels to change it lists them: id, times, tier, text; --find narrows the list. The file is checked before it is replaced, in one
step. A file that a fieldbook keeps as it came in is left alone: correct the text in the fieldbook and export it as elan-original.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fieldapp.commands import Answer, Progress

_SHOWN = 200


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which file, which labels."""
    parser.add_argument("file", metavar="FILE.eaf", type=Path, help="an ELAN file")
    parser.add_argument("labels", metavar="ID=TEXT", nargs="*", help="an annotation's id and its new text; without any the labels are listed")
    parser.add_argument("--find", default="", metavar="TEXT", help="list only labels that contain this")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """List, or change."""
    from fieldapp.corpus.eaf import read_eaf
    from fieldapp.corpus.edit import change_labels
    from fieldapp.errors import ImportProblem, WrongUsage
    from fieldapp.store.connect import DATABASE

    file: Path = options.file
    if not file.is_file():
        raise ImportProblem(f"There is no file {file}.")
    if not options.labels:
        return _listed(file, options.find)
    pairs = [one.partition("=") for one in options.labels]
    if wrong := [one for one, (name, equals, _) in zip(options.labels, pairs, strict=True) if not equals or not name.strip()]:
        raise WrongUsage(f"'{wrong[0]}' is no label.", 'Write the id of the annotation and its text: a12="new text".')
    if (file.absolute().parent.parent / DATABASE).is_file():
        raise WrongUsage(f"{file.name} is kept in a fieldbook as it came in.", "Correct the text there and export it: --format elan-original.")
    before = {mark.id: mark.value for tier in read_eaf(file).tiers.values() for mark in tier.marks}
    size = change_labels(file, {name.strip(): text for name, _, text in pairs})
    changed = [{"id": name.strip(), "before": before.get(name.strip(), ""), "after": text} for name, _, text in pairs]
    lines = [f"{one['id']}: {one['before']!r} is now {one['after']!r}" for one in changed]
    return Answer("\n".join(lines), {"file": str(file), "bytes": size, "changed": changed})


def _listed(file: Path, sought: str) -> Answer:
    from fieldapp.corpus.eaf import read_eaf

    eaf = read_eaf(file)
    rows: list[dict[str, Any]] = []
    for name, tier in eaf.tiers.items():
        for mark in tier.marks:
            if sought in mark.value:
                times = (eaf.slots.get(mark.first), eaf.slots.get(mark.second)) if mark.aligned else (None, None)
                rows.append({"id": mark.id, "tier": name, "start_ms": times[0], "stop_ms": times[1], "text": mark.value})
    lines = [f"{row['id']}  {_span(row)}  {row['tier']}: {row['text']}" for row in rows[:_SHOWN]]
    lines += [f"and {len(rows) - _SHOWN} more (all of them with --json)"] if len(rows) > _SHOWN else []
    return Answer("\n".join(lines) or "Nothing is there.", {"file": str(file), "labels": rows})


def _span(row: dict[str, Any]) -> str:
    return "-" if row["start_ms"] is None or row["stop_ms"] is None else f"{row['start_ms'] / 1000:.3f}-{row['stop_ms'] / 1000:.3f} s"
