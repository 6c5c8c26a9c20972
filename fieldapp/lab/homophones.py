"""Synonym against near-homophone: is a word nearer to the word of another variety that means the same, or to one that sounds the same? Pure; any thread."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import WrongUsage
from fieldapp.lab import phones
from fieldapp.lab.retrieval import Pair
from fieldapp.lab.utterances import Utterance

SOUNDS_ALIKE, SOUNDS_DIFFERENT = 0.529, 0.6
"""Plain edits a phone (marks not counted): thresholds as published for such triples (Sauter and others, ICASSP 2026)."""
COLUMNS = ("word", "synonym", "homophone")


@dataclass(frozen=True, slots=True)
class Triple:
    """Rows of a word, of one that means the same and sounds different, and of one that sounds alike and means something else."""

    word: int
    synonym: int
    homophone: int


def find(utterances: Sequence[Utterance], pairs: Sequence[Pair], ipa: Sequence[str]) -> list[Triple]:
    """Of every word in every pair of units the triple with the nearest homophone, both ways; words without one are left out."""
    spoken = [phones.phones(one) for one in ipa]
    found: list[Triple] = []
    for pair in pairs:
        for asked, there in ((pair.queries, pair.candidates), (pair.candidates, pair.queries)):
            table = phones.distances([spoken[row] for row in asked], [spoken[row] for row in there], graded=False)
            for row, distances in zip(asked, table):
                same = np.array([utterances[other].meaning == utterances[row].meaning for other in there])
                synonyms, homophones = np.flatnonzero(same & (distances > SOUNDS_DIFFERENT)), np.flatnonzero(~same & (distances <= SOUNDS_ALIKE))
                if len(synonyms) and len(homophones) and spoken[row]:
                    nearest = homophones[distances[homophones].argmin()]
                    found.append(Triple(row, there[int(synonyms[0])], there[int(nearest)]))
    return found


def read(path: Path, utterances: Sequence[Utterance]) -> list[Triple]:
    """Triples that a person lists by the ids (paths) of utterances."""
    rows = {utterance.id: row for row, utterance in enumerate(utterances)}
    try:
        lines = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as trouble:
        raise WrongUsage(f"The triples {path} cannot be read: {trouble}.") from trouble
    if not lines or not set(COLUMNS) <= set(lines[0]):
        raise WrongUsage(f"{path} is no list of triples.", f"It needs the columns {', '.join(COLUMNS)}.")
    unknown = [line[name] for line in lines for name in COLUMNS if line[name] not in rows]
    if unknown:
        raise WrongUsage(f"{path} names {unknown[0]!r}, which is none of the utterances.", "Write them as the manifest's column 'path' does.")
    return [Triple(*(rows[line[name]] for name in COLUMNS)) for line in lines]


def listed(triples: Sequence[Triple], utterances: Sequence[Utterance], ipa: Sequence[str]) -> str:
    """The triples as a table that can be reviewed and given back."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*COLUMNS, *(f"ipa {name}" for name in COLUMNS), *(f"meaning {name}" for name in COLUMNS)))
    for triple in triples:
        rows = (triple.word, triple.synonym, triple.homophone)
        writer.writerow((*(utterances[row].id for row in rows), *(ipa[row] for row in rows), *(utterances[row].meaning for row in rows)))
    return out.getvalue()


def preferred(triples: Sequence[Triple], compare: Callable[[Sequence[int], Sequence[int]], NDArray[np.floating]]) -> NDArray[np.float64]:
    """For each triple 1 where the synonym is nearer than the homophone; as near counts as not nearer."""
    found = np.zeros(len(triples))
    for word in dict.fromkeys(triple.word for triple in triples):
        mine = [at for at, triple in enumerate(triples) if triple.word == word]
        scores = compare([word], [row for at in mine for row in (triples[at].synonym, triples[at].homophone)])[0]
        found[mine] = scores[0::2] > scores[1::2]
    return found
