"""Measure speed and memory on this machine. Each bench is one file and one line in BENCHES, with `arguments` and `run` like a command."""

from __future__ import annotations

import argparse
import importlib

from fieldapp.commands import Answer, Progress

BENCHES: tuple[tuple[str, str, str], ...] = (
    ("commit", "time until one segment with its texts is durable", "fieldapp.commands.bench.commit"),
    ("words", "word search in a million segments", "fieldapp.commands.bench.words"),
    ("intake", "importing many files, reading a long one: speed and memory", "fieldapp.commands.bench.intake"),
    ("live", "how soon text follows speech, beside padded local agreement", "fieldapp.commands.bench.live"),
    ("encode", "the encoder beside the processor's limit, the cost of vectors, the start", "fieldapp.commands.bench.encode"),
    ("vectors", "heads, kept frames, reading a million vectors, a query by text", "fieldapp.commands.bench.vectors"),
    ("seqsim", "SeqSim between all recordings of 78 sites: speed and memory", "fieldapp.commands.bench.seqsim"),
    ("qbe", "query by example: pooled, SeqSim, the application, plain acoustics", "fieldapp.commands.bench.example"),
    ("typed", "typed translations find recordings: how often, beside chance", "fieldapp.commands.bench.typed"),
    ("search", "searching by vectors beside other ways: time, recall, memory", "fieldapp.commands.bench.search"),
    ("import", "archive speed and memory beside faster-whisper's pipelines", "fieldapp.commands.bench.import_"),
    ("corpus", "exporting and reading a hundred thousand annotations", "fieldapp.commands.bench.corpus"),
    ("window", "the window on a ten-hour recording: drawing and typing", "fieldapp.commands.bench.window"),
    ("start", "how soon the window can be worked with", "fieldapp.commands.bench.start"),
)
"""Name, what it measures, module."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command per bench; a bench is imported only when it is asked for."""
    choose = parser.add_subparsers(dest="bench", metavar="BENCH", required=True)
    for name, what, module in BENCHES:
        bench = choose.add_parser(name, help=what, description=what)
        bench.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document on stdout")
        bench.set_defaults(bench_module=module)
        importlib.import_module(module).arguments(bench)


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Run the chosen bench."""
    answer: Answer = importlib.import_module(options.bench_module).run(options, progress)
    return answer
