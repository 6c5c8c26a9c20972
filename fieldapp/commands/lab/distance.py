"""How far are varieties apart? A distance from speech (1 - mean SeqSim of the same sentences), a map and a tree with bootstrap support, beside
the distance of their pronunciations on paper, and how well the two agree.

Where units have columns latitude and longitude, they stand on a map at their places, coloured by their distance from each other.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from fieldapp.commands import Progress
from fieldapp.commands.lab.selecting import about, heard_by, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fieldapp.lab.dialects import F64, Fork
    from fieldapp.lab.report import Cell, Study
    from fieldapp.lab.utterances import Utterance

NONE = "none"
FEWEST = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, by what."""
    source_arguments(parser)
    model_arguments(parser)
    parser.add_argument("--by", default="variety", metavar="COLUMN", help="what is a unit of map and tree (default variety)")
    parser.add_argument("--similarity", default="seqsim", metavar="WAY", help="seqsim, pooled, sound, head; mfcc-dtw or mfcc-seqsim need no model")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Compare the same sentence in all units, sentence by sentence."""
    import numpy as np

    from fieldapp.lab import phones
    from fieldapp.lab.dialects import agreement, mean_distance
    from fieldapp.lab.hearing import hear_acoustics, sounds_of
    from fieldapp.lab.pronounce import pronunciations
    from fieldapp.lab.similarity import similarity
    from fieldapp.lab.utterances import rows_by
    from fieldapp.speech.device import processor_cores

    way = similarity(options.similarity)
    with selected(options, progress) as selection:
        selection = selection.only(lambda u: bool(u.meaning and u.column(options.by)), f"no meaning, or nothing in the column '{options.by}'")
        if len(rows_by(selection.utterances, options.by)) < 3:
            raise WrongUsage(f"A tree needs three units; the column '{options.by}' has fewer.", "Choose another column with --by.")
        selection, sounds = sounds_of(selection, progress)
    utterances = selection.utterances
    units = rows_by(utterances, options.by)
    heard = hear_acoustics(sounds, progress, workers=processor_cores()) if way.floor else heard_by(options.model, options.device, sounds, progress)[0]
    by_sound = _likeness(utterances, units, lambda rows, others: np.asarray(way.compare(heard, rows, others), np.float64), progress)
    ipa, whence = pronunciations(utterances)
    spoken = [phones.phones(one) for one in ipa]
    on_paper = None
    if any(spoken):
        known = {name: [row for row in rows if spoken[row]] for name, rows in units.items()}
        on_paper = _likeness(utterances, known, lambda rows, others: 1.0 - phones.distances([spoken[r] for r in rows], [spoken[r] for r in others]), progress)
    distance = mean_distance(by_sound)
    agreed = agreement(distance, mean_distance(on_paper), seed=options.seed) if on_paper is not None else None
    return _study(
        options,
        about(options, selection) | {"ear": heard.name, "way": way.name},
        utterances,
        units,
        by_sound,
        on_paper,
        agreed,
        (whence, *set_aside(selection)),
    )


def _likeness(
    utterances: Sequence[Utterance], units: Mapping[str, Sequence[int]], compare: Callable[[Sequence[int], Sequence[int]], F64], progress: Progress
) -> F64:
    """[sentences, units, units]: the mean likeness of all recordings of a sentence by two units; NaN where one has none."""
    import numpy as np

    meanings = sorted({utterances[row].meaning for rows in units.values() for row in rows})
    names = list(units)
    table = np.full((len(meanings), len(names), len(names)), np.nan)
    for number, meaning in enumerate(meanings):
        progress(number / len(meanings), f"comparing {meaning}")
        rows = [(at, row) for at, name in enumerate(names) for row in units[name] if utterances[row].meaning == meaning]
        owners = np.array([at for at, _ in rows])
        if len(set(owners.tolist())) > 1:
            scores = compare([row for _, row in rows], [row for _, row in rows])
            for one in set(owners.tolist()):
                for other in set(owners.tolist()) - {one}:
                    table[number, one, other] = scores[np.ix_(owners == one, owners == other)].mean()
    shared = np.isfinite(table).any(axis=(1, 2))
    if not shared.any():
        raise WrongUsage("No two units share a meaning.", "Fill the column meaning_id.")
    kept: F64 = table[shared]
    return kept


def _study(
    options: argparse.Namespace,
    of: dict[str, object],
    utterances: Sequence[Utterance],
    units: Mapping[str, Sequence[int]],
    by_sound: F64,
    on_paper: F64 | None,
    agreed: tuple[float, float] | None,
    aside: tuple[str, ...],
) -> Study:
    import numpy as np

    from fieldapp.lab.dialects import mean_distance, newick, plane, supported_tree
    from fieldapp.lab.drawing import points
    from fieldapp.lab.report import COUNT, NUMBER, Column, Study, Table

    names, pictures, files, tables, trees = list(units), {}, {}, [], {}
    for kind, likeness in (("speech", by_sound), ("paper", on_paper)):
        if likeness is not None:
            distance, forks = mean_distance(likeness), supported_tree(likeness, seed=options.seed)
            trees[kind] = newick(forks, names)
            files[f"tree-{kind}.newick"] = trees[kind]
            pictures[f"tree-{kind}"] = _drawn(forks, names, f"Distances from {kind}; numbers: % of draws of sentences with this branch")
            rows: tuple[tuple[Cell, ...], ...] = tuple((name, *line) for name, line in zip(names, distance.tolist()))
            tables.append(Table(f"distance-{kind}", f"Distances from {kind}", (Column(""), *(Column(name, NUMBER) for name in names)), rows))
            places, shown = plane(distance)
            pictures[f"map-{kind}"] = points(
                {name: (x, y) for name, (x, y) in zip(names, places)}, f"Distances from {kind} in a plane ({100 * shown:.0f} % of variance)"
            )
    if spots := _spots(utterances, units):
        colours = _colours(mean_distance(by_sound), names)
        pictures["map-places"] = points(spots, "Places, coloured by distance from speech: like colours, like speech", colours)
    shared = np.isfinite(by_sound).sum(axis=0)[np.triu_indices(len(names), 1)]
    support = Table("shared", "Sentences each two units share", (Column("fewest", COUNT), Column("most", COUNT)), ((int(shared.min()), int(shared.max())),))
    result = [f"The tree from speech: {trees['speech'].strip()}"]
    if agreed is not None and agreed[0] == agreed[0]:
        result.append(f"Speech and pronunciation on paper agree with r = {agreed[0]:.2f} (Mantel, p {agreed[1]:.3f}, {len(names)} units).")
    voices = [len({utterances[row].speaker for row in rows}) for rows in units.values()]
    doubt = (
        [f"{sum(count == 1 for count in voices)} of {len(names)} units have one speaker: the distance of two varieties is then that of two voices, too."]
        if 1 in voices
        else []
    )
    doubt += [f"Some two units share {int(shared.min())} sentences only."] if shared.min() < FEWEST else []
    return Study(
        bench="distance",
        asked=f"How far are units by {options.by} apart, saying the same things?",
        about=of | {"sentences": len(by_sound)},
        result=tuple(result),
        doubt=(*doubt, *aside),
        tables=(support, *tables),
        pictures=pictures,
        files=files,
        data={"trees": trees, "mantel": None if agreed is None else {"r": None if agreed[0] != agreed[0] else agreed[0], "p": agreed[1]}},
    )


def _drawn(forks: Sequence[Fork], names: Sequence[str], title: str) -> str:
    from fieldapp.lab.drawing import tree

    order = (*forks[-1].left, *forks[-1].right)
    place: dict[tuple[int, ...], float] = {(unit,): float(order.index(unit)) for unit in order}
    height: dict[tuple[int, ...], float] = {(unit,): 0.0 for unit in order}
    support: dict[tuple[int, ...], float] = {(unit,): -1.0 for unit in order}
    drawn = []
    for fork in forks:
        ends = [(place[side], height[side], support[side]) for side in (fork.left, fork.right)]
        drawn.append((ends[0], ends[1], fork.height))
        both = (*fork.left, *fork.right)
        place[both], height[both], support[both] = (ends[0][0] + ends[1][0]) / 2, fork.height, fork.support
    return tree(drawn, {names[unit]: float(at) for at, unit in enumerate(order)}, title)


def _spots(utterances: Sequence[Utterance], units: Mapping[str, Sequence[int]]) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of each unit, when every unit has them."""
    found = {}
    for name, rows in units.items():
        try:
            found[name] = (float(utterances[rows[0]].column("longitude")), float(utterances[rows[0]].column("latitude")))
        except ValueError:
            return {}
    return found


def _colours(distance: F64, names: Sequence[str]) -> dict[str, str]:
    """Three directions of distance as red, green and blue."""
    from fieldapp.lab.dialects import plane

    places, _ = plane(distance, 3)
    low, high = places.min(axis=0), places.max(axis=0)
    shares = (places - low) / [max(extent, 1e-9) for extent in high - low]
    return {name: "#" + "".join(f"{round(40 + 190 * share):02x}" for share in line) for name, line in zip(names, shares.tolist())}
