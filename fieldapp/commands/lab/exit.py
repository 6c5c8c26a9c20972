"""Would an earlier exit of the encoder read this variety better? CER at every exit; half of the sentences choose, the other half is measured.

The language token is the same for all exits. The proposal is made only when the difference on the other half is clear.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from fieldapp import paths
from fieldapp.commands import Progress
from fieldapp.commands.lab.cer import reading_arguments, with_wording
from fieldapp.commands.lab.selecting import about, exits_of, model_arguments, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.report import Cell, Study

FEWEST = 300


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, which model, which exits."""
    source_arguments(parser)
    model_arguments(parser)
    reading_arguments(parser)
    parser.add_argument("--layers", default="", metavar="N,N", help="only these exits; the last layer is always looked at")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Read everything at every exit, choose on one half, measure on the other."""
    from fieldapp.lab.drawing import curves
    from fieldapp.lab.report import COUNT, PERCENT, Column, Measured, Study, Table
    from fieldapp.lab.statistics import bootstrap_ratio
    from fieldapp.lab.transcripts import halves, rate, rate_interval, read_all
    from fieldapp.speech.device import processor_cores

    selection, sounds = with_wording(options, progress)
    sentences = [utterance.meaning or utterance.id for utterance in selection.utterances]
    choosing = halves(sentences, options.seed)
    heard, name = {}, ""
    for layer, model, name in exits_of(options.model, options.layers, options.device, paths.cache() / "twins", progress):  # noqa: B007  (the name stays)
        heard[layer] = read_all(model, selection.utterances, sounds, options.language, options.normaliser, progress, workers=processor_cores())
    if len(heard) < 2:
        raise WrongUsage("There is no earlier exit to compare with.", "The model has one layer, or --layers names only the last.")
    last = max(heard)
    rows: list[tuple[Cell, ...]] = []
    first_half, other_half = np.flatnonzero(choosing).tolist(), np.flatnonzero(~choosing).tolist()
    for layer, read in heard.items():
        errors = [one.errors for one in read]
        sure = rate_interval(errors, sentences, options.seed)
        parts = (rate([errors[at] for at in some]) for some in (first_half, other_half))
        rows.append((layer, len(read), rate(errors), sure.low, sure.high, *parts, sum(one.refused for one in read) / len(read)))
    pick = min(heard, key=lambda layer: (rate([heard[layer][at].errors for at in first_half]), -layer))
    picked, whole = ([heard[layer][at].errors for at in other_half] for layer in (pick, last))
    gain = rate(whole) - rate(picked)
    drop = [b.edits - a.edits for a, b in zip(picked, whole)]
    sure = bootstrap_ratio(drop, [one.length for one in whole], [sentences[at] for at in other_half], seed=options.seed)
    clear = pick < last and sure.low > 0
    if pick == last:
        proposal = "Keep the whole encoder: on the half that chooses, no earlier exit reads better."
    elif clear:
        proposal = f"Use exit {pick} for this variety: fieldapp model exit {name.split('@')[0]} --layers {pick}"
    else:
        proposal = f"Keep the whole encoder: exit {pick} looked better on the half that chooses, but the other half does not bear it out."
    columns = (Column("exit", COUNT), Column("n", COUNT), *(Column(one, PERCENT) for one in ("CER", "low", "high", "choosing half", "other half", "refused")))
    characters = sum(one.length for one in whole)
    few = (f"The half that is measured has {characters} characters; below {FEWEST} chance decides much.",) if characters < FEWEST else ()
    line = [(float(layer), min(1.0, rate([one.errors for one in read]))) for layer, read in heard.items()]
    return Study(
        bench="exit",
        asked=f"Does an earlier exit read this variety better, told that it hears '{options.language}' ({options.normaliser} normaliser)? T1b.",
        about=about(options, selection) | {"model": name, "layers": last},
        result=(
            f"Chosen on {len(first_half)} utterances: exit {pick} of {last}. On the other {len(other_half)}: CER {100 * rate(picked):.1f} % against "
            f"{100 * rate(whole):.1f} % of the whole encoder, {100 * gain:+.1f} points better ({sure}).",
            proposal,
        ),
        doubt=(*few, "Text that the guards refuse (loops, silence) counts as all wrong; see the column refused.", *set_aside(selection)),
        tables=(Table("exits", "Character errors by exit (95 % interval over sentences)", columns, tuple(rows)),),
        pictures={"exits": curves({name: line}, "Character errors by exit", "encoder layer", "CER %")},
        data={"chosen": pick, "gain": gain, "low": sure.low, "high": sure.high},
        passed=clear,
        measured=(Measured(f"CER less at exit {pick} of {last}", gain, sure.low, sure.high, len(other_half)),),
    )
