"""Bring recordings and annotations in: files, folders or a manifest CSV. WAV and FLAC are kept as they are, everything else is kept and converted beside it.

Annotation files (ELAN, Praat, subtitles, Audacity, Transcriber, tables) named after a sound in the same folder come in with it;
others are named with --annotations and find their sound by their links, beside them, or in the fieldbook. The folder of a
SayMore or lameta project comes in as a whole, people and sessions too. A ZIP file is unpacked first and comes in like the folder in it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress

if TYPE_CHECKING:
    from contextlib import ExitStack

    from fieldapp.intake.annotations import FileReport
    from fieldapp.intake.elsewhere import Ask
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
    parser.add_argument(
        "--annotations", type=Path, metavar="FILE", action="append", default=[], help="an annotation file, or a folder of them; may be given again"
    )
    parser.add_argument(
        "--map", metavar="THEIRS=OURS", action="append", default=[], help="what a tier or column of an annotation file means; may be given again"
    )
    parser.add_argument(
        "--media", type=Path, metavar="PATH", action="append", default=[], help="where sounds may be that are not beside their annotations; may be given again"
    )
    parser.add_argument("--session", default="", metavar="NAME", help="the session to put everything into (else one of its own)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would come in")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Import, or say what would be imported."""
    from contextlib import ExitStack

    from fieldapp.corpus.saymore.project import is_project
    from fieldapp.errors import WrongUsage

    if not options.paths and not options.manifest and not options.annotations:
        raise WrongUsage("There is nothing to import.", "Name files or folders, a --manifest or --annotations.")
    sources = [*([options.manifest] if options.manifest else []), *options.paths, *options.annotations]
    with ExitStack() as parts:
        options.paths = [_unpacked(path, options, parts, progress) for path in options.paths]
        return _projects(options, progress) if any(map(is_project, options.paths)) else _files(options, sources, progress)


def _unpacked(path: Path, options: argparse.Namespace, parts: ExitStack, progress: Progress) -> Path:
    """A ZIP file is unpacked for as long as the import takes."""
    from tempfile import TemporaryDirectory

    from fieldapp.intake import archives
    from fieldapp.intake.dropped import unpacked

    if path.suffix.lower() != archives.SUFFIX or not path.is_file():
        return path
    derived = options.fieldbook.absolute() / "derived"
    place = parts.enter_context(TemporaryDirectory(prefix="unpacked-", dir=derived if derived.is_dir() and not options.dry_run else None))
    return unpacked(path, Path(place), progress)


def _files(options: argparse.Namespace, sources: list[Path], progress: Progress) -> Answer:
    """Files, folders and tables."""
    from fieldapp.errors import ImportProblem
    from fieldapp.intake import annotations, elsewhere, importing, manifest
    from fieldapp.intake.dropped import without
    from fieldapp.store.store import Store

    mapping = _mapping(options.map)
    folder: Path = options.fieldbook.absolute()
    with Store.open(folder, read_only=options.dry_run) as store:
        wanted = manifest.find_files(options.paths, options.speaker, options.variety)
        if options.manifest:
            listed = manifest.read_manifest(options.manifest, speaker=options.speaker, variety=options.variety, allow_outside=options.allow_outside)
            wanted = listed.joined(wanted)
        labelled = annotations.files(options.annotations, wanted.set_aside, [row.path for row in wanted.rows])
        if options.annotations and not labelled:
            raise ImportProblem(f"There are no annotation files in {', '.join(map(str, options.annotations))}.", "Name the files, or another folder.")
        found, told = annotations.read(labelled, mapping, progress, allow_outside=options.allow_outside)
        elsewhere.look(store.reader(), found, options.media, _asker(options))
        linked = annotations.new_sounds(store.reader(), found)
        wanted = without(wanted, labelled).joined(manifest.find_files(linked, options.speaker, options.variety))
        if options.dry_run:
            report = importing.rehearse(store, wanted, progress)
        else:
            report = importing.Import(store).run(wanted, sources, options.session, progress) if wanted.rows or not labelled else importing.Report()
        annotations.attach(store, found, progress, dry=options.dry_run)
    told += [one.report for one in found]
    lines = [_as_text(report, dry=options.dry_run)] if report.wanted or not told else []
    lines += [line for one in told for line in _about_annotations(one, dry=options.dry_run)]
    data = report.data() | {"dry_run": options.dry_run, "annotations": [one.data() for one in told]}
    return Answer("\n".join(lines), data, 1 if report.problems or any(one.problem for one in told) else 0)


def _asker(options: argparse.Namespace) -> Ask | None:
    """On a terminal somebody can be asked where a sound is; a pipe is told in the report."""
    if options.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(name: str, file: Path) -> Path | None:
        sys.stderr.write(f"\nWhere is the sound of {file.name}{f' ({name})' if name else ''}? Its path, or Enter to leave the file out: ")
        sys.stderr.flush()
        said = sys.stdin.readline().strip().strip("'\"")
        return Path(said).expanduser() if said else None

    return ask


def _projects(options: argparse.Namespace, progress: Progress) -> Answer:
    """SayMore and lameta folders say themselves what is in them."""
    from fieldapp.commands.import_project import bring_in
    from fieldapp.corpus.saymore.project import is_project
    from fieldapp.errors import WrongUsage
    from fieldapp.store.store import Store

    others = [path for path in options.paths if not is_project(path)]
    if others or options.manifest or options.annotations or options.session or options.speaker:
        raise WrongUsage("A project comes in by itself: it says who speaks, when and where.", "Import other files with a command of their own.")
    with Store.open(options.fieldbook.absolute(), read_only=options.dry_run) as store:
        lines, data, good = bring_in(store, options.paths, progress, media=options.media, ask=_asker(options), dry=options.dry_run)
    return Answer("\n".join(lines), data, 0 if good else 1)


def _mapping(said: list[str]) -> dict[str, str]:
    from fieldapp.errors import WrongUsage

    mapping = {}
    for one in said:
        theirs, equals, ours = one.rpartition("=")
        if not equals or not theirs.strip() or not ours.strip():
            raise WrongUsage(f"'{one}' does not say what a tier or column means.", "Write --map THEIRS=OURS, for instance --map Story=transcription.")
        mapping[theirs.strip()] = ours.strip()
    return mapping


def _about_annotations(one: FileReport, *, dry: bool) -> list[str]:
    if one.problem:
        return [f"  {one.file}: {one.problem}"]
    done = "would add" if dry else "added"
    lines = [f"{one.file} ({one.format}): {one.utterances} stretches, {one.labels} labels; {done} {one.segments_added} segments and {one.texts_added} texts"]
    lines += [f"  speakers: {', '.join(one.speakers)}"] if one.speakers else []
    lines += [f"  tiers: {', '.join(theirs if theirs == ours else f'{theirs} -> {ours}' for theirs, ours in one.tiers.items())}"] if one.tiers else []
    lines += [f"  {one.already} texts were there already"] if one.already else []
    lines += [f"  kept as {one.kept_as}"] if one.kept_as else []
    return lines + _listed([f"  note: {sentence}" for sentence in one.warnings])


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
