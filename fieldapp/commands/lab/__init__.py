"""Experiments on your own recordings: a manifest CSV, a fieldbook, or a YuBao folder in; a report, tables and pictures out.

Each experiment is one file and one line in BENCHES, with `arguments(parser)` and `run(options, progress)` that returns a `Study`.
Every study is kept: in the fieldbook it is about, else in a folder. 'fieldapp lab runs' lists them, 'fieldapp lab again' repeats
one and compares the numbers, 'fieldapp lab export' writes its tables and pictures.
"""

from __future__ import annotations

import argparse
import importlib

from fieldapp.commands import Answer, Progress

BENCHES: tuple[tuple[str, str, str], ...] = (
    ("retrieval", "does a recording find the same meaning in another variety?", "fieldapp.commands.lab.retrieval"),
    ("control", "which sentence pairs share nothing that sounds alike?", "fieldapp.commands.lab.control"),
    ("layers", "do varieties meet by sound or by meaning, layer by layer?", "fieldapp.commands.lab.layers"),
    ("homophones", "is a word nearer to its synonym or to what sounds alike?", "fieldapp.commands.lab.homophones"),
    ("exit", "would an earlier exit read this variety better?", "fieldapp.commands.lab.exit"),
    ("cer", "how well does a model read each variety and speaker?", "fieldapp.commands.lab.cer"),
    ("abx", "which sounds, or languages, does a model tell apart?", "fieldapp.commands.lab.abx"),
    ("distance", "how far are varieties apart: map, tree, and pronunciation on paper", "fieldapp.commands.lab.distance"),
    ("prefixes", "how short may a vector be?", "fieldapp.commands.lab.prefixes"),
    ("arms", "which model brings speech nearer to what it means?", "fieldapp.commands.lab.arms"),
    ("fusion", "is speech better fused into a text model? (extra [train])", "fieldapp.commands.lab.fusion"),
    ("pooling", "would attention or a mix of layers hear more? (extra [train])", "fieldapp.commands.lab.pooling"),
    ("pictures", "find a word by pictures alone, with no training", "fieldapp.commands.lab.pictures"),
    ("grounding", "do pictures narrow the gap between one language and two? (extra [train])", "fieldapp.commands.lab.grounding"),
    ("zeroshot", "can labels be given with no or few examples?", "fieldapp.commands.lab.zeroshot"),
    ("keywords", "does a typed word find the utterances that hold it?", "fieldapp.commands.lab.keywords"),
    ("probe", "what is in a vector: meaning, words, speaker, place, duration", "fieldapp.commands.lab.probe"),
    ("acceptance", "every acceptance test (T0 to T4c) on the demo: pass or fail", "fieldapp.commands.lab.acceptance"),
    ("starter-report", "what can the bundled starter model do, and what not?", "fieldapp.commands.lab.starter_report"),
)
"""Name, what it asks, module."""

KEPT: tuple[tuple[str, str, str], ...] = (
    ("runs", "experiments that were kept", "fieldapp.commands.lab.runs"),
    ("again", "repeat a kept experiment and compare every number", "fieldapp.commands.lab.again"),
    ("export", "write report, tables (CSV, LaTeX) and pictures (SVG, PNG) of a kept experiment", "fieldapp.commands.lab.export"),
)
"""What is done with experiments that were kept; these modules return an Answer of their own."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command per bench, and those about kept runs."""
    choose = parser.add_subparsers(dest="bench", metavar="BENCH", required=True)
    for name, what, module in (*BENCHES, *KEPT):
        bench = choose.add_parser(name, help=what, description=importlib.import_module(module).__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        bench.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document on stdout")
        bench_arguments(bench, module)


def bench_arguments(parser: argparse.ArgumentParser, module: str) -> None:
    """The words of one bench; what every experiment has in common comes last."""
    from pathlib import Path

    importlib.import_module(module).arguments(parser)
    parser.set_defaults(bench_module=module)
    if module in {name for _, _, name in BENCHES}:
        parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn (default 0); the same seed gives the same numbers")
        parser.add_argument("--out", type=Path, metavar="DIR", help="write report, tables and pictures into this folder, too")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Run the chosen bench and keep what it found."""
    from fieldapp.commands.lab.keeping import keep
    from fieldapp.lab.report import Study

    module = importlib.import_module(options.bench_module)
    found = module.run(options, progress)
    if not isinstance(found, Study):
        answer: Answer = found
        return answer
    place = keep(found, options)
    return Answer(f"{found.text()}\n\nKept    {place}", found.json() | {"kept": place})
