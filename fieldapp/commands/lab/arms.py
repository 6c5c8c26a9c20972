"""Does learning to transcribe bring speech nearer to meaning? Several models, one after the other as alignment should grow, each with a head of its own.

Name them with --model in that order, for example an untrained one, self-supervised, one that only learned to transcribe, one that learned
both. Every head learns from the same utterances towards the same texts and is asked about speakers and meanings it has not learned from; plain
acoustics stand beside them.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.lab.heard_spaces import ACOUSTICS, SELF, learning_material
from fieldapp.commands.lab.selecting import about, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.adapt.meaning import Trial
    from fieldapp.lab.report import Study
    from fieldapp.lab.statistics import Interval


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which models, towards which texts."""
    source_arguments(parser)
    parser.add_argument(
        "--model", action="append", default=[], metavar="MODEL", help=f"a model's name or folder, '{ACOUSTICS}' or '{SELF}'; at least two, weakest first"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where they run (else: as in the settings)")
    parser.add_argument("--text", default="", metavar="MODEL", help="the sentence encoder (else: the one the last model's head was trained with)")
    parser.set_defaults(head=[])


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen with each, learn with each, compare neighbours."""
    from fieldapp.lab.adapt.meaning import try_out
    from fieldapp.lab.report import COUNT, NUMBER, PERCENT, Column, Measured, Study, Table

    if len(options.model) < 2:
        raise WrongUsage("At least two models are needed.", "Name them with --model, weakest first.")
    found: dict[str, Trial] = {}
    with selected(options, progress) as selection:
        names = _names(options.model)
        for name, model in zip(names, options.model):
            given = learning_material(
                argparse.Namespace(**vars(options) | {"model": model, "text": options.text or _text_of(options.model)}), selection, progress
            )
            found[name] = try_out(given.examples, given.sound, given.texts, seed=options.seed, said=progress)
    shares = tuple(Column(name, PERCENT) for name in ("chance", "R@1", "low", "high"))
    columns = (Column("model"), Column("asked"), Column("n", COUNT), *shares, Column("MRR", NUMBER), Column("tightness", NUMBER))
    cells = []
    for model, trial in found.items():
        for direction in trial.test.directions(trial.vectors, trial.texts):
            if len(direction.found):
                row, between = direction.row(), direction.interval()
                tight = trial.test.tightness(trial.vectors, trial.texts)
                cells.append((model, direction.asked, row["n"], row["chance"], row["R@1"], between.low, between.high, row["MRR"], tight))
    steps = [(one, other, *_gain(found[one], found[other], options.seed)) for one, other in itertools.pairwise(names)]
    whole = _gain(found[names[0]], found[names[-1]], options.seed)
    split = found[names[0]].test.split
    return Study(
        "arms",
        "Which model brings speech nearer to what it means?",
        about(options, selection) | {"models": ", ".join(names)},
        (
            *(f"{other} beside {one}: {100 * gain:+.1f} points of R@1 between speech and text (95 %: {between})" for one, other, gain, between, _ in steps),
            f"last beside first: {100 * whole[0]:+.1f} points (95 %: {whole[1]})",
        ),
        (split.sentence() + ".", "One training run of each model: another seed may shift them.", *set_aside(selection)),
        (Table("arms", "Every model with a head of its own, on speakers and meanings no head has learned from", columns, tuple(cells)),),
        data={"models": names},
        passed=whole[1].low > 0 and all(gain > 0 for _, _, gain, _, _ in steps),
        measured=tuple(
            Measured(f"R@1 of {other} more than {one}", gain, between.low, between.high, n)
            for one, other, gain, between, n in (*steps, (names[0], names[-1], *whole))
        ),
    )


def _gain(one: Trial, other: Trial, seed: int) -> tuple[float, Interval, int]:
    """How much more often the second finds the right one first, speech to text and back; with its interval over meanings, and how often was asked."""
    from fieldapp.lab.statistics import bootstrap_difference

    sides = [trial.test.directions(trial.vectors, trial.texts)[:2] for trial in (one, other)]
    hits = [np.concatenate([direction.found.hits(1) for direction in side]) for side in sides]
    meanings = [meaning for direction in sides[0] for meaning in direction.meanings]
    return float(hits[1].mean() - hits[0].mean()), bootstrap_difference(hits[0], hits[1], meanings, seed=seed), len(meanings)


def _names(models: list[str]) -> list[str]:
    """Models as tables name them: of a folder its last part, unless two have the same."""
    short = [Path(model).name for model in models]
    return short if len(set(short)) == len(short) else models


def _text_of(models: list[str]) -> str:
    """The text model that goes with the last model that has one."""
    from fieldapp.commands.engine import model_folder, text_model_of
    from fieldapp.errors import ModelError
    from fieldapp.speech.heads import shipped

    for model in reversed(models):
        folder = None if model in (ACOUSTICS, SELF) else model_folder(model)
        if folder and (head := shipped(folder)) and head.text_model:
            return text_model_of(folder, head)
    raise ModelError("None of these models names a text model.", "Name one with --text.")
