"""Would a meaning head hear more with attention over moments, or with a mix of encoder layers, than with the mean of the last layer that the engine uses?

The four ways learn alike from the same utterances and are asked about speakers and meanings none has learned from. Layers beside the last
come from exits of the model, each a listening of its own. Needs the extra [train].
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from fieldapp import paths
from fieldapp.commands import Progress
from fieldapp.commands.lab.heard_spaces import learning_material
from fieldapp.commands.lab.selecting import about, heard_at, model_arguments, selected, set_aside, source_arguments

if TYPE_CHECKING:
    from fieldapp.lab.report import Study

MEAN, ATTENTION = "mean", "attention"
LAST, MIX = "last layer", "mix of layers"
STEPS = 400


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, by what, which layers."""
    source_arguments(parser)
    model_arguments(parser)
    parser.add_argument("--layers", default="", metavar="N,N", help="the exits that are mixed (default all)")
    parser.add_argument("--text", default="", metavar="MODEL", help="the sentence encoder (else: the one the model's head was trained with)")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"steps of learning (default {STEPS})")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen at every exit, learn four times, compare."""
    from fieldapp.lab.adapt.holding import hold_back
    from fieldapp.lab.adapt.listener import one_thread
    from fieldapp.lab.adapt.measure import Test
    from fieldapp.lab.adapt.pooling import pooled
    from fieldapp.lab.adapt.tuning import the_torch
    from fieldapp.lab.report import COUNT, PERCENT, Column, Measured, Study, Table
    from fieldapp.lab.statistics import bootstrap, bootstrap_difference

    the_torch()
    with selected(options, progress) as selection:
        given = learning_material(options, selection, progress)
    exits = {layer: heard.frames for layer, heard in heard_at(options.model, options.layers, options.device, given.sounds, paths.cache() / "twins", progress)}
    last = max(exits)
    test = Test(tuple(given.examples), hold_back(given.examples, options.seed))
    meanings = [example.meaning for example in given.examples]
    hits, counts, asked = {}, {}, list[str]()
    for which, layers in ((LAST, [exits[last]]), (MIX, list(exits.values()))):
        for moments in (MEAN, ATTENTION):
            with one_thread():
                vectors, counts[moments, which] = pooled(
                    layers, test.split.train, given.texts, meanings, attention=moments == ATTENTION, steps=options.steps, seed=options.seed,
                    said=lambda share, doing, name=f"{moments}, {which}": progress(share, f"{name}: {doing}"),  # type: ignore[misc]
                )  # fmt: skip
            directions = test.directions(vectors, given.texts)[:2]
            hits[moments, which] = np.concatenate([direction.found.hits(1) for direction in directions])
            asked = [meaning for direction in directions for meaning in direction.meanings]
    plain = hits[MEAN, LAST]
    rows, measured = [], []
    for (moments, which), found in hits.items():
        sure, gain = bootstrap(found, asked, seed=options.seed), bootstrap_difference(plain, found, asked, seed=options.seed)
        rows.append((moments, which, len(found), float(found.mean()), sure.low, sure.high, float(found.mean() - plain.mean()), gain.low, gain.high))
        if found is not plain:
            measured.append(Measured(f"R@1 more with {moments}, {which}", float(found.mean() - plain.mean()), gain.low, gain.high, len(found)))
    better = [one.what for one in measured if one.low is not None and one.low > 0]
    mixed = ", ".join(f"{layer}: {share:.2f}" for layer, share in zip(exits, counts[MEAN, MIX]))
    columns = (Column("moments"), Column("layers"), Column("n", COUNT), *(Column(n, PERCENT) for n in ("R@1", "low", "high", "more", "more low", "more high")))
    return Study(
        "pooling",
        "Would a meaning head hear more with attention or with a mix of layers than with the mean of the last layer?",
        about(options, selection) | {"model": given.model, "text model": given.text_model, "steps": options.steps, "layers": ", ".join(map(str, exits))},
        (
            *(f"{one.what}: {100 * one.value:+.1f} points (95 %: {100 * (one.low or 0):.1f} to {100 * (one.high or 0):.1f})" for one in measured),
            f"Surely better than what the engine uses: {'; '.join(better) or 'none'}. The mix of the means took {mixed}.",
        ),
        (test.split.sentence() + ".", "One training run of each way.", *set_aside(selection)),
        (Table("pooling", "Speech to text and back, by way of pooling (95 % interval over meanings)", columns, tuple(rows)),),
        measured=tuple(measured),
    )
