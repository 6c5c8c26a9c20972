"""At which layer of the encoder do varieties meet: because words sound alike, or because they mean the same?

R@1 for every exit of the encoder (early-exit twins are made when needed): over all pairs of sentences, over those that share nothing
that sounds alike (--control, a list from 'lab control', else one made with the default threshold), beside plain acoustics and a
ranker that knows pronunciation on paper only. With --model twice two models stand side by side.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp import paths
from fieldapp.commands import Progress
from fieldapp.commands.lab.selecting import BY_CHANCE, about, against_argument, heard_at, none_share, selected, set_aside, share, source_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldapp.lab.control import ControlSet
    from fieldapp.lab.layers import Point
    from fieldapp.lab.report import Study
    from fieldapp.lab.utterances import Utterance


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, which models, which exits."""
    source_arguments(parser)
    parser.add_argument("--model", action="append", default=[], help="a model's name or folder (else: the one in the settings); twice: side by side")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where it runs (else: as in the settings)")
    parser.add_argument("--by", default="variety", metavar="COLUMN", help="what is a unit: variety, speaker, or any column (default variety)")
    parser.add_argument("--layers", default="", metavar="N,N", help="only these exits; the last layer is always looked at")
    parser.add_argument("--similarity", default="seqsim", metavar="WAY", help="seqsim, pooled or sound (default seqsim)")
    against_argument(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--control", type=Path, metavar="LIST.csv", help="a reviewed control list (else one is made)")
    how.add_argument("--by-chance", type=share, metavar="SHARE", help=BY_CHANCE)
    parser.add_argument("--speaker-disjoint", action="store_true", help="never let a speaker find themselves")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """One point a layer and model, then acoustics and pronunciation."""
    from fieldapp.lab import control, layers
    from fieldapp.lab.hearing import hear_acoustics, sounds_of
    from fieldapp.lab.pronounce import pronunciations
    from fieldapp.lab.retrieval import pairs_between
    from fieldapp.lab.similarity import similarity
    from fieldapp.lab.utterances import rows_by
    from fieldapp.speech.device import processor_cores

    way = similarity(options.similarity)
    listed = control.read(options.control) if options.control else None  # what is fixed beforehand is read beforehand
    with selected(options, progress) as selection:
        selection = selection.only(lambda u: bool(u.meaning and u.column(options.by)), f"no meaning, or nothing in the column '{options.by}'")
        selection, sounds = sounds_of(selection, progress)
    utterances = selection.utterances
    pairs = list(pairs_between(utterances, rows_by(utterances, options.by), against=options.against))
    if not pairs:
        raise none_share(options)
    ipa, whence = pronunciations(utterances)
    made = listed or (
        control.build(utterances, pairs, ipa) if options.by_chance is None else control.build_by_chance(utterances, pairs, ipa, options.by_chance)
    )
    sets = layers.pair_sets(utterances, pairs, made)
    common: dict[str, Any] = {"speaker_disjoint": options.speaker_disjoint, "seed": options.seed}
    points = []
    for model in options.model or [""]:
        for layer, heard in heard_at(model, options.layers, options.device, sounds, paths.cache() / "twins", progress):
            points.append(layers.point(heard.name, layer, utterances, heard, sets, way.compare, **common))
    floor = hear_acoustics(sounds, progress, workers=processor_cores())
    acoustics = layers.point(floor.name, 0, utterances, floor, sets, similarity("mfcc-seqsim").compare, **common)
    spoken = [one for one in ipa if one]
    phonetic = layers.point("pronunciation", -1, utterances, floor, sets, layers.by_pronunciation(ipa), **common) if spoken else None
    fewest = min((len(made.kept(pair.source, pair.target)) for pair in pairs), default=0)
    return _study(options, points, acoustics, phonetic, made, fewest, (whence, *set_aside(selection)), about(options, selection), utterances)


def _study(
    options: argparse.Namespace,
    points: Sequence[Point],
    acoustics: Point,
    phonetic: Point | None,
    made: ControlSet,
    fewest: int,
    aside: tuple[str, ...],
    of: dict[str, object],
    utterances: Sequence[Utterance],
) -> Study:
    from fieldapp.lab.drawing import curves
    from fieldapp.lab.layers import ALL, CONTROLLED, verdict
    from fieldapp.lab.report import COUNT, PERCENT, Column, Measured, P, Study, Table

    every = [*points, acoustics, *([phonetic] if phonetic else [])]
    rows = []
    for one in every:
        for name, figure in one.figures.items():
            layer = one.layer if one.layer >= 0 else None
            rows.append((one.ear, layer, name, figure.n, figure.chance, figure.value, figure.interval.low, figure.interval.high, figure.p))
    columns = (
        Column("ear"),
        Column("layer", COUNT),
        Column("pairs"),
        Column("n", COUNT),
        *(Column(name, PERCENT) for name in ("chance", "R@1", "low", "high")),
    )
    table = Table("layers", "R@1 by layer (95 % interval over sentences; layer 0 is acoustics)", (*columns, Column("p", P)), tuple(rows))
    models = list(dict.fromkeys(one.ear for one in points))
    passed, results, lines, measured = True, [], {}, []
    floors = [acoustics, *([phonetic] if phonetic else [])]
    for model in models:
        mine = [one for one in points if one.ear == model]
        right, sentence = verdict(mine, floors, fewest)
        passed = passed and right
        best = max(mine, key=lambda one: one.figures[CONTROLLED].value)
        results.append(f"{model}: {sentence} Best on controlled pairs: layer {best.layer} of {max(one.layer for one in mine)}.")
        for name in (ALL, CONTROLLED):
            lines[f"{model}, {name}"] = [(float(one.layer), one.figures[name].value) for one in (acoustics, *mine)]
    if phonetic:
        end = float(max(one.layer for one in points))
        lines["by pronunciation, controlled"] = [(0.0, phonetic.figures[CONTROLLED].value), (end, phonetic.figures[CONTROLLED].value)]
    ends = [max((one for one in points if one.ear == model), key=lambda one: one.layer) for model in models]
    for one in (*ends, *floors):
        figure = one.figures[CONTROLLED]
        what = f"controlled R@1, {one.ear}{f', layer {one.layer}' if one.layer > 0 else ''}"
        measured.append(Measured(what, figure.value, figure.interval.low, figure.interval.high, figure.n, figure.chance))
    chance = acoustics.figures[CONTROLLED].chance
    drawn = curves(lines, "Retrieval by layer", "encoder layer (0: acoustics)", "R@1 %", band=(0.0, chance))
    return Study(
        bench="layers",
        asked="Do varieties meet in the model because words sound alike, or because they mean the same? T1a.",
        about=of
        | {"models": ", ".join(models), "control threshold": round(made.threshold, 4), "control list": str(options.control or "made with that threshold")},
        result=tuple(results),
        doubt=(
            *([] if phonetic else ["No pronunciation is known, so nothing says whether sound alone would do."]),
            *aside,
        ),
        tables=(table,),
        pictures={"layers": drawn},
        files={"control.csv": made.csv()},
        data={"fewest_kept": fewest, "utterances": len(utterances)},
        passed=passed,
        measured=tuple(measured),
    )
