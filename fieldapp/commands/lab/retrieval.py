"""Does a recording of one variety find the recording of the same meaning in another, and does a model do better than sound alone?

For every ordered pair of units (--by): n, chance, R@1 with its interval over sentences, R@5, MRR, and the chance of such an R@1 when
meanings are exchanged at random. The floor (MFCC and DTW, MFCC and SeqSim) stands beside the model; without a model that is all.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from fieldapp.commands import Progress
from fieldapp.commands.lab.selecting import about, heard_by, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldapp.lab.hearing import Heard
    from fieldapp.lab.report import Column, Measured, Study, Table
    from fieldapp.lab.retrieval import Found
    from fieldapp.lab.utterances import Selection, Utterance

FLOOR = ("mfcc-dtw", "mfcc-seqsim")
BESIDE, SURE = "mfcc-seqsim", 0.01
NONE = "none"
MATRIX_PAIRS, MATRIX_SIDE = 60, 200


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, by what, compared how."""
    source_arguments(parser)
    model_arguments(parser)
    parser.add_argument("--by", default="variety", metavar="COLUMN", help="what is a unit: variety, speaker, or any column (default variety)")
    parser.add_argument("--group", default="", metavar="COLUMN", help="column that joins units to the groups of the heat map (else each unit is one)")
    parser.add_argument("--each", default="", metavar="COLUMN", help="do it for each value of this column by itself")
    parser.add_argument("--similarity", action="append", default=[], metavar="WAY", help="seqsim, pooled, sound, head; may be repeated (default seqsim)")
    parser.add_argument("--no-floor", action="store_true", help="leave MFCC out")
    parser.add_argument("--speaker-disjoint", action="store_true", help="never let a speaker find themselves; one unit may then be asked about itself, too")
    parser.add_argument("--csls", action="store_true", help="take hubness out of the scores (CSLS)")
    parser.add_argument("--wrong", type=int, default=10, metavar="N", help="wrong answers kept for each pair (default 10)")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen once, compare every pair every way."""
    from fieldapp.lab.hearing import hear_acoustics, sounds_of
    from fieldapp.lab.similarity import similarity
    from fieldapp.speech.device import processor_cores

    ways = [similarity(name) for name in options.similarity or ["seqsim"]]
    with selected(options, progress) as selection:
        selection = _comparable(selection, options)
        selection, sounds = sounds_of(selection, progress)
        ears: dict[bool, Heard] = {}
        if options.model != NONE and not all(way.floor for way in ways):
            ears[False], _ = heard_by(options.model, options.device, sounds, progress)
        if options.model == NONE:
            ways = [way for way in ways if way.floor]
        ways += [similarity(name) for name in FLOOR if not options.no_floor and name not in [way.name for way in ways]]
        if not ways:
            raise WrongUsage("Nothing is left to compare with.", "Name a --model, or leave --no-floor out.")
        if any(way.floor for way in ways):
            ears[True] = hear_acoustics(sounds, progress, workers=processor_cores())
    found = {way.name: _all_pairs(selection, ears[way.floor], way.name, options, progress) for way in ways}
    return _study(options, selection, found, ears)


def _comparable(selection: Selection, options: argparse.Namespace) -> Selection:
    selection = selection.only(lambda u: bool(u.meaning), "no meaning is noted")
    selection = selection.only(lambda u: bool(u.column(options.by)), f"nothing in the column '{options.by}'")
    if options.speaker_disjoint:
        selection = selection.only(lambda u: bool(u.speaker), "no speaker is noted, and speakers must differ")
    return selection


def _parts(selection: Selection, options: argparse.Namespace) -> dict[str, list[int]]:
    """The rows of each experiment: all, or those of each value of --each."""
    from fieldapp.lab.utterances import rows_by

    return rows_by(selection.utterances, options.each) if options.each else {"": list(range(len(selection)))}


def _unit_column(utterances: Sequence[Utterance], rows: Sequence[int], options: argparse.Namespace) -> str:
    """What the units are: what was asked for, but speakers where that is one and the same for all."""
    one = len({utterances[row].column(options.by) for row in rows}) == 1
    return "speaker" if one and not options.speaker_disjoint else str(options.by)


def _all_pairs(selection: Selection, heard: Heard, way: str, options: argparse.Namespace, progress: Progress) -> dict[str, list[Found]]:
    from fieldapp.lab.retrieval import pairs_between, retrieve
    from fieldapp.lab.similarity import similarity
    from fieldapp.lab.utterances import rows_by

    found: dict[str, list[Found]] = {}
    compare = similarity(way).compare
    for part, rows in _parts(selection, options).items():
        column = _unit_column(selection.utterances, rows, options)
        units = {unit: [rows[at] for at in some] for unit, some in rows_by([selection.utterances[row] for row in rows], column).items()}
        pairs = list(pairs_between(selection.utterances, units, within=options.speaker_disjoint))
        for number, pair in enumerate(pairs):
            progress(number / len(pairs), f"{way}: {pair.source} and {pair.target}")
            both = retrieve(selection.utterances, heard, pair, compare, speaker_disjoint=options.speaker_disjoint, hubs=options.csls, seed=options.seed)
            found.setdefault(part, []).extend(one for one in both if len(one.ranks))
    if not any(found.values()):
        raise WrongUsage(f"No two units by '{options.by}' share two meanings.", "Choose another column with --by, or fill the column meaning_id.")
    return found


def _study(options: argparse.Namespace, selection: Selection, found: Mapping[str, Mapping[str, list[Found]]], ears: Mapping[bool, Heard]) -> Study:
    from fieldapp.lab.drawing import heat_map as draw
    from fieldapp.lab.report import Study
    from fieldapp.lab.retrieval import heat_map

    first = next(iter(found))
    groups = {u.column(by): u.column(options.group) or "?" for u in selection.utterances for by in (options.by, "speaker")} if options.group else {}
    pictures, cells = {}, {}
    for part, some in found[first].items():
        names = {one.pair.source: groups.get(one.pair.source, one.pair.source) for one in some}
        names |= {one.pair.target: groups.get(one.pair.target, one.pair.target) for one in some}
        mapped = heat_map(some, names, seed=options.seed)
        cells[part] = [{"source": cell.source, "target": cell.target, **_figure(cell.figure)} for cell in mapped]
        axis = sorted({cell.source for cell in mapped})
        values = {(cell.source, cell.target): cell.figure.value for cell in mapped}
        pictures[f"heat-{part}" if part else "heat"] = draw(axis, axis, values, f"R@1 %, {first}{f', {part}' if part else ''}: row asks column")
    means, sentences, measured = _means(found, options.seed)
    pair_table = _pair_table(found)
    passed, told = _verdict(found)
    asked = "Does a recording find the same meaning in another unit"
    asked += ", never said by the same speaker?" if options.speaker_disjoint else "?"
    listening = {"model": ears[False].name, "layer": ears[False].layer} if False in ears else {}
    return Study(
        bench="retrieval",
        asked=f"{asked} Units by {options.by}{f', groups by {options.group}' if options.group else ''}.",
        about=about(options, selection) | listening,
        result=(*sentences, *told),
        doubt=(*_doubts(selection, found, options), *set_aside(selection)),
        tables=(means, pair_table),
        pictures=pictures,
        files=_matrices(selection, found[first]),
        data={"pairs": _as_rows(pair_table), "cells": cells, "wrong": _wrong(selection, found[first], options)},
        passed=passed,
        measured=measured,
    )


def _means(found: Mapping[str, Mapping[str, list[Found]]], seed: int) -> tuple[Table, tuple[str, ...], tuple[Measured, ...]]:
    """One row for each way and part, sentences that say what it means, and the figures they rest on."""
    from fieldapp.lab.report import COUNT, PERCENT, Measured, Table
    from fieldapp.lab.retrieval import difference, mean_over

    rows, sentences, measured = [], [], list[Measured]()
    ways = list(found)
    floors = [way for way in ways if way.startswith("mfcc")]
    for part in found[ways[0]]:
        name = f"{part}: " if part else ""
        for way in ways:
            one, five = mean_over(found[way][part], seed=seed), mean_over(found[way][part], 5, seed=seed)
            mrr = sum(pair.figures["MRR"] for pair in found[way][part]) / len(found[way][part])
            rows.append((part, way, one.pairs, one.n, one.chance, one.value, one.interval.low, one.interval.high, five.value, mrr))
        best = mean_over(found[ways[0]][part], seed=seed)
        measured.append(Measured(f"{name}R@1, {ways[0]}", best.value, best.interval.low, best.interval.high, best.n, best.chance))
        above = "above chance" if best.interval.low > best.chance else "not clearly above chance"
        sentences.append(f"{name}{ways[0]} finds {100 * best.value:.1f} % first ({best.interval}; chance {100 * best.chance:.1f} %, n {best.n}): {above}.")
        for floor in floors:
            if floor != ways[0]:
                gain, sure = difference(found[floor][part], found[ways[0]][part], seed=seed)
                measured.append(Measured(f"{name}R@1 more than {floor}", gain, sure.low, sure.high, best.n))
                word = "more than" if sure.low > 0 else "less than" if sure.high < 0 else "not clearly different from"
                sentences.append(f"{name}{100 * gain:+.1f} points ({sure}): {word} {floor}.")
    columns = (*_columns("part way"), *_columns("pairs n", COUNT), *_columns("chance R@1 low high R@5 MRR", PERCENT))
    return Table("means", "Mean over pairs of units (95 % interval over sentences)", columns, tuple(rows)), tuple(sentences), tuple(measured)


def _verdict(found: Mapping[str, Mapping[str, list[Found]]]) -> tuple[bool | None, tuple[str, ...]]:
    """T0: in every direction between two units more than chance and more than the frames of plain acoustics; None where a model was not asked.

    A unit beside itself says nothing about varieties: acoustics often find all there, and a tie at 100 % is no more.
    """
    first = next(iter(found))
    if first in FLOOR or BESIDE not in found:
        return None, ()
    both = [(one, floor) for part, some in found[first].items() for one, floor in zip(some, found[BESIDE][part]) if one.pair.source != one.pair.target]
    if not both:
        return None, ()
    good = sum(one.p < SURE and one.figures["R@1"] > max(one.figures["chance"], floor.figures["R@1"]) for one, floor in both)
    told = f"T0 wants {first} above chance (p < {SURE:g}) and above {BESIDE} in every direction between units: so it is in {good} of {len(both)}."
    return good == len(both), (told,)


def _pair_table(found: Mapping[str, Mapping[str, list[Found]]]) -> Table:
    from fieldapp.lab.report import COUNT, PERCENT, P, Table

    rows = []
    for way, parts in found.items():
        for part, some in parts.items():
            for one in sorted(some, key=lambda f: (f.pair.source, f.pair.target)):
                f = one.figures
                figures = (f["n"], f["chance"], f["R@1"], one.interval.low, one.interval.high, f["R@5"], f["MRR"], f["nDCG@5"], one.p)
                rows.append((part, way, one.pair.source, one.pair.target, *figures))
    columns = (*_columns("part way from to"), *_columns("n", COUNT), *_columns("chance R@1 low high R@5 MRR nDCG@5", PERCENT), *_columns("p", P))
    return Table("pairs", "Each direction of each pair", columns, tuple(rows))


def _as_rows(table: Table) -> list[dict[str, Any]]:
    """The rows of a table by the names of its columns, for other programs."""
    return [dict(zip((column.name for column in table.columns), row)) for row in table.rows]


def _columns(names: str, form: str = "text") -> tuple[Column, ...]:
    from fieldapp.lab.report import Column

    return tuple(Column(name, form) for name in names.split())


def _doubts(selection: Selection, found: Mapping[str, Mapping[str, list[Found]]], options: argparse.Namespace) -> tuple[str, ...]:
    doubts = [
        f"{part or 'The selection'} has one {options.by} only: its speakers are compared."
        for part, rows in _parts(selection, options).items()
        if _unit_column(selection.utterances, rows, options) != options.by
    ]
    if not options.speaker_disjoint:
        both = [pair for parts in found.values() for some in parts.values() for pair in some if _shares_speakers(selection, pair)]
        if both:
            doubts.append("Some speakers are on both sides of a pair, so voice and room may help; see --speaker-disjoint.")
    voices: dict[str, set[str]] = {}
    for utterance in selection.utterances:
        voices.setdefault(utterance.column(options.by), set()).add(utterance.speaker)
    single = sum(len(some) == 1 for some in voices.values())
    if single and options.by != "speaker":
        doubts.append(f"{single} of {len(voices)} units have one speaker: variety and voice cannot be told apart there.")
    fewest = min(len(set(one.sentences)) for some in found[next(iter(found))].values() for one in some)
    if fewest < 30:
        doubts.append(f"The smallest pair shares {fewest} meanings; below 30 an interval is wide and rough.")
    return tuple(doubts)


def _shares_speakers(selection: Selection, found: Found) -> bool:
    one, other = ({selection.utterances[row].speaker for row in rows} - {""} for rows in (found.pair.queries, found.pair.candidates))
    return bool(one & other)


def _wrong(selection: Selection, found: Mapping[str, list[Found]], options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """The wrong answers of each pair, with where their sound is."""
    from fieldapp.lab.retrieval import wrong_answers

    told: dict[str, list[dict[str, Any]]] = {}
    for part, some in found.items():
        for one in some:
            missed = wrong_answers(selection.utterances, one, speaker_disjoint=options.speaker_disjoint)[: options.wrong]
            told[" / ".join(filter(None, (part, f"{one.pair.source} > {one.pair.target}")))] = [
                {
                    "rank": miss.rank,
                    **{
                        role: {"id": selection.utterances[row].id, "meaning": selection.utterances[row].meaning, "sound": selection.utterances[row].where}
                        for role, row in (("asked", miss.query), ("found", miss.first), ("right", miss.right))
                    },
                    "score": miss.score,
                    "right_score": miss.right_score,
                }
                for miss in missed
            ]
    return told


def _matrices(selection: Selection, found: Mapping[str, list[Found]]) -> dict[str, str]:
    """The N x N scores of each pair as CSV, where there are not too many."""
    import csv
    import io

    files = {}
    every = [(part, one) for part, some in found.items() for one in some if max(one.scores.shape) <= MATRIX_SIDE and one.pair.source <= one.pair.target]
    for number, (part, one) in enumerate(every if len(every) <= MATRIX_PAIRS else [], 1):
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        names = ([f"{selection.utterances[row].meaning} {selection.utterances[row].id}" for row in rows] for rows in (one.pair.queries, one.pair.candidates))
        asked, there = names
        writer.writerow([" / ".join(filter(None, (part, f"{one.pair.source} > {one.pair.target}"))), *there])
        writer.writerows([name, *(f"{score:.5f}" for score in row)] for name, row in zip(asked, one.scores.tolist()))
        files[f"matrix-{number:02d}.csv"] = out.getvalue()
    return files


def _figure(figure: Any) -> dict[str, Any]:
    return {"R@1": figure.value, "low": figure.interval.low, "high": figure.interval.high, "pairs": figure.pairs, "n": figure.n, "chance": figure.chance}
