"""Can utterances be given labels (topics, intents, sections) with no example, or with a few? Speech and text share a space, so a label's own words can do.

--by names the column that holds the true labels. Beside the label's words: a classifier that learned from written texts and is asked about
speech, the same within speech and within text (so that the drop is seen), and 1, 4 and 16 spoken examples a label.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.lab.heard_spaces import head_argument, spaces_of, text_side
from fieldapp.commands.lab.selecting import about, heard_by, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fieldapp.lab.labelling import Labelled
    from fieldapp.lab.report import Study, Table
    from fieldapp.lab.utterances import Utterance


ACROSS = "learned from texts, asked about speech"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which labels, in which words."""
    source_arguments(parser)
    model_arguments(parser)
    head_argument(parser)
    parser.add_argument(
        "--by", default="section", metavar="COLUMN", help="where the true label of an utterance stands (default section); meaning_id:1 takes one part of a:b:c"
    )
    parser.add_argument("--fewest", type=int, default=1, metavar="N", help="leave labels of fewer meanings out (default 1)")
    parser.add_argument(
        "--call", action="append", default=[], metavar="LABEL=WORDS", help="the words that stand for a label (else the label itself); may be repeated"
    )


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen once, label every way."""
    from fieldapp.lab.hearing import sounds_of
    from fieldapp.lab.report import Measured, Study

    words = dict(call.split("=", 1) for call in options.call if "=" in call)
    with selected(options, progress) as selection:
        selection = selection.only(lambda u: bool(_label(u, options.by)), f"nothing in the column '{options.by}'")
        selection = selection.only(_common(selection.utterances, options), f"its label has fewer than {options.fewest} meanings")
        classes = sorted({_label(u, options.by) for u in selection.utterances})
        if len(classes) < 2:
            raise WrongUsage(f"The column '{options.by}' holds {len(classes)} labels; at least two are needed.", "Choose another column with --by.")
        if unknown := set(words) - set(classes):
            raise WrongUsage(f"No utterance has the label '{min(unknown)}'.", f"There is: {', '.join(classes[:20])}.")
        selection, sounds = sounds_of(selection, progress)
        heard, folder = heard_by(options.model, options.device, sounds, progress)
    spaces = spaces_of(options, folder, heard)
    name, encode = text_side(options, folder, spaces, progress)
    labels = [_label(u, options.by) for u in selection.utterances]
    called = [words.get(label, label.replace("_", " ")) for label in classes]
    texts = [u.translation or u.column("asked") or u.transcript for u in selection.utterances]
    meanings = [u.meaning or u.id for u in selection.utterances]
    strict, rows = _rows(
        spaces[name][0], encode(texts), encode(called), classes, labels, [u.speaker for u in selection.utterances], meanings, texts, options.seed
    )
    doubts = (
        []
        if strict
        else ["What is asked shares a speaker or meanings with what was learned from: there are too few of them. Only the first line is free of that."]
    )
    doubts.append("The words that stand for a label matter much; change them with --call.")
    said = tuple(f"{row.way}: {100 * row.accuracy:.1f} % (95 %: {row.interval}; chance {100 * row.chance:.1f} %, n {row.n})" for row in rows)
    labelled = {"labels": ", ".join(f"{label} ({words})" for label, words in zip(classes, called))}
    return Study(
        "zeroshot",
        "Can a label be given with no or few examples?",
        about(options, selection) | {"space": name} | labelled,
        said,
        (*doubts, *set_aside(selection)),
        (_table(rows),),
        passed=_verdict(rows),
        measured=tuple(Measured(row.way, row.accuracy, row.interval.low, row.interval.high, row.n, row.chance) for row in rows),
    )


def _label(utterance: Utterance, by: str) -> str:
    """What stands in a column, or in one part of it: 'meaning_id:1' is b in a:b:c."""
    column, _, part = by.partition(":")
    whole = utterance.column(column)
    parts = whole.split(":")
    return whole if not part.isdigit() else parts[int(part)] if int(part) < len(parts) else ""


def _common(utterances: Sequence[Utterance], options: argparse.Namespace) -> Callable[[Utterance], bool]:
    """Whether an utterance's label has meanings enough to learn from some and be asked about others."""
    meanings: dict[str, set[str]] = {}
    for utterance in utterances:
        meanings.setdefault(_label(utterance, options.by), set()).add(utterance.meaning or utterance.id)
    return lambda utterance: len(meanings[_label(utterance, options.by)]) >= options.fewest


def _verdict(rows: Sequence[Labelled]) -> bool | None:
    """Labels pass from text to speech, and the most examples that were tried teach something: both surely above chance."""
    across = [row for row in rows if row.way == ACROSS]
    taught = [row for row in rows if "example" in row.way and row.p is None]
    return all(row.interval.low > row.chance for row in (*across, taught[-1])) if across and taught else None


def _rows(
    vectors: np.ndarray, texts: np.ndarray, names: np.ndarray, classes: Sequence[str], labels: list[str], speakers: list[str], meanings: list[str],
    written: list[str], seed: int,
) -> tuple[bool, list[Labelled]]:  # fmt: skip
    from fieldapp.lab.labelling import SHOTS, across, by_words, few_shot, halves

    found = [by_words(vectors, names, classes, labels, meanings, seed)]
    cut = halves(labels, speakers, meanings)
    inside, ask = list(cut.learn), list(cut.ask)
    known, truth, asked = [labels[row] for row in inside], [labels[row] for row in ask], [meanings[row] for row in ask]
    if len(set(known)) > 1 and ask:
        if all(written[row] for row in (*inside, *ask)):
            found.append(across(ACROSS, texts[inside], known, vectors[ask], truth, asked, seed))
            found.append(across("learned from texts, asked about texts", texts[inside], known, texts[ask], truth, asked, seed))
        found.append(across("learned from speech, asked about speech", vectors[inside], known, vectors[ask], truth, asked, seed))
        found += [one for shots in SHOTS if (one := few_shot(vectors[inside], known, vectors[ask], truth, asked, shots, seed))]
    return cut.strict, found


def _table(rows: Sequence[Labelled]) -> Table:
    from fieldapp.lab.report import COUNT, PERCENT, Column, P, Table

    shares = tuple(Column(name, PERCENT) for name in ("chance", "accuracy", "low", "high"))
    columns = (Column("way"), Column("n", COUNT), Column("labels", COUNT), *shares, Column("p", P))
    cells = tuple((r.way, r.n, r.classes, r.chance, r.accuracy, r.interval.low, r.interval.high, r.p) for r in rows)
    return Table("zeroshot", "Balanced accuracy of labels, with 95 % interval over meanings", columns, cells)
