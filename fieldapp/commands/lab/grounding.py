"""Do pictures narrow the gap between a model of two languages and a model of one? Small listeners are trained for it and thrown away (extra [train]).

Each learns from recordings alone, then goes on for the same steps with those made before pictures: with sound alone, or with their pictures, too.
Asked is how often a word is taken for another (ABX) by a voice and in words that none has learned from. --model none (default) begins from
acoustics, as a model that learns from nothing; a model's name begins from its frames. The meaning head is not touched, and that is checked.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.commands import Progress
from fieldapp.commands.lab.drawn import pixels
from fieldapp.commands.lab.keeping import DATABASE
from fieldapp.commands.lab.retrieval import NONE
from fieldapp.commands.lab.selecting import about, heard_by, place_of, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.adapt.grounding import Gap, Heard
    from fieldapp.lab.report import Measured, Study, Table
    from fieldapp.lab.utterances import Selection

SIDE = 24
FEWEST_PICTURES, FEWEST_WORDS = 5, 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, from what, how long."""
    source_arguments(parser)
    parser.add_argument("--model", default=NONE, help="whose frames the listeners begin from (default none: acoustics)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where that model runs (else: as in the settings)")
    parser.add_argument("--by", default="variety", metavar="COLUMN", help="what counts as a language (default variety); two or more are needed")
    parser.add_argument(
        "--steps", type=int, default=200, metavar="N", help="steps of each arm, after half as many again in which both learn alike (default 200)"
    )
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="how often everything is trained, from other beginnings (default 3)")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen, train the arms, tell words apart, compare."""
    import numpy as np

    from fieldapp.lab.adapt.grounding import PICTURES, Plan, Recordings, compare, gaps
    from fieldapp.lab.adapt.tuning import the_torch
    from fieldapp.lab.hearing import hear_acoustics, sounds_of
    from fieldapp.lab.report import Study
    from fieldapp.speech.device import processor_cores

    the_torch()
    before = _meaning_space(options, progress)
    with selected(options, progress) as selection:
        selection = selection.only(lambda u: bool(u.speaker and u.meaning and u.column(options.by)), f"no speaker, no meaning or nothing in '{options.by}'")
        files = _pictures(selection, place_of(options, progress))
        selection, sounds = sounds_of(selection, progress)
    _enough(selection, options)
    heard = (
        hear_acoustics(sounds, progress, workers=processor_cores()) if options.model == NONE else heard_by(options.model, options.device, sounds, progress)[0]
    )
    names = sorted({u.column("picture") for u in selection.utterances} - {""})
    seen = pixels([files[name] for name in names], SIDE)
    seen = (seen - seen.mean(axis=0)) / np.maximum(seen.std(), 1e-3)
    number = {name: at for at, name in enumerate(names)}
    given = Recordings(
        heard.frames,
        [u.column(options.by) for u in selection.utterances],
        [u.speaker for u in selection.utterances],
        [u.meaning for u in selection.utterances],
        [number.get(u.column("picture"), -1) for u in selection.utterances],
        seen,
    )
    plan = Plan(first=options.steps * 3 // 2, then=options.steps, seeds=tuple(range(options.seed, options.seed + options.runs)))
    listeners = compare(given, plan, options.seed, progress)
    gap = gaps(listeners, options.seed)
    untouched = before == _meaning_space(options, progress)
    found = [one.found for one in listeners if one.arm == PICTURES and one.found is not None]
    words = len(listeners[0].errors)
    return Study(
        "grounding",
        "Do pictures narrow the gap between a listener of two languages and listeners of one?",
        about(options, selection) | {"ear": heard.name, "pictures": len(names), "words told apart": words, "steps": options.steps, "runs": options.runs},
        (*_told(gap), _told_found(found, len(names)), f"The meaning head and its vectors are {'the same, bit for bit' if untouched else 'CHANGED'}."),
        (
            "Listeners are small and learn for a moment: the figure shows whether pictures work in that direction, not by how much in a large model.",
            "Pictures are seen as coarse pixels; which of them are alike plays no part.",
            *set_aside(selection),
        ),
        (_gap_table(gap), _table(listeners)),
        {"gap": _bars(gap)},
        data={"untouched": untouched},
        passed=gap.narrower[1].low > 0 and gap.more[1].low > 0,
        measured=(*_measured(gap, words), _whole(untouched, len(before))),
    )


def _pictures(selection: Selection, place: Path) -> dict[str, Path]:
    """The file of each picture: names are relative to the fieldbook, or to the manifest."""
    root = place if (place / DATABASE).is_file() else place.parent
    return {name: root / name for name in {u.column("picture") for u in selection.utterances} - {""}}


def _enough(selection: Selection, options: argparse.Namespace) -> None:
    """Two languages with two speakers each, pictures, and words without one."""
    speakers: dict[str, set[str]] = {}
    for one in selection.utterances:
        speakers.setdefault(one.column(options.by), set()).add(one.speaker)
    if len(speakers) < 2 or min(map(len, speakers.values())) < 2:
        raise WrongUsage("Two languages with two speakers each are needed.", "Choose with --where, or another column with --by.")
    shown = {one.meaning for one in selection.utterances if one.column("picture")}
    plain = {one.meaning for one in selection.utterances} - shown
    if len(shown) < FEWEST_PICTURES or len(plain) < FEWEST_WORDS:
        told = f"{len(shown)} meanings have a picture and {len(plain)} have none; {FEWEST_PICTURES} and {FEWEST_WORDS} are needed."
        raise WrongUsage(told, "Words without a picture are told apart, those with one are learned from.")


def _meaning_space(options: argparse.Namespace, progress: Progress) -> list[str]:
    """Checksums of everything search by meaning rests on: the model's files, and heads and vectors of the fieldbook."""
    import hashlib
    import sqlite3

    from fieldapp.commands.engine import current, model_folder
    from fieldapp.speech.manifest import checksums_of

    folder = model_folder(current().model if options.model == NONE else options.model)
    sums = [f"{name} {value}" for name, value in sorted(checksums_of(folder).items())]
    place = place_of(options, progress)
    if (place / DATABASE).is_file():
        with sqlite3.connect(f"file:{place / DATABASE}?mode=ro", uri=True) as db:
            for table in ("space", "vector"):
                told = hashlib.sha256()
                for row in db.execute(f"SELECT * FROM {table} ORDER BY pk"):  # noqa: S608  (our own names)
                    told.update(repr(row).encode())
                sums.append(f"{table} {told.hexdigest()}")
        db.close()
    return sums


def _told(gap: Gap) -> list[str]:
    lines = [f"{of}, {arm}: {100 * error:.2f} % errors" for (of, arm), error in gap.errors.items()]
    lines += [f"Gap {arm}: {100 * value:+.1f} % ({sure})" for arm, (value, sure) in gap.gap.items()]
    lines += [f"Gain by pictures, {of}: {100 * value:+.1f} % ({sure})" for of, (value, sure) in gap.gain.items()]
    narrower, more = gap.narrower, gap.more
    return [
        *lines,
        f"T3a wants the gap narrower with pictures (it is by {100 * narrower[0]:+.1f} points, {narrower[1]}) and the gain larger with two languages "
        f"(it is by {100 * more[0]:+.1f} points, {more[1]}).",
    ]


def _told_found(found: Sequence[float], pictures: int) -> str:
    mean = 100 * sum(found) / max(1, len(found))
    return f"A voice that was held back finds its picture first in {mean:.1f} % (chance {100 / pictures:.1f} %, mean over listeners)."


def _measured(gap: Gap, words: int) -> tuple[Measured, ...]:
    from fieldapp.lab.report import Measured

    lines = [(f"gap, {arm}", one) for arm, one in gap.gap.items()] + [(f"gain by pictures, {of}", one) for of, one in gap.gain.items()]
    lines += [("gap narrower with pictures", gap.narrower), ("gain larger with two languages", gap.more)]
    return tuple(Measured(what, value, sure.low, sure.high, words) for what, (value, sure) in lines)


def _whole(untouched: bool, sums: int) -> Measured:
    from fieldapp.lab.report import Measured

    return Measured("meaning space unchanged (checksums)", float(untouched), None, None, sums)


def _gap_table(gap: Gap) -> Table:
    from fieldapp.lab.report import PERCENT, Column, Table

    rows = tuple((of, arm, error) for (of, arm), error in gap.errors.items())
    return Table("gap", "ABX errors across speakers, means over languages and runs", (Column("listener"), Column("learned"), Column("error", PERCENT)), rows)


def _table(listeners: Sequence[Heard]) -> Table:
    from fieldapp.lab.report import COUNT, PERCENT, Column, Table

    columns = (
        Column("listener of"),
        Column("asked about"),
        Column("learned"),
        Column("run", COUNT),
        Column("error", PERCENT),
        Column("finds picture", PERCENT),
    )
    rows = tuple((one.of, one.language, one.arm, one.seed, sum(one.errors.values()) / len(one.errors), one.found) for one in listeners)
    return Table("listeners", "Every listener", columns, rows)


def _bars(gap: Gap) -> str:
    from fieldapp.lab.drawing import bars

    return bars({f"{of}, {arm}": error for (of, arm), error in gap.errors.items()}, "ABX errors %: one and two languages, without and with pictures")
