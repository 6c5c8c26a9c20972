"""The command line's commands: one file and one line in `COMMANDS` each; a file is imported only when its command runs.

A command module has `arguments(parser)` and `run(options, progress) -> Answer`. Commands compose the packages like
`app.py` does; they never import Qt.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

Progress = Callable[[float, str], None]
"""Told how far a job is (0..1, or below 0 when unknown) and what it is doing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found out: `data` for --json, `text` for a person, `code` for the shell (0 done, 1 not)."""

    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    code: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the command table. `module` is empty while the command is planned but not part of this version."""

    name: str
    help: str
    module: str = ""


COMMANDS: tuple[Command, ...] = (
    Command("tour", "the main job end to end on the bundled demo", "fieldapp.commands.tour"),
    Command("new", "make a fieldbook", "fieldapp.commands.new"),
    Command("info", "what a fieldbook holds", "fieldapp.commands.info"),
    Command("check", "examine a fieldbook, and mend it with --repair", "fieldapp.commands.check"),
    Command("restore", "go back to a backup", "fieldapp.commands.restore"),
    Command("merge", "take a second fieldbook in, with a three-way view of conflicts", "fieldapp.commands.merge"),
    Command("doctor", "devices, models, disk, versions: what is missing and how to get it", "fieldapp.commands.doctor"),
    Command("record", "record a session from the command line", "fieldapp.commands.record"),
    Command("import", "bring recordings, manifests and annotations in", "fieldapp.commands.import_"),
    Command("doubts", "answers that sounded like another item: list them and decide", "fieldapp.commands.doubts"),
    Command("transcribe", "turn recordings into draft text", "fieldapp.commands.transcribe"),
    Command("embed", "compute meaning and sound vectors", "fieldapp.commands.embed"),
    Command("search", "find recordings by word, meaning or sound", "fieldapp.commands.search"),
    Command("basket", "collect segments, list saved searches", "fieldapp.commands.basket"),
    Command("export", "hand over to other programs", "fieldapp.commands.export"),
    Command("relabel", "change labels in an ELAN file, and not a byte besides", "fieldapp.commands.relabel"),
    Command("consent", "what people allow: show, give, withdraw, erase", "fieldapp.commands.consent"),
    Command("deposit", "make a self-checked archive deposit", "fieldapp.commands.deposit"),
    Command("model", "list, add, convert and measure speech models", "fieldapp.commands.model"),
    Command("adapt", "make a model fit the dialect", "fieldapp.commands.adapt"),
    Command("lab", "experiments on your own recordings", "fieldapp.commands.lab"),
    Command("bulk", "process a whole archive"),
    Command("bench", "measure speed and memory on this machine", "fieldapp.commands.bench"),
)


def parser_of(command: Command, module: ModuleType) -> argparse.ArgumentParser:
    """How a command's words are read."""
    parser = argparse.ArgumentParser(prog=f"fieldapp {command.name}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    module.arguments(parser)
    return parser
