"""Find a word by pictures alone: 'pictures find LABEL SOURCE'. Recordings made before pictures that show the thing are held against others; no training.

What a picture shows is told by its prompt's glosses, a column 'labels', and its file's name. LABEL 'all' looks for every label of at
least --fewest recordings and scores it where texts say which recordings hold the word. --strings N tests the method where each
word's place is known: it strings N single-word recordings together, as if a picture had shown all N things. --model none compares plain acoustics.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.lab.retrieval import NONE
from fieldapp.commands.lab.selecting import about, heard_by, model_arguments, selected, set_aside
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldapp.lab.pictures import Candidate
    from fieldapp.lab.report import Measured, Study, Table
    from fieldapp.lab.utterances import F32, Selection, Utterance

ALL = "all"
OVERLAP = 0.5
FIRST = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """One recording: what its picture shows, the words it is known to hold, and where (seconds), if that is known."""

    name: str
    where: str
    speaker: str
    shows: frozenset[str]
    holds: frozenset[str]
    places: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Score:
    """How the first ten candidates for a label fare, in one way of looking; `chance` is the share of all recordings with the picture that hold the word."""

    label: str
    way: str
    recordings: int
    chance: float
    spotted: float
    placed: float | None


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, in which recordings."""
    parser.add_argument("deed", choices=("find",), help="what to do")
    parser.add_argument("label", metavar="LABEL", help="what a picture shows, in a word; or 'all'")
    parser.add_argument("source", metavar="SOURCE", type=Path, help="a fieldbook, or a manifest CSV with a column picture")
    parser.add_argument("--where", metavar="COLUMN=VALUE", action="append", default=[], help="only these utterances (VALUE,VALUE for several); may be repeated")
    model_arguments(parser)
    parser.add_argument("--fewest", type=int, default=5, metavar="N", help="recordings that must show a thing (and lack it) to look for it (default 5)")
    parser.add_argument("--strings", type=int, default=0, metavar="N", help="test: string N single words together and find them again")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen once, look for each label."""
    from fieldapp.lab.hearing import hear_acoustics, sounds_of
    from fieldapp.lab.pictures import WAYS, find
    from fieldapp.lab.report import Study
    from fieldapp.speech.device import processor_cores

    with selected(options, progress) as selection:
        selection, sounds = sounds_of(selection, progress)
    shown, sounds = _strung(selection, sounds, options) if options.strings else _shown(selection, sounds)
    labels = _labels(shown, options)
    if options.model == NONE:
        heard = hear_acoustics(sounds, progress, workers=processor_cores())
    else:
        heard, _ = heard_by(options.model, options.device, sounds, progress)
    scores: list[Score] = []
    best: dict[str, list[Candidate]] = {}
    for number, label in enumerate(labels):
        for way in WAYS:
            progress(number / len(labels), f"looking for '{label}' ({way})")
            found = find(heard.frames, heard.seconds, [label in one.shows for one in shown], options.seed, way)
            best.setdefault(label, found)
            if any(label in one.holds for one in shown):
                scores.append(_score(label, way, found, shown))
    data = {"labels": len(labels), "strings": options.strings, "model": heard.name, "recordings": len(shown)}
    return Study(
        "pictures",
        f"Where is {f'the word for {options.label!r}' if options.label != ALL else 'the word for each label'} said, going by pictures alone?",
        about(options, selection) | data,
        _told(scores, best, shown),
        (*_doubts(scores, options), *set_aside(selection)),
        (_candidates(best, shown), *([_table(scores)] if scores else [])),
        passed=_verdict(scores),
        measured=_measured(scores, options.seed),
    )


def _shown(selection: Selection, sounds: list[F32]) -> tuple[list[Shown], list[F32]]:
    from fieldapp.lab.pictures import labels_of

    with_picture = [row for row, utterance in enumerate(selection.utterances) if utterance.column("picture")]
    if len(with_picture) < 2:
        raise WrongUsage("No recordings were made before pictures here.", "Record with a prompt list that has pictures, or fill the column picture.")
    shown = []
    for row in with_picture:
        utterance: Utterance = selection.utterances[row]
        labels = labels_of(utterance.column("picture"), utterance.column("labels"))
        shown.append(Shown(utterance.id, utterance.where, utterance.speaker, frozenset(labels), _said(utterance, labels), {}))
    return shown, [sounds[row] for row in with_picture]


def _said(utterance: Utterance, labels: set[str]) -> frozenset[str]:
    """The labels that the utterance's texts hold."""
    from fieldapp.lab.wording import unicode_letters

    text = f" {unicode_letters(utterance.transcript)} {unicode_letters(utterance.translation)} "
    return frozenset(label for label in labels if f" {unicode_letters(label)} " in text)


def _strung(selection: Selection, sounds: list[F32], options: argparse.Namespace) -> tuple[list[Shown], list[F32]]:
    from fieldapp.lab.pictures import string_together
    from fieldapp.speech.recogniser import RATE

    words = [(u.column("asked") or u.translation or u.transcript or u.meaning).casefold() for u in selection.utterances]
    made = string_together(words, [u.speaker for u in selection.utterances], sounds, options.strings, RATE, options.seed)
    if len(made) < 2:
        raise WrongUsage(f"There are too few recordings to string {options.strings} of one speaker together.", "Choose a smaller --strings.")
    shown = []
    for number, one in enumerate(made):
        places = {word: (start, stop) for word, start, stop in one.words}
        shown.append(Shown(f"string {number}", " ".join(one.shown), one.speaker, frozenset(one.shown), frozenset(one.shown), places))
    return shown, [one.audio for one in made]


def _labels(shown: Sequence[Shown], options: argparse.Namespace) -> list[str]:
    count = {label: sum(label in one.shows for one in shown) for label in sorted({label for one in shown for label in one.shows})}
    enough = [label for label, n in count.items() if n >= options.fewest and len(shown) - n >= options.fewest]
    if options.label == ALL:
        if not enough:
            raise WrongUsage(f"No label is shown by {options.fewest} recordings and lacking in as many.", "Lower --fewest.")
        return enough
    label = " ".join(options.label.casefold().split())
    if label not in count:
        raise WrongUsage(f"No picture shows '{options.label}'.", f"There is: {', '.join(sorted(count, key=lambda one: (-count[one], one))[:20])}.")
    if label not in enough:
        told = f"'{label}' is shown by {count[label]} of {len(shown)} recordings; {options.fewest} with it and {options.fewest} without it are needed."
        raise WrongUsage(told, "Record it with more speakers, or lower --fewest.")
    return [label]


def _score(label: str, way: str, found: Sequence[Candidate], shown: Sequence[Shown]) -> Score:
    from fieldapp.lab.pictures import overlap

    first = found[:FIRST]
    spotted = float(np.mean([label in shown[one.row].holds for one in first]))
    known = [one for one in first if label in shown[one.row].places]
    placed = float(np.mean([overlap((one.start, one.stop), shown[one.row].places[label]) >= OVERLAP for one in known])) if known else None
    chance = float(np.mean([label in shown[one.row].holds for one in found]))
    return Score(label, way, len(found), chance, spotted, placed)


def _told(scores: Sequence[Score], best: dict[str, list[Candidate]], shown: Sequence[Shown]) -> tuple[str, ...]:
    lines = []
    for way in dict.fromkeys(score.way for score in scores):
        some = [score for score in scores if score.way == way]
        placed = [score.placed for score in some if score.placed is not None]
        spotted, chance = (100 * float(np.mean([getattr(score, name) for score in some])) for name in ("spotted", "chance"))
        told = [f"{spotted:.1f} % hold the word (chance {chance:.1f} %)"] if chance < 100 else []
        told += [f"{100 * float(np.mean(placed)):.1f} % say it where it was looked for (overlap >= {OVERLAP})"] if placed else []
        lines.append(f"{way}: of the first {FIRST}, {', '.join(told) or 'all hold the word, as all recordings with the picture do'} ({len(some)} labels)")
    lines += _gained(scores)
    if len(best) == 1:
        label, found = next(iter(best.items()))
        lines += [f"'{label}' {shown[one.row].name} {one.start:.2f}-{one.stop:.2f} s  {shown[one.row].speaker}  {one.score:.3f}" for one in found[:FIRST]]
    return tuple(lines)


def _gained(scores: Sequence[Score]) -> list[str]:
    """By how much the contrast says better where the word is than sharing alone; with its interval over labels."""
    from fieldapp.lab.pictures import WAYS
    from fieldapp.lab.statistics import bootstrap

    by_way = {way: {score.label: score.placed for score in scores if score.way == way and score.placed is not None} for way in WAYS}
    gains = [value - by_way[WAYS[1]][label] for label, value in by_way[WAYS[0]].items()]
    if len(gains) < 2:
        return []
    return [f"{WAYS[0]} places {100 * float(np.mean(gains)):+.1f} points more than {WAYS[1]} (95 % over labels: {bootstrap(gains, list(by_way[WAYS[0]]))})"]


def _verdict(scores: Sequence[Score]) -> bool | None:
    """With and without the thing beats with it only, and that beats chance: by where the word is where that is known, else by who says it."""
    from fieldapp.lab.pictures import WAYS

    known = [(score.way, score.placed) for score in scores if score.placed is not None]
    known = known or [(score.way, score.spotted) for score in scores if score.chance < 1]
    means = [float(np.mean([value for other, value in known if other == way])) for way in WAYS] if known else []
    return means == sorted(means, reverse=True) and len(set(means)) == len(WAYS) if means else None


def _measured(scores: Sequence[Score], seed: int) -> tuple[Measured, ...]:
    """Each way's share of right places (or right recordings, where places are not known), with its interval over labels."""
    from fieldapp.lab.report import Measured
    from fieldapp.lab.statistics import bootstrap

    found = []
    for way in dict.fromkeys(score.way for score in scores):
        some = [score for score in scores if score.way == way]
        known = [(score.label, score.placed) for score in some if score.placed is not None]
        what, pairs = ("localisation P@10", known) if known else ("spotting P@10", [(score.label, score.spotted) for score in some])
        between = bootstrap([value for _, value in pairs], [label for label, _ in pairs], seed=seed)
        chance = None if known else float(np.mean([score.chance for score in some]))
        found.append(Measured(f"{what}, {way}", float(np.mean([value for _, value in pairs])), between.low, between.high, len(pairs), chance))
    return tuple(found)


def _doubts(scores: Sequence[Score], options: argparse.Namespace) -> list[str]:
    doubts = ["What all recordings with a picture share may be more than its name: a phrase used for naming, or another thing that is always shown with it."]
    if options.strings:
        doubts.append("Strings of single words have pauses and clear voices; words in running speech are harder.")
    if not scores:
        doubts.append("No text says which recordings hold the word, so nothing could be scored: listen to the candidates.")
    return doubts


def _candidates(best: dict[str, list[Candidate]], shown: Sequence[Shown]) -> Table:
    from fieldapp.lab.report import COUNT, NUMBER, Column, Table

    columns = (
        Column("label"),
        Column("rank", COUNT),
        Column("recording"),
        Column("speaker"),
        Column("from s", NUMBER),
        Column("to s", NUMBER),
        Column("score", NUMBER),
        Column("where"),
    )
    rows = tuple(
        (label, rank, shown[one.row].name, shown[one.row].speaker, one.start, one.stop, one.score, shown[one.row].where)
        for label, found in best.items()
        for rank, one in enumerate(found[:FIRST], 1)
    )
    return Table("candidates", "Where each word may be said, surest first", columns, rows)


def _table(scores: Sequence[Score]) -> Table:
    from fieldapp.lab.report import COUNT, PERCENT, Column, Table

    columns = (
        Column("label"),
        Column("way"),
        Column("recordings", COUNT),
        *(Column(name, PERCENT) for name in ("chance", "P@10 spotting", "P@10 localisation")),
    )
    rows = tuple((s.label, s.way, s.recordings, s.chance, s.spotted, s.placed) for s in scores)
    return Table("scores", "The first ten candidates of each label", columns, rows)
