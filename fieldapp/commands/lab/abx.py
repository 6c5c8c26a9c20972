"""Which sounds does a model tell apart? ABX: of A, B and X, X being of A's kind, how often is X nearer to B? Per contrast, speaker mode and layer.

--on is the column that is told apart (a phone, a word, a minimal pair's member), --by one that A, B and X share (its neighbours). Within
speakers all three are by one speaker; across speakers X is by another. 50 % is no difference. With --on language the question is
language ABX: is an utterance nearer to its own language than to another, whoever speaks?
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from fieldapp import paths
from fieldapp.commands import Progress
from fieldapp.commands.lab.selecting import about, heard_at, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fieldapp.lab.abx import Scored, Token
    from fieldapp.lab.hearing import Heard
    from fieldapp.lab.report import Cell, Study
    from fieldapp.lab.utterances import F32

LANGUAGE, NONE = "language", "none"
MOST = 2000
"""Tokens: every one is aligned with every other."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is told apart, by whom, at which layers."""
    source_arguments(parser)
    model_arguments(parser)
    parser.add_argument("--on", default="meaning", metavar="COLUMN", help="what is told apart (default meaning); 'language' asks about languages")
    parser.add_argument("--by", default="", metavar="COLUMN", help="what A, B and X share, for example their context")
    parser.add_argument("--layers", default="", metavar="N,N", help="only these exits; the last layer is always looked at")
    parser.add_argument(
        "--most", type=int, default=10, metavar="N", help="tokens of a kind in a cell, more are drawn from (default 10; 5 for X across speakers)"
    )


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Errors of acoustics and of every layer, within and across speakers."""
    from fieldapp.lab.abx import Token
    from fieldapp.lab.dtw import dtw_matrix
    from fieldapp.lab.hearing import sounds_of
    from fieldapp.lab.report import COUNT, PERCENT, Column, Study, Table

    with selected(options, progress) as selection:
        selection = selection.only(lambda u: bool(u.column(options.on) and u.speaker), f"no speaker, or nothing in the column '{options.on}'")
        if len(selection) > MOST:
            raise WrongUsage(f"{len(selection)} tokens are too many to compare each with each.", f"Choose at most {MOST} with --where.")
        selection, sounds = sounds_of(selection, progress)
    tokens = [Token(u.column(options.on), u.column(options.by) if options.by else "", u.speaker) for u in selection.utterances]
    rows: list[tuple[Cell, ...]] = []
    contrasts: list[tuple[Cell, ...]] = []
    voices: list[tuple[Cell, ...]] = []
    names: list[str] = []
    for heard in _ears(options, sounds, progress):
        names.append(heard.name)
        every = heard.pool(range(len(tokens)))
        progress(-1, f"aligning at layer {heard.layer}")
        for mode, scored in _scored(options, tokens, dtw_matrix(every, every)):
            rows.append((heard.name, heard.layer, mode, len(scored.pairs), scored.cells, scored.comparisons, scored.error))
            contrasts += [(heard.name, heard.layer, mode, one, other, error) for (one, other), error in scored.pairs.items()]
            voices += [(heard.name, heard.layer, mode, one, other, who, error) for (one, other, who), error in scored.by_speaker.items()]
    if not any(row[4] for row in rows):
        raise WrongUsage(
            f"No three tokens can be compared by '{options.on}'.", "Within speakers two tokens of a kind are needed, across speakers two speakers."
        )
    columns = (Column("ear"), Column("layer", COUNT), Column("speakers"), *(Column(name, COUNT) for name in ("contrasts", "cells", "comparisons")))
    last = [row for row in rows if row[1] == rows[-1][1] and row[4]]
    worst = sorted((row for row in contrasts if row[1] == rows[-1][1] and row[5]), key=lambda row: -float(row[5] or 0))[:3]
    merged = sorted((row for row in voices if row[1] == rows[-1][1] and row[6]), key=lambda row: -float(row[6] or 0))[:3]
    return Study(
        bench="abx",
        asked=f"How often is a sound taken for another, told apart by '{options.on}'? 50 % is no difference.",
        about=about(options, selection) | {"model": names[-1], "on": options.on, "by": options.by, "most tokens of a kind": options.most},
        result=(
            *(f"{row[0]}, layer {row[1]}, {row[2]} speakers: {100 * float(row[6] or 0):.1f} % errors over {row[3]} contrasts (n {row[5]})." for row in last),
            *(f"Hard to tell apart: {row[3]} and {row[4]} ({row[2]} speakers, {100 * float(row[5] or 0):.1f} %)." for row in worst),
            *(f"As {row[5]} says them: {row[3]} and {row[4]} ({row[2]} speakers, {100 * float(row[6] or 0):.1f} % errors)." for row in merged),
        ),
        doubt=(*_doubts(tokens, len({(row[3], row[4]) for row in contrasts})), *set_aside(selection)),
        tables=(
            Table("abx", "ABX errors by layer (layer 0 is acoustics)", (*columns, Column("error", PERCENT)), tuple(rows)),
            Table(
                "contrasts",
                "Each contrast",
                (*(Column(name) for name in ("ear", "layer", "speakers", "one", "other")), Column("error", PERCENT)),
                tuple(sorted(contrasts, key=lambda row: (-int(row[1] or 0), str(row[2]), -float(row[5] or 0)))),
            ),
            Table(
                "voices",
                "Each contrast as each speaker says it (across speakers: says A and B, another says X)",
                (*(Column(name) for name in ("ear", "layer", "speakers", "one", "other", "said by")), Column("error", PERCENT)),
                tuple(sorted(voices, key=lambda row: (-int(row[1] or 0), str(row[2]), -float(row[6] or 0)))),
            ),
        ),
    )


def _doubts(tokens: list[Token], contrasts: int) -> list[str]:
    """What speaks against believing the figures: they have no interval, so how few speakers and tokens they rest on is said."""
    speakers = Counter(token.speaker for token in tokens)
    fewest = min(Counter((token.on, token.speaker) for token in tokens).values())
    found = ["There is one speaker: nothing can be said across speakers."] if len(speakers) < 2 else []
    found.append(
        f"Comparisons of the same few tokens are not independent: {contrasts} contrasts rest on {len(tokens)} tokens by {len(speakers)} speakers (fewest of a "
        f"kind by one: {fewest}); small differences between contrasts or layers may be chance."
    )
    return found


def _ears(options: argparse.Namespace, sounds: list[F32], progress: Progress) -> Iterator[Heard]:
    from fieldapp.lab.hearing import hear_acoustics
    from fieldapp.speech.device import processor_cores

    yield hear_acoustics(sounds, progress, workers=processor_cores())
    if options.model != NONE:
        for _, heard in heard_at(options.model, options.layers, options.device, sounds, paths.cache() / "twins", progress):
            yield heard


def _scored(options: argparse.Namespace, tokens: list[Token], distances: F32) -> Iterator[tuple[str, Scored]]:
    from fieldapp.lab.abx import MODES, cells, languages_apart, score

    if options.on == LANGUAGE:
        yield "across", languages_apart(distances, [token.on for token in tokens], [token.speaker for token in tokens], seed=options.seed)
        return
    for mode in MODES:
        yield mode, score(distances, cells(tokens, mode, seed=options.seed, most=options.most))
