"""Write a kept experiment out: the report, its tables as CSV and LaTeX, its pictures as SVG and PNG, and everything as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldapp.commands import Answer, Progress
from fieldapp.commands.lab.keeping import kept_in, write


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which one, where to."""
    parser.add_argument("place", metavar="RUN", type=Path, help="the folder an experiment was kept in, or a fieldbook")
    parser.add_argument("id", nargs="?", default="", help="which run of the fieldbook, by (the beginning of) its id; else the last")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="the folder to write to")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Write the files."""
    from fieldapp.lab.report import study_from

    kept = kept_in(options.place.absolute(), options.id)
    study = study_from(kept["study"])
    names = write(options.out.absolute(), study, {name: kept[name] for name in ("bench", "version", "options")} | {"study": kept["study"]})
    return Answer(f"{len(names)} files in {options.out}: {', '.join(names)}", {"out": str(options.out), "files": names})
