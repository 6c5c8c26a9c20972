"""The control set: which sentence pairs share nothing that sounds alike, so that finding them shows meaning and not pronunciation. Pure; any thread.

For each meaning of two units the closest-sounding pair of words is sought. A pair is dropped when that distance is at or below the
threshold, or when the same number or the same written word stands on both sides. The threshold is fixed before anything is
retrieved and stands in every line of the list; a person may overrule each line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fieldapp.errors import WrongUsage
from fieldapp.lab import phones
from fieldapp.lab.retrieval import Pair
from fieldapp.lab.utterances import Utterance

THRESHOLD = 0.45
"""Of word pairs of unlike meaning drawn at random from English, Spanish, Gaelic and Mandarin words, 3 in 100 lie below."""
COLUMNS = ("from", "to", "meaning_id", "word_from", "word_to", "ipa_from", "ipa_to", "distance", "threshold", "reason", "keep", "override")
_YES, _NO = frozenset({"keep", "yes", "y", "1", "true"}), frozenset({"drop", "no", "n", "0", "false"})
_NUMBER = re.compile(r"\d+")
SHORTEST = 2  # phones: [a] and [a] in two sentences are no cue
LONG_WORD = 4  # letters or phones: shorter words are written, or sound, alike by accident


@dataclass(frozen=True, slots=True)
class Judged:
    """One meaning of two units. `override` is a person's word and counts more than `keep`."""

    source: str
    target: str
    meaning: str
    words: tuple[str, str] = ("", "")
    ipa: tuple[str, str] = ("", "")
    distance: float = 1.0
    reason: str = ""
    keep: bool = True
    override: str = ""

    @property
    def kept(self) -> bool:
        """Whether it is in the control set."""
        return self.keep if not self.override else self.override == "keep"


@dataclass(frozen=True, slots=True)
class ControlSet:
    """What was judged, with which threshold."""

    judged: tuple[Judged, ...]
    threshold: float

    def kept(self, source: str, target: str) -> frozenset[str]:
        """The meanings that stay for two units, whichever way they are asked."""
        return frozenset(one.meaning for one in self.judged if one.kept and {one.source, one.target} == {source, target})

    def csv(self) -> str:
        """The list as a table a person can review: `override` takes keep or drop."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in self.judged:
            figures = (f"{one.distance:.3f}", f"{self.threshold:g}", one.reason, "keep" if one.keep else "drop", one.override)
            writer.writerow((one.source, one.target, one.meaning, *one.words, *one.ipa, *figures))
        return out.getvalue()


def _chance_threshold(utterances: Sequence[Utterance], pairs: Sequence[Pair], ipa: Sequence[str], share: float) -> float:
    """The distance below which the closest words of this share of utterances of *unlike* meaning lie, in the same units.

    In sentences some two short words are always near: a fixed distance made for words would drop nearly all of them, however foreign the languages.
    """
    found: list[float] = []
    for pair in pairs:
        both = [[_long_enough(ipa[rows[0]]) for rows in side.values()] for side in _sides(utterances, pair)]
        known = [sides for sides in zip(*both) if all(sides)]
        if known:
            spoken, there = zip(*known)
            table = phones.distances([word for words in spoken for word in words], [word for words in there for word in words])
            firsts = [np.cumsum([0, *map(len, side)])[:-1] for side in (spoken, there)]
            closest = np.minimum.reduceat(np.minimum.reduceat(table, firsts[0], axis=0), firsts[1], axis=1)
            found += closest[~np.eye(len(spoken), dtype=np.bool_)].tolist()
    return float(np.quantile(found, share)) if found else THRESHOLD


def build(utterances: Sequence[Utterance], pairs: Sequence[Pair], ipa: Sequence[str], threshold: float = THRESHOLD, long: float = 0.0) -> ControlSet:
    """Judge every meaning of every pair; without a pronunciation on one side it is dropped, because nothing is known. `long`: the threshold of long words."""
    limits = threshold, max(threshold, long)
    return ControlSet(tuple(judged for pair in pairs if pair.source != pair.target for judged in _of_pair(utterances, pair, ipa, limits)), threshold)


def build_by_chance(utterances: Sequence[Utterance], pairs: Sequence[Pair], ipa: Sequence[str], share: float) -> ControlSet:
    """The same for sentences: short words sound alike when few unlike sentences have any as near, long words at the fixed distance."""
    return build(utterances, pairs, ipa, _chance_threshold(utterances, pairs, ipa, share), THRESHOLD)


def read(path: Path) -> ControlSet:
    """A list as it came back from review."""
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as trouble:
        raise WrongUsage(f"The control list {path} cannot be read: {trouble}.", "Make one with 'fieldapp lab control'.") from trouble
    if not rows or not set(COLUMNS) <= set(rows[0]):
        raise WrongUsage(f"{path} is no control list.", "Make one with 'fieldapp lab control'.")
    thresholds = {row["threshold"] for row in rows}
    if len(thresholds) > 1:
        raise WrongUsage(f"{path} mixes thresholds ({', '.join(sorted(thresholds))}).", "Make the list anew, with one threshold.")
    return ControlSet(tuple(_judged(row, path) for row in rows), float(thresholds.pop()))


def with_overrides(made: ControlSet, before: ControlSet) -> ControlSet:
    """A list made anew keeps what a person said about its lines."""
    said = {(one.source, one.target, one.meaning): one.override for one in before.judged}
    return ControlSet(tuple(replace(one, override=said.get((one.source, one.target, one.meaning), "")) for one in made.judged), made.threshold)


def _judged(row: Mapping[str, str], path: Path) -> Judged:
    override = (row["override"] or "").strip().casefold()
    if override and override not in _YES | _NO:
        raise WrongUsage(f"{path}: '{row['override']}' is neither keep nor drop ({row['from']}, {row['to']}, {row['meaning_id']}).")
    return Judged(
        row["from"],
        row["to"],
        row["meaning_id"],
        (row["word_from"], row["word_to"]),
        (row["ipa_from"], row["ipa_to"]),
        float(row["distance"]),
        row["reason"],
        row["keep"] == "keep",
        "" if not override else "keep" if override in _YES else "drop",
    )


def _of_pair(utterances: Sequence[Utterance], pair: Pair, ipa: Sequence[str], limits: tuple[float, float]) -> Iterator[Judged]:
    sides = _sides(utterances, pair)
    for meaning in sides[0]:
        both = _pairings(sides, meaning, utterances)
        ways = [_judge(pair, meaning, utterances[one], utterances[other], ipa[one], ipa[other], limits) for one, other in both]
        yield min(ways, key=lambda judged: (judged.keep, judged.distance))


def _sides(utterances: Sequence[Utterance], pair: Pair) -> list[dict[str, list[int]]]:
    """The rows of each meaning that both units have, side by side, in one order."""
    sides: list[dict[str, list[int]]] = []
    for rows in (pair.queries, pair.candidates):
        side: dict[str, list[int]] = {}
        for row in rows:
            side.setdefault(utterances[row].meaning, []).append(row)
        sides.append(side)
    both = sorted(set(sides[0]) & set(sides[1]))
    return [{meaning: side[meaning] for meaning in both} for side in sides]


def _pairings(sides: Sequence[Mapping[str, Sequence[int]]], meaning: str, utterances: Sequence[Utterance]) -> list[tuple[int, int]]:
    """Each wording of one side with each of the other; repetitions of one wording once."""
    unlike = [list({(utterances[row].transcript, utterances[row].ipa): row for row in reversed(side[meaning])}.values()) for side in sides]
    return [(one, other) for one in unlike[0] for other in unlike[1]]


def _judge(pair: Pair, meaning: str, one: Utterance, other: Utterance, one_ipa: str, other_ipa: str, limits: tuple[float, float]) -> Judged:
    long_enough = [_long_enough(one_ipa), _long_enough(other_ipa)]
    made = Judged(pair.source, pair.target, meaning)
    if not all(long_enough):
        return replace(made, reason="no pronunciation", keep=False)
    table = phones.distances(long_enough[0], long_enough[1])
    long = np.minimum.outer(*([len(word) for word in side] for side in long_enough)) >= LONG_WORD
    limit = np.where(long, limits[1], limits[0])
    at, to = divmod(int((table - limit).argmin()), table.shape[1])
    closest = float(table[at, to])
    heard = ("".join(long_enough[0][at]), "".join(long_enough[1][to]))
    made = replace(made, ipa=heard, words=(_written(one, one_ipa, long_enough[0][at]), _written(other, other_ipa, long_enough[1][to])), distance=closest)
    if shared := set(_NUMBER.findall(one.transcript)) & set(_NUMBER.findall(other.transcript)):
        return replace(made, reason=f"same number: {min(shared)}", keep=False)
    if alike := _long_words(one.transcript) & _long_words(other.transcript):
        return replace(made, reason=f"same written word: {min(alike)}", keep=False)
    return (
        replace(made, reason="sounds alike" + (", long words" if long[at, to] and limits[1] > limits[0] else ""), keep=False)
        if closest <= limit[at, to]
        else made
    )


def _long_enough(ipa: str) -> list[phones.Phones]:
    spoken = phones.words(ipa)
    return [word for word in spoken if len(word) >= SHORTEST] or spoken


def _written(utterance: Utterance, ipa: str, word: phones.Phones) -> str:
    """The written word that a pronounced one stands for, where both have as many words; else the whole transcript."""
    written, spoken = utterance.transcript.split(), [phones.phones(part) for part in ipa.split()]
    return written[spoken.index(word)] if len(written) == len(spoken) and word in spoken else utterance.transcript


def _long_words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) >= LONG_WORD}
