"""What is in a vector? Meaning, words, speaker, place and duration, read off frozen vectors, each beside chance and a control task.

Meaning is read from speakers the probe has not heard, speaker and place from sentences it has not heard. After an adaptation the
adapted space stands beside the others, so that one sees what it gained and what it forgot.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from fieldapp.commands import Progress
from fieldapp.commands.lab.heard_spaces import head_argument, spaces_of
from fieldapp.commands.lab.selecting import about, heard_by, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.probe import Reading
    from fieldapp.lab.report import Study, Table


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, heard by what."""
    source_arguments(parser)
    model_arguments(parser)
    head_argument(parser)
    parser.add_argument("--place", default="variety", metavar="COLUMN", help="what says where somebody speaks (default variety)")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen once, probe every space."""
    from fieldapp.lab.hearing import sounds_of
    from fieldapp.lab.probe import joined_words, read, tasks, warning
    from fieldapp.lab.report import Measured, Study
    from fieldapp.speech.recogniser import RATE

    with selected(options, progress) as selection:
        selection, sounds = sounds_of(selection, progress)
        heard, folder = heard_by(options.model, options.device, sounds, progress)
    wanted = tasks(selection.utterances, [len(sound) / RATE for sound in sounds], options.place)
    found: dict[str, list[Reading]] = {}
    for name, (vectors, _) in spaces_of(options, folder, heard).items():
        readings = []
        for number, task in enumerate(wanted):
            progress(number / len(wanted), f"probing '{name}' for {task.name}")
            readings += [reading] if (reading := read(vectors, task, options.seed)) else []
        words = joined_words(readings)
        found[name] = [reading for reading in readings if not reading.task.startswith("word ")] + ([words] if words else [])
    if not any(found.values()):
        raise WrongUsage("Nothing can be probed: no meaning, speaker or place is shared by several utterances.", "Fill meaning_id and speaker.")
    last = list(found.values())[-1]
    doubts = [f"In the space '{name}', {told}." for name, readings in found.items() if (told := warning(readings))]
    doubts.append("A probe shows what can be read off with effort, not what search uses; classes differ in number, so compare 'above' (0: chance, 1: all).")
    return Study(
        "probe",
        "What can be read off the vectors of utterances?",
        about(options, selection) | {"model": heard.name, "place": options.place},
        tuple(f"{name}: {', '.join(f'{reading.task} {reading.above:.2f}' for reading in readings)} (0: chance, 1: all)" for name, readings in found.items()),
        (*doubts, *set_aside(selection)),
        (_table(found),),
        passed=_verdict(_content(last)),
        measured=tuple(Measured(f"{r.task}, beside shuffled", r.accuracy, r.interval.low, r.interval.high, r.n, r.control) for r in _content(last)),
    )


def _content(readings: list[Reading]) -> list[Reading]:
    """What was said: its meaning and its words."""
    return [reading for reading in readings if reading.task == "meaning" or reading.task.startswith("words")]


def _verdict(content: list[Reading]) -> bool | None:
    """In the last space, meaning and words are surely read better than shuffled ones."""
    return all(reading.interval.low > reading.control for reading in content) if content else None


def _table(found: dict[str, list[Reading]]) -> Table:
    from fieldapp.lab.report import COUNT, NUMBER, PERCENT, Column, Table

    shares = tuple(Column(name, PERCENT) for name in ("chance", "read", "low", "high", "control"))
    columns = (Column("space"), Column("what is read"), Column("n", COUNT), Column("classes", COUNT), *shares, Column("above", NUMBER))
    rows = tuple(
        (name, r.task, r.n, r.classes, r.chance, r.accuracy, r.interval.low, r.interval.high, r.control, r.above)
        for name, readings in found.items()
        for r in readings
    )
    return Table(
        "probe", "Balanced accuracy of probes on utterances they have not learned from, with 95 % interval; control: the same on shuffled labels", columns, rows
    )
