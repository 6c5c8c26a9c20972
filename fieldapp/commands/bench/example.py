"""Query by example: does a recording by a voice the archive has not heard find the same word? Pooled vectors, SeqSim, the application, plain acoustics.

Every recording asks once; only recordings by other speakers answer, or of other varieties (--across variety). The application is asked
through fieldbooks from which the asking speaker, or the whole variety, is left out. With --segments, the time of a whole answer in a fieldbook of that size.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldapp.commands import Answer, Progress
from fieldapp.commands.lab.selecting import model_arguments, selected, source_arguments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fieldapp.commands.bench.example_book import Voices
    from fieldapp.lab.hearing import Heard
    from fieldapp.lab.ranking import Mask
    from fieldapp.lab.utterances import Selection

RERANKED = 20
RERANKING = f", then SeqSim of {RERANKED}"
ASKED = 100
MODES = ("meaning", "sound")
ACROSS = {"speaker": "by other speakers", "variety": "of other varieties"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, with which model, how large an archive for the times."""
    source_arguments(parser)
    model_arguments(parser)
    parser.add_argument("--by", default="set", metavar="COLUMN", help="report each value of this column on its own (set)")
    parser.add_argument("--across", choices=tuple(ACROSS), default="speaker", help="who answers: other speakers, or speakers of other varieties (speaker)")
    parser.add_argument("--segments", type=int, default=0, metavar="N", help="time answers in a fieldbook of N segments, too")
    parser.add_argument("--no-acoustics", action="store_true", help="leave the slow comparison by MFCC and DTW out")


def run(options: argparse.Namespace, progress: Progress) -> Answer:
    """Hear everything once, then compare in every way."""
    from fieldapp.commands.bench.example_book import hear_all
    from fieldapp.lab.hearing import hear_acoustics, sounds_of
    from fieldapp.lab.utterances import rows_by

    with selected(options, progress) as chosen:
        selection, sounds = sounds_of(chosen.only(lambda one: bool(one.meaning and one.column(options.across)), f"no meaning or no {options.across}"), progress)
    voices = hear_all(options.model, options.device, sounds, progress)
    acoustics = None if options.no_acoustics else hear_acoustics(sounds, progress)
    data: dict[str, Any] = {"source": str(options.source), "model": voices.heard.name, "across": options.across, "aside": list(selection.aside), "sets": {}}
    with tempfile.TemporaryDirectory() as place:
        for name, rows in (rows_by(selection.utterances, options.by) or {"all": list(range(len(selection)))}).items():
            progress(-1, f"comparing {name}")
            data["sets"][name] = _arms(selection, rows, voices, acoustics, Path(place) / f"set{len(data['sets'])}", options.across)
        if options.segments:
            data["times"] = _times(voices, options.segments, Path(place) / "large", progress)
    return Answer("\n".join(_lines(data)), data)


def _arms(selection: Selection, rows: Sequence[int], voices: Voices, acoustics: Heard | None, place: Path, across: str) -> dict[str, Any]:
    """Every way to answer, over the same queries and candidates."""
    from fieldapp.commands.bench.example_book import answers
    from fieldapp.lab.dtw import dtw_matrix
    from fieldapp.lab.metrics import cosine_matrix, seqsim_matrix
    from fieldapp.lab.ranking import same

    meanings, theirs = ([selection.utterances[row].column(name) for row in rows] for name in ("meaning", across))
    right, allowed = same(meanings, meanings), ~same(theirs, theirs)
    heard, chosen = voices.heard, list(rows)
    frames = seqsim_matrix(heard.pool(rows), heard.pool(rows))
    ways: dict[str, NDArray[np.floating]] = {"pooled": cosine_matrix(heard.meaning[chosen], heard.meaning[chosen])}
    if heard.headed is not None:
        ways["head"] = cosine_matrix(heard.headed[chosen], heard.headed[chosen])
    ways |= {f"{name}{RERANKING}": _reranked(scores, frames, allowed) for name, scores in ways.items()}
    if acoustics is not None:
        ways["MFCC+DTW"] = -dtw_matrix(acoustics.pool(rows), acoustics.pool(rows))
    ways |= {f"fieldapp search --mode {mode}": scores for mode, scores in answers(selection, rows, voices, place, MODES, across).items()}
    told = {name: _figures(scores, right, allowed, meanings) for name, scores in ways.items()}
    for name in [name for name in ways if f"{name}{RERANKING}" in ways]:
        told[f"{name}{RERANKING}"] |= _gain(ways[name], ways[f"{name}{RERANKING}"], right, allowed, meanings)
    return told


def _reranked(scores: NDArray[np.floating], better: NDArray[np.floating], allowed: Mask) -> NDArray[np.float64]:
    """The first twenty by `scores` in the order of `better`, before all others."""
    made = np.where(allowed, np.asarray(scores, np.float64), -np.inf)
    first = np.argpartition(-made, min(RERANKED, made.shape[1] - 1) - 1, axis=1)[:, :RERANKED]
    at = np.arange(len(made))[:, None]
    above = np.full(made.shape, -np.inf)
    above[at, first] = np.where(np.isfinite(made[at, first]), 10 + better[at, first], -np.inf)
    made[np.isfinite(above)] = above[np.isfinite(above)]
    return made


def _figures(scores: NDArray[np.floating], right: Mask, allowed: Mask, meanings: Sequence[str]) -> dict[str, Any]:
    from fieldapp.lab.ranking import ranks
    from fieldapp.lab.statistics import bootstrap

    found = ranks(scores, right, allowed)
    told: dict[str, Any] = dict(found.figures((1, 5)))
    asked = [meanings[row] for row in found.rows]
    for k in (1, 5) if len(found) else ():
        sure = bootstrap(found.hits(k), asked)
        told[f"R@{k} interval"] = [round(sure.low, 4), round(sure.high, 4)]
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in told.items()}


def _gain(before: NDArray[np.floating], after: NDArray[np.floating], right: Mask, allowed: Mask, meanings: Sequence[str]) -> dict[str, float | list[float]]:
    """How much more often a right answer is first, over the same queries."""
    from fieldapp.lab.ranking import ranks
    from fieldapp.lab.statistics import bootstrap_difference

    one, other = ranks(before, right, allowed), ranks(after, right, allowed)
    sure = bootstrap_difference(one.hits(1), other.hits(1), [meanings[row] for row in one.rows])
    return {"gain": round(float((other.hits(1) - one.hits(1)).mean()), 4), "gain interval": [round(sure.low, 4), round(sure.high, 4)]}


def _times(voices: Voices, count: int, place: Path, progress: Progress) -> dict[str, Any]:
    """A whole answer, encoding excluded: search, frames, rows, texts and calibration, once warm."""
    from fieldapp.commands.bench.example_book import large_book

    told: dict[str, Any] = {"segments": count, "queries": ASKED}
    with large_book(voices, count, place, progress) as book:
        for mode in MODES:
            spent = []
            for number in range(ASKED + 1):
                begun = time.perf_counter()
                book.ask(number % len(voices.embedded), mode)
                spent.append(1000 * (time.perf_counter() - begun))
            first, warm = spent[0], sorted(spent[1:])
            told[mode] = {"first_ms": round(first, 1), "p50_ms": round(statistics.median(warm), 1), "p99_ms": round(warm[int(0.99 * len(warm))], 1)}
    return told


def _lines(data: dict[str, Any]) -> list[str]:
    lines = [f"query by example with {data['model']}; answers {ACROSS[data['across']]} only; intervals: bootstrap over meanings"]
    for name, arms in data["sets"].items():
        lines += ["", f"{name:<36} {'n':>5} {'chance':>7} {'R@1':>6} {'95 %':>13} {'R@5':>6} {'95 %':>13}"]
        for arm, told in arms.items():
            if told["n"]:
                intervals = {k: "-".join(f"{100 * edge:.1f}" for edge in told[f"R@{k} interval"]) for k in (1, 5)}
                figures = f"{100 * told['R@1']:>6.1f} {intervals[1]:>13} {100 * told['R@5']:>6.1f} {intervals[5]:>13}"
                gain = (
                    f"   gain {100 * told['gain']:+.1f} ({100 * told['gain interval'][0]:+.1f} to {100 * told['gain interval'][1]:+.1f})"
                    if "gain" in told
                    else ""
                )
                lines.append(f"  {arm:<34} {told['n']:>5} {100 * told['chance']:>7.1f} {figures}{gain}")
    if "times" in data:
        times = data["times"]
        lines += ["", f"whole answers in a fieldbook of {times['segments']} segments, {times['queries']} queries, encoding excluded"]
        lines += [f"  {mode:<8} first {times[mode]['first_ms']} ms, then p50 {times[mode]['p50_ms']}, p99 {times[mode]['p99_ms']} ms" for mode in MODES]
    return lines
