"""The main job from end to end on the bundled demo: a fieldbook is made, filled, searched and checked, with the very commands one would type."""

from __future__ import annotations

import argparse
import importlib
import shlex
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fieldapp.commands import COMMANDS, Answer, Progress, parser_of
from fieldapp.errors import FieldError

INTRODUCTION = """\
Fieldapp on a small demo: four meanings in Mandarin, Cantonese and English, twelve utterances.
(The demo is synthetic speech; it shows the program and says nothing about these varieties.)"""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing shown: what it is about, and the command with {book}, {out} (which holds it) and {demo} for the folders."""

    title: str
    words: tuple[str, ...]
    finds: frozenset[str] = frozenset()
    """For a search: the varieties in which something has to be found."""


STEPS = (
    Step("Make a fieldbook", ("new", "{book}", "--title", "Fieldapp demo")),
    Step(
        "Bring the recordings in, with speakers, varieties, transcripts, IPA and translations",
        ("import", "{book}", "--manifest", "{demo}/manifest.csv", "--session", "demo"),
    ),
    Step("What it holds now", ("info", "{book}")),
    Step("Who says 天? One character is enough", ("search", "{book}", "天"), frozenset({"Mandarin", "Cantonese"})),
    Step("Who says it with these sounds? IPA is text like any other", ("search", "{book}", "faːn˨"), frozenset({"Cantonese"})),
    Step(
        "Who spoke of the sun? The translations answer for every variety",
        ("search", "{book}", "sun"),
        frozenset({"Mandarin", "Cantonese", "English"}),
    ),
    Step("To ELAN, for your own work", ("export", "{book}", "--format", "elan", "--purpose", "listen", "--out", "{out}/ELAN")),
    Step("To an archive? Nothing leaves before its speakers have agreed", ("export", "{book}", "--format", "elan", "--out", "{out}/archive")),
    Step("Is everything whole?", ("check", "{book}")),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """How a step went."""

    title: str
    command: str
    status: str
    seconds: float = 0.0
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where the demo is built."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="build the demo in this folder and keep it (else in a temporary one)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Go through the steps; fails when one of them did."""
    from fieldapp import paths

    with ExitStack() as undo:
        out = options.out.absolute() if options.out else Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="fieldapp-tour-")))
        shown = []
        for number, step in enumerate(STEPS):
            progress(number / len(STEPS), step.title)
            shown.append(_show(step, {"book": out / "Demo", "out": out, "demo": paths.resource("demo")}))
            if shown[-1].status == "failed":
                break
        progress(1.0, "done")
    planned = [command.name for command in COMMANDS if not command.module]
    data = {"fieldbook": str(out / "Demo"), "kept": bool(options.out), "steps": [asdict(one) for one in shown], "not_built": planned}
    return Answer(_report(shown, planned, str(options.out or "")), data, int(shown[-1].status == "failed"))


def _show(step: Step, folders: dict[str, Path]) -> Shown:
    words = [word.format_map(folders) for word in step.words]
    line = shlex.join(["fieldapp", *words])
    command = next(one for one in COMMANDS if one.name == words[0])
    if not command.module:
        return Shown(step.title, line, "not built")
    module = importlib.import_module(command.module)
    started = time.monotonic()
    try:
        answer: Answer = module.run(parser_of(command, module).parse_args(words[1:]), _quiet)
    except FieldError as trouble:
        return Shown(step.title, line, "failed", time.monotonic() - started, str(trouble))
    good = answer.code == 0 and step.finds <= {hit["variety"] for hit in answer.data.get("hits", ())}
    return Shown(step.title, line, "ok" if good else "failed", time.monotonic() - started, answer.text, dict(answer.data))


def _quiet(share: float, doing: str) -> None:
    """The steps of the tour are its progress."""


def _report(shown: list[Shown], planned: list[str], kept: str) -> str:
    parts = [INTRODUCTION]
    for number, one in enumerate(shown, 1):
        outcome = {"ok": one.text, "failed": f"This did not work:\n{one.text}", "not built": "This is not part of this version yet."}[one.status]
        parts.append(f"{number}. {one.title}\n   $ {one.command}\n" + "\n".join(f"   {line}" for line in outcome.splitlines()))
    if shown[-1].status == "failed":
        parts.append("The tour ends here.")
    else:
        seconds = sum(one.seconds for one in shown)
        where = f"It stays in {kept}." if kept else "It was temporary; --out DIR keeps it."
        parts.append(f"All of this took {seconds:.1f} s. {where}")
    if planned:
        parts.append(f"Not part of this version yet, so not shown: {', '.join(planned)}.")
    return "\n\n".join(parts)
