"""Build the list of sentence pairs that share nothing that sounds alike, for 'lab layers --control'. Look through it, write keep or drop into
the column 'override', and give it to the experiment. The threshold stands in every line: choose it before you look at results.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Progress
from fieldapp.commands.lab.selecting import BY_CHANCE, about, against_argument, none_share, selected, set_aside, share, source_arguments

if TYPE_CHECKING:
    from fieldapp.lab.report import Cell, Study

LIST = "control.csv"
FEWEST = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, how strict."""
    source_arguments(parser)
    parser.add_argument("--by", default="variety", metavar="COLUMN", help="what is a unit: variety, language, or any column (default variety)")
    against_argument(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--threshold", type=float, metavar="D", help="words at this distance or nearer sound alike (0 to 1, default 0.45)")
    how.add_argument("--by-chance", type=share, metavar="SHARE", help=BY_CHANCE)
    parser.add_argument("--keep-overrides", type=Path, metavar="LIST.csv", help="take over what a person wrote into an earlier list")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Judge every meaning of every two units."""
    from fieldapp.errors import WrongUsage
    from fieldapp.lab import control
    from fieldapp.lab.pronounce import pronunciations
    from fieldapp.lab.report import COUNT, NUMBER, Column, Study, Table
    from fieldapp.lab.retrieval import pairs_between
    from fieldapp.lab.utterances import rows_by

    if options.threshold is not None and not 0 <= options.threshold <= 1:
        raise WrongUsage(f"A threshold of {options.threshold:g} is outside 0 to 1.")
    with selected(options, progress) as selection:
        utterances = selection.only(lambda u: bool(u.meaning), "no meaning is noted").utterances
        progress(0.1, "pronouncing")
        ipa, whence = pronunciations(utterances)
        pairs = list(pairs_between(utterances, rows_by(utterances, options.by), against=options.against))
        if not pairs:
            raise none_share(options)
        if options.by_chance is None:
            made = control.build(utterances, pairs, ipa, control.THRESHOLD if options.threshold is None else options.threshold)
        else:
            made = control.build_by_chance(utterances, pairs, ipa, options.by_chance)
    if options.keep_overrides:
        made = control.with_overrides(made, control.read(options.keep_overrides))
    rows: list[tuple[Cell, ...]] = []
    kept_each = []
    for pair in pairs:
        here = [one for one in made.judged if (one.source, one.target) == (pair.source, pair.target)]
        why = [sum(one.reason.startswith(reason) for one in here) for reason in ("sounds alike", "same", "no pron")]
        kept_each.append(sum(one.kept for one in here))
        rows.append((pair.source, pair.target, len(here), kept_each[-1], *why))
    kept, fewest = sum(kept_each), min(kept_each)
    columns = tuple(Column(name, COUNT) for name in ("meanings", "kept", "sound alike", "same word", "no IPA"))
    counts = Table("counts", "Meanings that two units share", (Column("from"), Column("to"), *columns), tuple(rows))
    nearest = sorted((one for one in made.judged if one.kept), key=lambda one: one.distance)[:20]
    shown = tuple((one.source, one.target, one.meaning, *one.words, *one.ipa, one.distance) for one in nearest)
    names = ("from", "to", "meaning", "word", "word there", "IPA", "IPA there")
    listed = Table("nearest", "The nearest that were kept: look at these first", (*map(Column, names), Column("distance", NUMBER)), shown)
    few = (f"Some pair of units keeps {fewest} meanings; below {FEWEST} a result on it says little.",) if fewest < FEWEST else ()
    return Study(
        bench="control",
        asked=f"Which meanings have no words that sound alike in two units (closest words farther apart than {made.threshold:.3g})?",
        about=about(options, selection),
        result=(f"{kept} of {len(made.judged)} pairs of sentences are kept. The list is {LIST}.", whence),
        doubt=(*few, "Distance counts phones on paper; tones and what was really said are not heard.", *set_aside(selection)),
        tables=(counts, listed),
        files={LIST: made.csv()},
        data={"threshold": made.threshold, "kept": kept, "judged": len(made.judged)},
    )
