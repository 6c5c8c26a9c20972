"""Retrieval layer by layer: with all pairs of sentences, with those that share nothing that sounds alike, and by sound on paper alone. Any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldapp.lab import phones
from fieldapp.lab.control import ControlSet
from fieldapp.lab.hearing import Heard
from fieldapp.lab.retrieval import Figure, Found, Pair, mean_over, restricted, retrieve
from fieldapp.lab.similarity import Compare
from fieldapp.lab.utterances import Utterance

ALL, CONTROLLED = "all pairs", "controlled"
FEWEST = 30


@dataclass(frozen=True, slots=True)
class Point:
    """R@1 of one ear at one layer, over all pairs and over controlled ones. Layer 0 is acoustics, -1 the ranker by pronunciation."""

    ear: str
    layer: int
    figures: Mapping[str, Figure]


def pair_sets(utterances: Sequence[Utterance], pairs: Sequence[Pair], control: ControlSet | None) -> dict[str, list[Pair]]:
    """The pairs as they are and, with a control set, with the meanings that stay."""
    sets = {ALL: list(pairs)}
    if control is not None:
        some = (restricted(utterances, pair, control.kept(pair.source, pair.target)) for pair in pairs)
        sets[CONTROLLED] = [pair for pair in some if pair is not None]
    return sets


def point(
    ear: str,
    layer: int,
    utterances: Sequence[Utterance],
    heard: Heard,
    sets: Mapping[str, Sequence[Pair]],
    compare: Compare,
    *,
    speaker_disjoint: bool,
    seed: int,
) -> Point:
    """Retrieval with every set of pairs."""
    figures = {}
    for name, pairs in sets.items():
        found: list[Found] = []
        for pair in pairs:
            found += retrieve(utterances, heard, pair, compare, speaker_disjoint=speaker_disjoint, seed=seed)
        figures[name] = mean_over(found, seed=seed)
    return Point(ear, layer, figures)


def by_pronunciation(ipa: Sequence[str]) -> Compare:
    """A way to compare that hears nothing: how near the pronunciations are on paper."""
    spoken = [phones.phones(one) for one in ipa]

    def compare(_: Heard, queries: Sequence[int], candidates: Sequence[int]) -> NDArray[np.float32]:
        table = phones.distances([spoken[row] for row in queries], [spoken[row] for row in candidates])
        return (-table).astype(np.float32)

    return compare


def at_chance(figure: Figure) -> bool:
    """Whether chance lies within (or above) the interval."""
    return not figure.n or figure.interval.low <= figure.chance


def verdict(points: Sequence[Point], floors: Sequence[Point], fewest: int) -> tuple[bool, str]:
    """Whether alignment is shown to be more than sound: the last layer over chance, every ranker by sound at chance, and enough pairs left."""
    last = max(points, key=lambda one: one.layer).figures[CONTROLLED]
    if not last.n:
        return False, "No controlled pair is left."
    over = last.interval.low > last.chance and last.p < 0.01
    loud = [one.ear for one in floors if not at_chance(one.figures[CONTROLLED])]
    said = f"last layer {100 * last.value:.1f} % ({last.interval}; chance {100 * last.chance:.1f} %, p {last.p:.4f}) on controlled pairs"
    rest = f"{' and '.join(loud)} above chance there, too: sound is not ruled out" if loud else "what knows sound only is at chance there"
    return over and not loud and len(floors) > 1 and fewest >= FEWEST, f"{said}; {rest}; the smallest pair keeps {fewest} meanings ({FEWEST} wanted)."
