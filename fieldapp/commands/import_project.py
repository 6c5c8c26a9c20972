"""The part of `fieldapp import` that takes whole SayMore and lameta projects: people, sessions, sound, annotations. Loaded only when one is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fieldapp.commands import Progress
from fieldapp.corpus.saymore.project import Project, read_project
from fieldapp.intake.annotations import FileReport, Found, attach, new_sounds, read
from fieldapp.intake.elsewhere import Ask, look
from fieldapp.intake.importing import Import, Report
from fieldapp.intake.manifest import find_files
from fieldapp.intake.stems import fold
from fieldapp.projects import Brought, annotation_files, bring_project, link_spoken, rehearse_project
from fieldapp.store.store import Store

_SHOWN = 20


def bring_in(
    store: Store, folders: Sequence[Path], progress: Progress, *, dry: bool, media: Sequence[Path] = (), ask: Ask | None = None
) -> tuple[list[str], dict[str, Any], bool]:
    """Each project in turn: lines for a person, data for --json, and whether all went well. Sounds it lacks are looked for in `media`, then asked for."""
    lines: list[str] = []
    told: list[dict[str, Any]] = []
    good = True
    for folder in folders:
        project = read_project(folder)
        about: dict[str, Any] = {"project": project.title, "folder": str(folder), "people": len(project.speakers), "sessions": len(project.sessions)}
        brought = rehearse_project(store, project, progress) if dry else bring_project(store, project, progress)
        found, files = read(annotation_files(project), {}, progress, allow_outside=False)
        look(store.reader(), found, media, ask)
        if not dry:
            brought.sound += _from_elsewhere(store, project, found, progress)
        attach(store, found, progress, dry=dry)
        if not dry:
            about["oral_annotations"] = link_spoken(store)
        files += [one.report for one in found]
        problems = [{"where": p.where, "what": p.sentence} for p in (*brought.problems, *(p for report in brought.sound for p in report.problems))]
        problems += [{"where": one.file, "what": one.problem} for one in files if one.problem]
        about |= {"sound": [report.data() for report in brought.sound], "annotations": [one.data() for one in files], "papers": brought.papers}
        lines.append(f"{'Would import' if dry else 'Imported'} the project {project.title or folder.name}: {_counted(project, brought, dry=dry)}")
        lines.append(f"  {sum(r.imported for r in brought.sound)} recordings, {sum(_texts(one, dry=dry) for one in files)} texts")
        lines += [f"  {len(brought.papers)} other files {'would be' if dry else 'were'} kept as they are"] if brought.papers else []
        lines += [f"  {one['where']}: {one['what']}" for one in problems[:_SHOWN]]
        told.append(about | {"problems": problems})
        good = good and not problems
    return lines, {"dry_run": dry, "projects": told}, good


def _from_elsewhere(store: Store, project: Project, found: Sequence[Found], progress: Progress) -> Iterator[Report]:
    """Sounds that were found outside the project come into the session whose annotations they belong to."""
    for sitting in project.sessions:
        own = [one for one in found if one.file.is_relative_to(sitting.folder.absolute())]
        if sounds := new_sounds(store.reader(), own):
            yield Import(store).run(find_files(sounds, "", ""), sounds, fold(sitting.name), progress)


def _counted(project: Project, brought: Brought, *, dry: bool) -> str:
    new = (f" ({brought.people} new)", f" ({brought.sessions} new)") if dry else ("", "")
    return f"{len(project.speakers)} people{new[0]}, {len(project.sessions)} sessions{new[1]}"


def _texts(report: FileReport, *, dry: bool) -> int:
    """Where the sound would come in first, nothing is known yet of what it holds: all labels are new."""
    return report.texts_added or (report.labels if dry and not report.problem else 0)
