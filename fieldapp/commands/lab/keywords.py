"""Does a typed word find the utterances that hold it, without any transcript being read? For each word: the first ten, average precision, chance.

The transcript (or translation) is only the judge. Words with few or very many utterances are left out.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from fieldapp.commands import Progress
from fieldapp.commands.lab.heard_spaces import head_argument, spaces_of, text_side
from fieldapp.commands.lab.selecting import about, heard_by, model_arguments, selected, set_aside, source_arguments
from fieldapp.errors import WrongUsage

if TYPE_CHECKING:
    from fieldapp.lab.report import Study

FEWEST, MOST_WORDS = 5, 40


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which words."""
    source_arguments(parser)
    model_arguments(parser)
    head_argument(parser)
    parser.add_argument("--word", action="append", default=[], metavar="WORD", help="this word (may be repeated; else the commonest ones)")
    parser.add_argument("--of", choices=("translation", "transcript"), default="translation", help="which texts hold the words (default translation)")


def run(options: argparse.Namespace, progress: Progress) -> Study:
    """Listen once, look for every word."""
    from fieldapp.lab.hearing import sounds_of
    from fieldapp.lab.labelling import spotted
    from fieldapp.lab.metrics import cosine_matrix
    from fieldapp.lab.report import COUNT, PERCENT, Column, Study, Table
    from fieldapp.lab.statistics import bootstrap
    from fieldapp.lab.wording import unicode_letters

    with selected(options, progress) as selection:
        selection = selection.only(lambda u: bool(u.column(options.of)), f"no {options.of}")
        held = [set(unicode_letters(u.column(options.of)).split()) for u in selection.utterances]
        words = [unicode_letters(word) for word in options.word] or _common(held)
        if not words:
            told = f"No word stands in at least {FEWEST} and at most half of the texts ({options.of})."
            raise WrongUsage(told, "Name words with --word, or choose more recordings; --of takes the other texts.")
        if missing := [word for word in words if not any(word in one for one in held)]:
            raise WrongUsage(f"No {options.of} holds the word '{missing[0]}'.", f"At least {FEWEST} utterances and at most half of all should hold a word.")
        selection, sounds = sounds_of(selection, progress)
        heard, folder = heard_by(options.model, options.device, sounds, progress)
    held = [set(unicode_letters(u.column(options.of)).split()) for u in selection.utterances]
    spaces = spaces_of(options, folder, heard)
    name, encode = text_side(options, folder, spaces, progress)
    scores = cosine_matrix(encode(words), spaces[name][0])
    found = [spotted(word, row, np.array([word in one for one in held], np.bool_)) for word, row in zip(words, scores) if any(word in one for one in held)]
    mean, chance = float(np.mean([one.precision for one in found])), float(np.mean([one.chance for one in found]))
    between = bootstrap([one.precision for one in found], [one.word for one in found], seed=options.seed)
    columns = (
        Column("word"),
        Column("n", COUNT),
        Column("hold it", COUNT),
        Column("P@10", PERCENT),
        Column("average precision", PERCENT),
        Column("chance", PERCENT),
    )
    rows = tuple((one.word, one.n, one.positives, one.p10, one.precision, one.chance) for one in found)
    return Study(
        "keywords",
        "Does a typed word find the utterances that hold it?",
        about(options, selection) | {"space": name, "words": len(found)},
        (
            f"Average precision {100 * mean:.1f} % (95 % over words: {between}; chance {100 * chance:.1f} %), "
            f"P@10 {100 * float(np.mean([one.p10 for one in found])):.1f} % over {len(found)} words",
        ),
        ("A vector stands for a whole utterance: a word is found by what the utterance means, not where it is said.", *set_aside(selection)),
        (Table("keywords", "Every word", columns, rows),),
    )


def _common(held: list[set[str]]) -> list[str]:
    count = Counter(word for words in held for word in words)
    return sorted((word for word, n in count.items() if FEWEST <= n <= len(held) // 2 and len(word) > 1), key=lambda word: (-count[word], word))[:MOST_WORDS]
