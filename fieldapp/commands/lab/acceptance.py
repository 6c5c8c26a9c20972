"""Does what the five papers found hold for this model? Every acceptance test (T0 to T4c) on the bundled demo, one row each: pass or fail, n, chance, interval.

Each test is an experiment of its own, with the words that repeat it alone; what was fixed beforehand (recordings, labels, thresholds)
stands in those words. The demo's voices are synthetic: a test passed here says that the method works, not that it works for a dialect.
--only T0,T1a runs some. Whole, it takes some minutes: every recording is listened to once and shared.
"""

from __future__ import annotations

import argparse
import re
import shlex
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Progress
from fieldapp.commands.lab.acceptance_tests import TESTS, Wanted, with_names
from fieldapp.errors import FieldError, WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.report import Cell, Study, Table

NOT_RUN = "not run"
_WIDE = 150


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, which tests."""
    parser.add_argument("--model", default="", help="a model's name or folder (else: the one in the settings)")
    parser.add_argument("--recogniser", default="", metavar="MODEL", help="a model that only learned to transcribe, for T4a")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where it runs (else: as in the settings)")
    parser.add_argument("--only", default="", metavar="T,T", help=f"some of {', '.join(test.id for test in TESTS)}")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """One experiment after the other; what one cannot do stops no other."""
    from fieldapp.lab.hearing import remembering
    from fieldapp.lab.report import Study

    chosen = _chosen(options.only)
    names = with_names(options, progress)
    found: dict[str, Study] = {}
    words: dict[str, list[str]] = {}
    trouble: dict[str, str] = {}
    with remembering():
        for number, test in enumerate(chosen):
            progress(number / len(chosen), f"{test.id}: {test.claim}")
            words[test.id] = test.spoken(names)
            same = next((earlier for earlier in found if words[earlier] == words[test.id]), None)
            try:
                found[test.id] = found[same] if same else _one(words[test.id], progress)
            except FieldError as refused:
                trouble[test.id] = str(refused)
    rows = [row for test in chosen for row in _rows(test, found.get(test.id))]
    verdicts = {test.id: test.verdict(found[test.id]) if test.id in found else None for test in chosen}
    passed = [name for name, verdict in verdicts.items() if verdict]
    failed = [name for name, verdict in verdicts.items() if verdict is False]
    silent = [name for name, verdict in verdicts.items() if verdict is None]
    return Study(
        "acceptance",
        "Which findings of the five papers hold for this model, on the demo?",
        {"source": "demo", "model": names["model"], "seed": options.seed, "tests": ", ".join(test.id for test in chosen)},
        (
            f"{len(passed)} of {len(chosen)} pass ({', '.join(passed) or 'none'}); {len(failed)} fail ({', '.join(failed) or 'none'}); "
            f"{len(silent)} could not be decided ({', '.join(silent) or 'none'}).",
            *(line for test in chosen for line in _told(test, verdicts[test.id], found.get(test.id), words[test.id], trouble.get(test.id, ""))),
        ),
        ("All voices of the demo are synthetic, and some tests have few items: see n and the intervals.",),
        (_table(rows),),
        {f"{test}-{name}": drawn for test, study in found.items() for name, drawn in study.pictures.items()},
        {f"{test}.txt": study.text() + "\n" for test, study in found.items()},
        {"words": words, "trouble": trouble, "tests": {name: _numbers(study) for name, study in found.items()}},
        passed=bool(chosen) and len(passed) == len(chosen),
    )


def _numbers(study: Study) -> dict[str, Any]:
    """A study without its drawings and files, which are made of its numbers."""
    return {name: value for name, value in study.json().items() if name not in ("pictures", "files")}


def _chosen(only: str) -> list[Wanted]:
    wanted = [name.strip().upper() for name in only.split(",") if name.strip()]
    known = {test.id.upper(): test for test in TESTS}
    if unknown := [name for name in wanted if name not in known]:
        raise WrongUsage(f"There is no acceptance test {unknown[0]}.", f"There are: {', '.join(test.id for test in TESTS)}.")
    return [test for name, test in known.items() if name in wanted or not wanted]


def _one(words: Sequence[str], progress: Progress) -> Study:
    """What `fieldapp lab WORDS` finds."""
    import importlib

    from fieldapp.commands.lab import BENCHES, bench_arguments

    module = next(module for name, _, module in BENCHES if name == words[0])
    parser = argparse.ArgumentParser()
    bench_arguments(parser, module)
    options = parser.parse_intermixed_args(list(words[1:]))
    study: Study = importlib.import_module(module).run(options, lambda _, doing: progress(-1.0, doing))
    return study


def _rows(test: Wanted, study: Study | None) -> list[tuple[Cell, ...]]:
    """The figures of a test; one row without figures where it could not be run."""
    if study is None:
        return [(test.id, NOT_RUN, *[None] * 6)]
    verdict = {True: "pass", False: "FAIL", None: NOT_RUN}[test.verdict(study)]
    figures = [one for one in study.measured if re.search(test.figures, one.what)] or list(study.measured)
    return [(test.id, verdict, one.what, one.n, one.chance, one.value, one.low, one.high) for one in figures]


def _told(test: Wanted, verdict: bool | None, study: Study | None, words: Sequence[str], trouble: str) -> list[str]:
    """The verdict in words, what came out, what speaks against believing it, and how to ask again."""
    head = f"{test.id} {({True: 'pass', False: 'FAIL', None: NOT_RUN})[verdict]}: {test.claim}"
    lines = [*study.result[: test.lines], *(f"but: {doubt}" for doubt in study.doubt[:2])] if study else [trouble]
    told = [part for line in (*lines, f"again: fieldapp lab {shlex.join(words)}") for part in textwrap.wrap(line, _WIDE)]
    return ["", head, *(f"  {line}" for line in told)]


def _table(rows: Sequence[tuple[Cell, ...]]) -> Table:
    from fieldapp.lab.report import COUNT, PERCENT, Column, Table

    names = tuple(Column(name) for name in ("test", "verdict", "figure"))
    shares = tuple(Column(name, PERCENT) for name in ("chance", "value", "low", "high"))
    return Table("acceptance", "Every test and the figures it rests on (95 % interval)", (*names, Column("n", COUNT), *shares), tuple(rows))
