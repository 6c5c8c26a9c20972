"""The command line: finds the command, runs it, prints one answer, says trouble in one line.

Exit codes are a contract: 0 done, 1 the world's fault, 2 wrong usage. With --json stdout carries one JSON document and
nothing else; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from fieldapp import __version__, cores
from fieldapp.commands import COMMANDS, Answer, Command, parser_of
from fieldapp.errors import Cancelled, FieldError, NotBuiltYet, WrongUsage

WIDE = frozenset(("adapt", "lab", "search"))
"""Commands and benches that multiply large matrices while little else runs: they may take every core for that."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a C or Windows locale must not break on IPA
            reconfigure(encoding="utf-8", errors="backslashreplace")
    (cores.products_alone if WIDE.isdisjoint(words[:2]) else cores.products_calm)()
    command = next((c for c in COMMANDS if words and c.name == words[0]), None)
    if command is None:
        return _top_level(words)
    return _run(command, words[1:])


def _top_level(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="fieldapp",
        description="The field recorder that understands what it records.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_command_table(),
    )
    parser.add_argument("--version", action="version", version=f"fieldapp {__version__}")
    parser.add_argument("fieldbook", nargs="?", help="a fieldbook to open in the window, or a command below")
    options = parser.parse_args(words)
    try:
        if options.fieldbook is not None and not Path(options.fieldbook).exists():
            raise _neither(options.fieldbook)
        from fieldapp import app  # noqa: PLC0415  (Qt is loaded only when a window is wanted)

        return app.open_window(options.fieldbook)
    except FieldError as trouble:
        return _say(trouble)


def _neither(word: str) -> WrongUsage:
    """What to say about a word that is no command and names no folder."""
    near = difflib.get_close_matches(word, [c.name for c in COMMANDS], 1)
    hint = f"Did you mean: fieldapp {near[0]}" if near else "The commands: fieldapp --help"
    return WrongUsage(f"'{word}' is neither a command nor a fieldbook.", hint)


def _command_table() -> str:
    return "commands:\n" + "\n".join(f"  {c.name:<11} {c.help}" for c in COMMANDS)


def _run(command: Command, words: list[str]) -> int:
    try:
        if not command.module:
            raise NotBuiltYet(f"'fieldapp {command.name}' is planned but not built yet in version {__version__}.")
        module = importlib.import_module(command.module)
        options = _parse(parser_of(command, module), words)
        answer = _logged(module, options)
    except FieldError as trouble:
        return _say(trouble)
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("\nstopped\n")
        return 1
    sys.stdout.write((json.dumps(answer.data, ensure_ascii=False, indent=2) if options.json else answer.text) + "\n")
    return answer.code


def _parse(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """Options before, between or after the other words, as people type them; only a parser with sub-commands cannot have that."""
    try:
        return parser.parse_intermixed_args(words)
    except TypeError:
        return parser.parse_args(words)


def _logged(module: ModuleType, options: argparse.Namespace) -> Answer:
    from fieldapp import log, paths  # noqa: PLC0415  (--help needs neither)

    with log.writing(paths.logs(), "commands"):
        try:
            answer: Answer = module.run(options, _progress)
        except FieldError as trouble:
            logging.getLogger(__name__).info("%s ended with: %s", module.__name__, trouble)
            raise
        except Exception:
            logging.getLogger(__name__).exception("a bug in %s", module.__name__)
            raise
    return answer


def _progress(share: float, doing: str) -> None:
    """One line on stderr, rewritten in place on a terminal and rare elsewhere."""
    if sys.stderr.isatty():
        mark = f"{share:4.0%} " if share >= 0 else ""
        sys.stderr.write(f"\r\x1b[K{mark}{doing[:100]}")
        if share >= 1:
            sys.stderr.write("\n")
        sys.stderr.flush()


def _say(trouble: FieldError) -> int:
    sys.stderr.write(f"fieldapp: {trouble}\n")
    return 2 if isinstance(trouble, WrongUsage) else 1
