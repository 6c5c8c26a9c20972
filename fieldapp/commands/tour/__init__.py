"""The main job from end to end on the bundled demo: a fieldbook is built, transcribed, embedded, searched and handed over, with the commands one would type.

At the end stands what was said, what was found and how sure that is: in the demo everybody was asked known things, so it can be told.
"""

from __future__ import annotations

import argparse
import importlib
import shlex
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from fieldapp.commands import COMMANDS, Answer, Command, Progress, parser_of
from fieldapp.errors import FieldError, NotBuiltYet

INTRODUCTION = """\
Fieldapp on its demo: thirteen speakers say the same 50 sentences, 100 words and the names of 30 pictures, in Mandarin,
Cantonese, Hakka, English and one dialect that was made from Mandarin. Four of them have been transcribed.
(Nobody speaks here: the sound is synthetic. It shows the program and says nothing about these varieties.)"""
ASKING = "K2"
LARGER = "fieldapp model add OWNER/NAME installs a larger one; fieldapp model list shows what is there."
NO_MODEL = f"No speech model is installed, so nothing is transcribed here. {LARGER}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing shown: what it is about, and the command with {book}, {out} (which holds it), {model} and {like}, an answer in it."""

    title: str
    words: tuple[str, ...]
    finds: frozenset[str] = frozenset()
    """For a search: the varieties in which something has to be found."""
    listens: bool = False
    """Whether it needs a speech model."""
    optional: bool = False
    """Whether the tour goes on without it: not every model has what it takes."""


STEPS = (
    Step("What the demo fieldbook holds", ("info", "{book}")),
    Step("Write drafts of what nobody has transcribed", ("transcribe", "{book}", "--model", "{model}", "--pending"), listens=True),
    Step("Give every answer a place by meaning and by sound", ("embed", "{book}", "--model", "{model}"), listens=True),
    Step("Who says 厨师 (cook)? Texts of people and drafts answer alike", ("search", "{book}", "厨师", "-k", "5"), frozenset({"Mandarin"})),
    Step("Who says ngìn (person) in Hakka, whatever its tone mark?", ("search", "{book}", "ngin", "--ignore", "marks", "-k", "5"), frozenset({"Hakka"})),
    Step(
        "Who spoke of a thief? The translations answer for every variety",
        ("search", "{book}", "thieves", "-k", "5"),
        frozenset({"Mandarin", "Cantonese", "Hakka", "English"}),
    ),
    Step(
        "What means the same as this English sentence, whatever its language?",
        ("search", "{book}", "there are six cooks in the lake", "--mode", "meaning", "-k", "8"),
        listens=True,
        optional=True,
    ),
    Step(
        "Who else says what one Cantonese speaker says here? One recording is the question", ("search", "{book}", "--like", "{like}", "-k", "8"), listens=True
    ),
    Step("To ELAN, for your own work", ("export", "{book}", "--format", "elan", "--purpose", "listen", "--out", "{out}/ELAN")),
    Step("To an archive? Only what its speakers have agreed to", ("export", "{book}", "--format", "elan", "--out", "{out}/archive")),
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
    """Where the demo is built, and which model listens."""
    parser.add_argument("--out", type=Path, metavar="DIR", help="build the demo in this folder and keep it (else in a temporary one)")
    parser.add_argument("--model", default="", help="a speech model's name or folder (else: the one in the settings)")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Build the demo and go through the steps; fails when one of them did."""
    from fieldapp.commands.engine import current, has_model
    from fieldapp.commands.tour.understanding import understood

    model = options.model or current().model
    listens = has_model(model)
    with ExitStack() as undo:
        out = options.out.absolute() if options.out else Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="fieldapp-tour-")))
        book = out / "Demo"
        shown = [_build(book, progress)]
        steps = [step for step in STEPS if listens or not step.listens]
        for number, step in enumerate(steps if shown[0].status == "ok" else [], 1):
            progress(number / (len(steps) + 1), step.title)
            shown.append(_show(step, {"book": book, "out": out, "model": model, "like": _an_answer(book)}))
            if shown[-1].status == "failed":
                break
        whole = shown[-1].status != "failed"
        findings = understood(book) if whole and listens else None
        progress(1.0, "done")
    planned = [command.name for command in COMMANDS if not command.module]
    data = {
        "fieldbook": str(book),
        "kept": bool(options.out),
        "model": model if listens else "",
        "steps": [asdict(one) for one in shown],
        "understood": findings.data() if findings else {},
        "seconds": round(sum(one.seconds for one in shown), 1),
        "not_built": planned,
    }
    closing = findings.text() if findings else NO_MODEL if whole else ""
    return Answer(_report(shown, closing, planned, str(options.out or "")), data, int(not whole))


def hear(book: Path, model: str, progress: Progress) -> None:
    """Transcribe and embed a demo that was built."""
    for step in STEPS:
        if step.words[0] in ("transcribe", "embed"):
            words = [word.format_map({"book": book, "model": model}) for word in step.words]
            command, module = _command(words[0])
            module.run(parser_of(command, module).parse_args(words[1:]), progress)


def _an_answer(book: Path) -> str:
    """The first answer of a speaker nobody transcribed."""
    from fieldapp.store.store import Store

    with Store.open(book, read_only=True) as store:
        found = store.reader().execute("SELECT segment.id FROM segment JOIN person ON person.id = segment.speaker WHERE person.code = ? LIMIT 1", (ASKING,))
        return str(found.fetchone()[0])


def _command(name: str) -> tuple[Command, ModuleType]:
    command = next(one for one in COMMANDS if one.name == name)
    return command, importlib.import_module(command.module)


def _build(book: Path, progress: Progress) -> Shown:
    from fieldapp import paths
    from fieldapp.intake.demo import build

    title, began = "Import the demo: a session of each speaker, prompt lists, pictures, consents", time.monotonic()
    try:
        build(book, paths.resource("demo"), lambda share, doing: progress(0.1 * share, doing))
    except FieldError as trouble:
        return Shown(title, "", "failed", time.monotonic() - began, str(trouble))
    return Shown(title, "", "ok", time.monotonic() - began, f"It is in {book}.")


def _show(step: Step, folders: dict[str, Any]) -> Shown:
    words = [word.format_map(folders) for word in step.words]
    line = shlex.join(["fieldapp", *words])
    command, module = _command(words[0])
    started = time.monotonic()
    try:
        answer: Answer = module.run(parser_of(command, module).parse_args(words[1:]), _quiet)
    except NotBuiltYet:
        return Shown(step.title, line, "not built", time.monotonic() - started)
    except FieldError as trouble:
        return Shown(step.title, line, "without" if step.optional else "failed", time.monotonic() - started, str(trouble))
    good = answer.code == 0 and step.finds <= {hit["variety"] for hit in answer.data.get("hits", ())}
    return Shown(step.title, line, "ok" if good else "failed", time.monotonic() - started, answer.text, dict(answer.data))


def _quiet(share: float, doing: str) -> None:
    """The steps of the tour are its progress."""


def _report(shown: list[Shown], closing: str, planned: list[str], kept: str) -> str:
    parts = [INTRODUCTION]
    for number, one in enumerate(shown, 1):
        outcome = {"ok": one.text, "failed": f"This did not work:\n{one.text}", "not built": "This is not part of this version yet.", "without": one.text}[
            one.status
        ]
        typed = [f"   $ {one.command}"] if one.command else []
        parts.append("\n".join([f"{number}. {one.title}", *typed, *(f"   {line}" for line in outcome.splitlines())]))
    if shown[-1].status == "failed":
        parts.append("The tour ends here.")
    else:
        parts += [closing] if closing else []
        seconds = sum(one.seconds for one in shown)
        where = f"It stays in {kept}." if kept else "It was temporary; --out DIR keeps it."
        parts.append(f"All of this took {seconds:.1f} s. {where}")
    if planned:
        parts.append(f"Not part of this version yet, so not shown: {', '.join(planned)}.")
    return "\n\n".join(parts)
