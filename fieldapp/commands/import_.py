"""Bring recordings in: files, folders or a manifest CSV. WAV and FLAC are kept as they are, everything else is kept and converted beside it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from fieldapp.intake.importing import Report

_SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to bring in, and what is known about it."""
    parser.add_argument("fieldbook", metavar="DIR", type=Path, help="the fieldbook")
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="*", help="sound files, or folders to search for them")
    parser.add_argument("--speaker", default="", metavar="CODE", help="who speaks, where the manifest does not say")
    parser.add_argument("--variety", default="", metavar="V", help="which variety, where the manifest does not say")
    parser.add_argument("--manifest", type=Path, metavar="M.csv", help="a table with a column 'path' and what is known about each file")
    parser.add_argument("--allow-outside", action="store_true", help="let the manifest name files outside its own folder with '..'")
    parser.add_argument("--annotations", type=Path, metavar="FILE", help="an annotation file (not built yet)")
    parser.add_argument("--session", default="", metavar="NAME", help="the session to put everything into (else one of its own)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would come in")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Import, or say what would be imported."""
    from fieldapp.errors import NotBuiltYet, WrongUsage
    from fieldapp.intake import importing, manifest
    from fieldapp.store.store import Store

    if options.annotations:
        raise NotBuiltYet("Importing annotation files is planned but not built yet.", "Recordings and manifests can be imported.")
    if not options.paths and not options.manifest:
        raise WrongUsage("There is nothing to import.", "Name files or folders, or a --manifest.")
    sources = [*([options.manifest] if options.manifest else []), *options.paths]
    folder: Path = options.fieldbook.absolute()
    with Store.open(folder, read_only=options.dry_run) as store:
        wanted = manifest.find_files(options.paths, options.speaker, options.variety)
        if options.manifest:
            listed = manifest.read_manifest(options.manifest, speaker=options.speaker, variety=options.variety, allow_outside=options.allow_outside)
            wanted = listed.joined(wanted)
        report = importing.rehearse(store, wanted, progress) if options.dry_run else importing.Import(store).run(wanted, sources, options.session, progress)
    return Answer(_as_text(report, dry=options.dry_run), report.data() | {"dry_run": options.dry_run}, 1 if report.problems else 0)


def _as_text(report: Report, *, dry: bool) -> str:
    lines = [
        f"{'Would import' if dry else 'Imported'} {report.imported} of {report.wanted} ({report.seconds / 60:.1f} min of sound)"
        + (f" into the session {report.session}" if report.session else "")
    ]
    lines += [
        f"  {count} {what}"
        for count, what in (
            (report.already, "were imported before"),
            (report.duplicates, "hold sound that is in the fieldbook already"),
            (report.described, "describe sound that is in the fieldbook already"),
            (len(report.set_aside), "are no sound files and were set aside"),
            (len(report.problems), "could not be imported:"),
        )
        if count
    ]
    lines += _listed([f"  {one.where}: {one.sentence}" for one in report.problems])
    lines += _listed([f"  note: {one.where}: {one.sentence}" for one in report.notes])
    return "\n".join(lines)


def _listed(lines: list[str]) -> list[str]:
    return lines[:_SHOWN] + ([f"  and {len(lines) - _SHOWN} more (all of them with --json)"] if len(lines) > _SHOWN else [])
