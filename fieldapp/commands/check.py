"""Examine a fieldbook: database, references, checksums, sound files, backups. With --repair, mend what is safe to mend.

Sound files that are missing are looked for under --media and copied back, if they are the very same ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.store.finding import Finding


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which fieldbook, and whether to mend it."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("--media", type=Path, metavar="PATH", action="append", default=[], help="where missing sound files may be; they are copied back")
    parser.add_argument("--repair", action="store_true", help="mend what is safe to mend; damaged files are kept aside in backups/")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Examine, perhaps repair; exit code 1 while something serious is left."""
    from fieldapp.store import check

    folder: Path = options.fieldbook.absolute()
    done: tuple[str, ...] = _brought_back(folder, options.media, progress) if options.media else ()
    if options.repair:
        repaired = check.repair(folder, progress)
        findings, done = repaired.after, (*done, *repaired.done)
    else:
        findings = check.examine(folder, progress)
    if not any(finding.serious for finding in findings):
        findings += _annotation_originals(folder)
    serious = [finding for finding in findings if finding.serious]
    lines = [*(f"mended: {sentence}" for sentence in done), *_listed(findings)]
    lines.append(f"{len(serious)} serious findings in {folder}" if serious else f"{folder} is sound")
    data = {"fieldbook": str(folder), "sound": not serious, "mended": list(done), "findings": [_as_data(finding) for finding in findings]}
    return Answer("\n".join(lines), data, code=1 if serious else 0)


def _brought_back(folder: Path, places: list[Path], progress: Progress) -> tuple[str, ...]:
    """Missing sound files that were found elsewhere, each as a sentence; only the very bytes that were there count."""
    from fieldapp.store.relink import bring_back
    from fieldapp.store.store import Store

    with Store.open(folder, read_only=True) as store:
        outcome = bring_back(store.reader(), folder, places, progress)
    others = tuple(f"{path} has the right name and size, but other contents; it was left where it is." for path in outcome.others)
    return (*(f"{path} is back, from {source}." for path, source in outcome.found.items()), *others)


def _annotation_originals(folder: Path) -> tuple[Finding, ...]:
    """What the rules of their formats say about the annotation files kept as they came in; never serious, because they are not ours to mend."""
    from fieldapp.corpus import importers
    from fieldapp.errors import FieldError
    from fieldapp.store.check_files import annotation_files
    from fieldapp.store.finding import Finding
    from fieldapp.store.store import Store

    found = []
    hint = "What was imported is in the fieldbook; correct the file in the program that made it, if you still use it."
    try:
        with Store.open(folder, read_only=True) as store:
            kept = annotation_files(store.reader())
        for path in kept:
            if (folder / path).is_file():
                warnings = importers.read(folder / path).warnings
                found += [Finding("odd-annotations", f"{path}: {sentence}", hint, serious=False) for sentence in warnings]
    except FieldError as trouble:
        found.append(Finding("odd-annotations", trouble.message, trouble.hint, serious=False))
    return tuple(found)


def _listed(findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        yield f"{'!' if finding.serious else '-'} {finding.sentence} {finding.hint}".rstrip()


def _as_data(finding: Finding) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "serious": finding.serious,
        "sentence": finding.sentence,
        "hint": finding.hint,
        "repairable": finding.mend is not None or finding.kind == "damaged",
    }
