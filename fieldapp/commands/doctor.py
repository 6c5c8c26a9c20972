"""Look at this machine: sound devices, models, processor and graphics card, disk, fonts, versions; what is missing and how to get it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Answer, Progress
from fieldapp.errors import FieldError

if TYPE_CHECKING:
    from fieldapp.doctor.finding import Finding

MARKS = {"ok": "ok     ", "look": "LOOK   ", "missing": "MISSING"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which folder's disk is looked at."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="a fieldbook, or where one shall be (default: where Fieldapp keeps its data)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Look at everything; fails only when something essential is missing."""
    from fieldapp import paths, settings
    from fieldapp.commands.engine import model_shelf
    from fieldapp.doctor.fonts import fonts
    from fieldapp.doctor.machine import machine
    from fieldapp.doctor.models import models
    from fieldapp.doctor.places import place
    from fieldapp.doctor.software import software
    from fieldapp.doctor.sound import sound

    folder: Path = options.folder or paths.data()
    if options.folder and not folder.is_dir():
        raise FieldError(f"There is no folder {folder}.", "Name a fieldbook or any folder, or none.")
    looks: tuple[tuple[str, Callable[[], list[Finding]]], ...] = (
        ("sound", sound),
        ("models", lambda: models(model_shelf())),
        ("machine", machine),
        ("disk", lambda: place(folder)),
        ("fonts", lambda: fonts(settings.pairs(settings.load(paths.config() / settings.FILE)[0].fonts))),
        ("software", software),
    )
    findings: list[Finding] = []
    for number, (name, look) in enumerate(looks):
        progress(number / len(looks), name)
        findings += look()
    progress(1.0, "done")
    missing = sum(finding.status == "missing" for finding in findings)
    return Answer(text=_text(findings), data={"findings": [asdict(finding) for finding in findings], "missing": missing}, code=1 if missing else 0)


def _text(findings: list[Finding]) -> str:
    lines = []
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        lines.append(f"{MARKS[finding.status]}  {finding.what:<{width}}  {finding.found}")
        if finding.advice:
            lines.append(f"{'':9}{'':<{width}}  -> {finding.advice}")
    return "\n".join([*lines, "", _summary(findings)])


def _summary(findings: list[Finding]) -> str:
    counts = {status: sum(finding.status == status for finding in findings) for status in MARKS}
    looks = f"{counts['look']} thing{'s' if counts['look'] != 1 else ''} to look at"
    if counts["missing"]:
        return f"{counts['missing']} essential part{'s are' if counts['missing'] != 1 else ' is'} missing, {looks}."
    return f"Everything essential is there, {looks}." if counts["look"] else "Everything is there."
