"""How short may a vector be? A head trained so that every prefix is of use, beside one trained at full length only; and how many directions matter.

Both learn from the same utterances, by the same recipe, towards the same text model, and are asked about speakers and meanings that
neither has learned from. Only the first turns its space so that what speech and texts share comes first, and asks for every prefix while it
learns. The table says what a length finds, weighs and takes to search.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.lab.heard_spaces import head_argument, learning_material
from fieldapp.commands.lab.selecting import about, model_arguments, selected, set_aside, source_arguments

if TYPE_CHECKING:
    from fieldapp.lab.adapt.meaning import Trial
    from fieldapp.lab.report import Study, Table

FEWEST_STEPS = 200
SHORT = (32, 64)
ARMS = ("every prefix", "full length only")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, heard by what, towards which texts."""
    source_arguments(parser)
    model_arguments(parser)
    head_argument(parser)


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen once, learn twice, cut."""
    from fieldapp.lab.adapt.head import choose, prefixes_of
    from fieldapp.lab.adapt.holding import hold_back
    from fieldapp.lab.adapt.meaning import try_out
    from fieldapp.lab.adapt.measure import dimension_table
    from fieldapp.lab.drawing import curves
    from fieldapp.lab.metrics import energy, energy_dims
    from fieldapp.lab.report import COUNT, PERCENT, Column, Measured, Study, Table

    with selected(options, progress) as selection:
        given = learning_material(options, selection, progress)
    rows = list(hold_back(given.examples, options.seed).train)
    lengths = prefixes_of(given.texts.shape[1])
    chosen = choose(given.sound[rows], given.texts[rows], [given.examples[row].meaning for row in rows], seed=options.seed, said=progress)
    recipe = replace(chosen, steps=max(chosen.steps, FEWEST_STEPS))
    arms = {
        name: try_out(given.examples, given.sound, given.texts, seed=options.seed, recipe=replace(recipe, prefixes=p))
        for name, p in zip(ARMS, (lengths, lengths[-1:]))
    }
    tables = {name: dimension_table(arm.test, arm.vectors, arm.texts, lengths) for name, arm in arms.items()}
    best = arms[ARMS[0]]
    shares, dims = energy(best.vectors), energy_dims(best.vectors)
    lost, low, high, n = _lost_less(arms, options.seed)
    full = tables[ARMS[0]][-1]["R@1"]["text to speech"]
    chance = 1 / max(1, len(best.test.split.meanings))
    energies = Table("energy", "Directions that carry a share of the variance", (Column("share", PERCENT), Column("directions", COUNT)), tuple(dims.items()))
    result = [f"{name}: text to speech R@1 {_in_words(table)}" for name, table in tables.items()]
    result.append(
        f"cut to {' and '.join(map(str, SHORT))}, the head of every prefix loses {100 * lost:.1f} points less (95 %: {100 * low:.1f} to {100 * high:.1f})"
    )
    result.append(f"95 % of the energy lies in {dims[0.95]} of {lengths[-1]} directions (99 % in {dims[0.99]})")
    doubts = [f"{best.test.split.sentence()}; chance {100 * chance:.1f} %, R@1 at full length {100 * full:.1f} %: near chance lengths cannot differ."]
    recipe_told = f"strictness {recipe.strictness:g}, {recipe.steps} steps"
    return Study(
        "prefixes",
        "How short may a vector be?",
        about(options, selection) | {"model": given.model, "text model": given.text_model, "recipe": recipe_told},
        tuple(result),
        (*doubts, *set_aside(selection)),
        (_table(tables), energies),
        {"energy": curves({"energy": [(float(n + 1), float(share)) for n, share in enumerate(shares)]}, "Energy", "directions", "share")},
        passed=low > 0,
        measured=(
            Measured(f"R@1 lost less at {' and '.join(map(str, SHORT))}", lost, low, high, n, chance),
            Measured("directions that carry 95 % of the energy", dims[0.95] / lengths[-1], None, None, len(best.vectors)),
        ),
    )


def _in_words(table: list[dict[str, Any]]) -> str:
    return ", ".join(f"{cut['dims']}: {100 * cut['R@1']['text to speech']:.1f} %" for cut in table)


def _table(tables: dict[str, list[dict[str, Any]]]) -> Table:
    from fieldapp.lab.report import COUNT, NUMBER, PERCENT, TIME, Column, Table

    ways = ("text to speech", "speech to text")
    columns = (
        Column("head"),
        Column("dims", COUNT),
        *(Column(f"{way} R@1", PERCENT) for way in ways),
        Column("MB per 100,000", NUMBER),
        Column("ms per query", TIME),
    )
    cells = tuple((name, cut["dims"], *(cut["R@1"][way] for way in ways), cut["megabytes"], cut["query_ms"]) for name, table in tables.items() for cut in table)
    return Table("prefixes", "What a length finds, weighs and takes, all compared one by one on this machine", columns, cells)


def _lost_less(arms: dict[str, Trial], seed: int) -> tuple[float, float, float, int]:
    """By how much less the first arm loses when cut short, query by query, both ways; with its interval over meanings and the number of queries."""
    from fieldapp.lab.statistics import bootstrap
    from fieldapp.speech.heads import prefix

    losses, meanings = [], list[str]()
    for arm in arms.values():
        full = arm.test.directions(arm.vectors, arm.texts)[:2]
        cut = [arm.test.directions(prefix(arm.vectors, dims), prefix(arm.texts, dims))[:2] for dims in SHORT if dims < arm.texts.shape[1]]
        meanings = [meaning for direction in full for meaning in direction.meanings]
        whole = np.concatenate([direction.found.hits(1) for direction in full])
        short = [np.concatenate([direction.found.hits(1) for direction in directions]) for directions in cut]
        losses.append(whole - np.mean(short, axis=0) if short else np.zeros(len(whole)))
    less = losses[1] - losses[0]
    between = bootstrap(less, meanings, seed=seed)
    return float(less.mean()), between.low, between.high, len(less)
