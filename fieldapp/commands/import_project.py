"""The part of `fieldapp import` that takes whole SayMore and lameta projects: people, sessions, sound, annotations. Loaded only when one is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fieldapp.commands import Progress
from fieldapp.corpus.saymore.project import read_project
from fieldapp.intake.annotations import attach, read
from fieldapp.projects import annotation_files, bring_project, link_spoken
from fieldapp.store.store import Store

_SHOWN = 20


def bring_in(store: Store, folders: Sequence[Path], progress: Progress, *, dry: bool) -> tuple[list[str], dict[str, Any], bool]:
    """Each project in turn: lines for a person, data for --json, and whether all went well."""
    lines: list[str] = []
    told: list[dict[str, Any]] = []
    good = True
    for folder in folders:
        project = read_project(folder)
        about: dict[str, Any] = {"project": project.title, "folder": str(folder), "people": len(project.speakers), "sessions": len(project.sessions)}
        problems = [{"where": where, "what": sentence} for where, sentence in project.problems]
        verb = "Would import" if dry else "Imported"
        lines.append(f"{verb} the project {project.title or folder.name}: {len(project.speakers)} people, {len(project.sessions)} sessions")
        if not dry:
            brought = bring_project(store, project, progress)
            found, files = read(annotation_files(project), {}, progress, allow_outside=False)
            attach(store, found, progress, dry=False)
            about["oral_annotations"] = link_spoken(store)
            files += [one.report for one in found]
            problems += [{"where": p.where, "what": p.sentence} for report in brought.sound for p in report.problems]
            problems += [{"where": one.file, "what": one.problem} for one in files if one.problem]
            about |= {"sound": [report.data() for report in brought.sound], "annotations": [one.data() for one in files], "set_aside": brought.set_aside}
            lines.append(f"  {sum(r.imported for r in brought.sound)} recordings, {sum(one.texts_added for one in files)} texts")
            lines += [f"  {len(brought.set_aside)} other files were set aside; they stay where they are"] if brought.set_aside else []
        lines += [f"  {one['where']}: {one['what']}" for one in problems[:_SHOWN]]
        told.append(about | {"problems": problems})
        good = good and not problems
    return lines, {"dry_run": dry, "projects": told}, good
