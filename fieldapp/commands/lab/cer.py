"""How well does a model read each variety and each speaker? Character errors of utterances whose wording a person stands for.

The normaliser is named with the figure: 'han' keeps Han characters only and drops alternatives after a slash, 'unicode' keeps letters
and digits of any script.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from fieldapp.commands import Progress
from fieldapp.commands.lab.selecting import about, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.report import Cell, Study
    from fieldapp.lab.utterances import F32, Selection

_SHOWN = 15


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, by what."""
    source_arguments(parser)
    model_arguments(parser)
    reading_arguments(parser)
    parser.add_argument("--by", default="variety", metavar="COLUMN", help="one row for each value of this column (default variety)")


def reading_arguments(parser: argparse.ArgumentParser) -> None:
    """What every experiment about wording asks."""
    parser.add_argument("--language", required=True, metavar="CODE", help="the language token the model is told, for all utterances: the nearest it knows")
    parser.add_argument("--normaliser", default="unicode", choices=("unicode", "han"), help="what counts as a character (default unicode)")


def with_wording(options: argparse.Namespace, progress: Progress) -> tuple[Selection, list[F32]]:
    """The utterances whose wording a person stands for, and their sound."""
    from fieldapp.lab.hearing import sounds_of
    from fieldapp.lab.wording import NORMALISERS

    with selected(options, progress) as selection:
        selection = selection.only(lambda u: u.checked and bool(NORMALISERS[options.normaliser](u.transcript)), "no transcript a person stands for")
        if not len(selection):
            raise WrongUsage("No utterance has a transcript that a person confirmed.", "Correct some drafts first, or fill the column 'transcript'.")
        return sounds_of(selection, progress)


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Read everything once and count."""
    from fieldapp.commands.engine import current, model_folder
    from fieldapp.lab.report import COUNT, PERCENT, Column, Study, Table
    from fieldapp.lab.transcripts import rate, rate_interval, read_all
    from fieldapp.lab.utterances import rows_by
    from fieldapp.speech import whisper
    from fieldapp.speech.device import processor_cores
    from fieldapp.speech.manifest import identity

    selection, sounds = with_wording(options, progress)
    chosen, cores = current(), processor_cores()
    model = whisper.load(model_folder(options.model or chosen.model), options.device or chosen.compute_device, threads=1, workers=cores)
    heard = read_all(model, selection.utterances, sounds, options.language, options.normaliser, progress, workers=cores)
    sentences = [utterance.meaning or utterance.id for utterance in selection.utterances]

    def row(what: str, name: str, rows: list[int]) -> tuple[Cell, ...]:
        errors = [heard[at].errors for at in rows]
        sure = rate_interval(errors, [sentences[at] for at in rows], options.seed)
        refused = sum(heard[at].refused for at in rows) / len(rows)
        words = rate([heard[at].words for at in rows]) if options.normaliser == "unicode" else None  # Han characters are not parted into words
        return what, name, len(rows), sum(one.length for one in errors), rate(errors), sure.low, sure.high, words, refused

    every = list(range(len(selection)))
    rows = [row("all", "", every)]
    rows += [row(column, name, some) for column in (options.by, "speaker") for name, some in rows_by(selection.utterances, column).items()]
    columns = (
        Column("by"),
        Column("which"),
        Column("n", COUNT),
        Column("characters", COUNT),
        *(Column(one, PERCENT) for one in ("CER", "low", "high", "WER", "refused")),
    )
    errors = [one.errors for one in heard]
    overall, sure = rate(errors), rate_interval(errors, sentences, options.seed)
    worst = sorted(every, key=lambda at: -heard[at].errors.rate)[:_SHOWN]
    shown = tuple((selection.utterances[at].id, selection.utterances[at].transcript[:60], heard[at].text[:60], heard[at].errors.rate) for at in worst)
    few = ("Fewer than 300 characters were read; chance decides much.",) if sum(one.errors.length for one in heard) < 300 else ()
    return Study(
        bench="cer",
        asked=f"How many of 100 characters does the model get wrong, told that it hears '{options.language}' ({options.normaliser} normaliser)?",
        about=about(options, selection) | {"model": identity(model.manifest)},
        result=(f"CER {100 * overall:.1f} % ({sure}) over {len(selection)} utterances.",),
        doubt=(*few, "Text that the guards refuse counts as all wrong.", *set_aside(selection)),
        tables=(
            Table("cer", "Character errors (95 % interval over sentences)", columns, tuple(rows)),
            Table("worst", "The worst: listen to these", (Column("id"), Column("said"), Column("heard"), Column("CER", PERCENT)), shown),
        ),
        data={"texts": {utterance.id: read.text for utterance, read in zip(selection.utterances, heard)}},
    )
