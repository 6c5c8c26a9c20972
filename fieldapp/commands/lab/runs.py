"""Experiments that were kept: in a fieldbook, or in folders (without a name: those of this person)."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldapp import paths
from fieldapp.commands import Answer, Progress
from fieldapp.commands.lab.keeping import listed


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to look."""
    parser.add_argument("place", metavar="DIR", type=Path, nargs="?", help="a fieldbook, or a folder that holds kept experiments")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """List them, oldest first."""
    place: Path = options.place or paths.data() / "lab"
    found = listed(place.absolute())
    lines = [f"{one['when'][:16]}  {one['bench']:<10} {one['id']}\n  {one['result'][:200]}" for one in found]
    return Answer("\n".join(lines) or f"No experiment is kept in {place}.", {"place": str(place), "runs": found})
