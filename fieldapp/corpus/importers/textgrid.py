"""Praat TextGrids in every form Praat reads: long, short and chronological, any encoding and line end, decimal comma too.

Like Praat itself this reads numbers, quoted texts and flags and passes over every other word, so the three forms differ
only in the order of the same values. Intervals without a label are fillers; a point is an utterance without length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from fieldapp.corpus.document import Document, Stretches, Text, understand, without_impossible
from fieldapp.corpus.praat_codes import to_unicode
from fieldapp.corpus.validate import sentences
from fieldapp.corpus.validate_textgrid import Interval, Tier, textgrid_findings
from fieldapp.corpus.written import beginning, text_of
from fieldapp.errors import ImportProblem

NAME = "textgrid"
TITLE = "Praat TextGrid"
SUFFIXES = (".textgrid", ".textgrids")
_TOKEN = re.compile(r'"((?:[^"]|"")*+)"|(<\w+>)|![^\n]*|([^\s"]+)')
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{0,30})?(?:[eE][+-]?\d{1,2})?%?")
_CHRONOLOGICAL = "Praat chronological TextGrid text file"


def sniff(path: Path) -> bool:
    """By the suffix; what is inside is said when it is read."""
    return bool(beginning(path, 1))


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file."""
    warnings: list[str] = []
    if beginning(path, 12).startswith("ooBinaryFile"):
        raise ImportProblem(f"{path.name} is a binary TextGrid.", "Open it in Praat and save it as a text file.")
    tiers = parse_tiers(text_of(path, warnings), path.name)
    warnings += sentences(textgrid_findings(tiers))
    names = understand([tier.name for tier in tiers], mapping)
    stretches = Stretches()
    codes = 0
    for tier in tiers:
        found = names[tier.name]
        source, state = ("machine", "draft") if found.machine else ("import", "confirmed")
        for interval in tier.intervals:
            if interval.label.strip():
                label = to_unicode(interval.label)
                codes += label != interval.label
                start, stop = _milliseconds(interval.start), _milliseconds(interval.stop)
                key = f"machine-{found.tier}" if found.machine else found.tier
                stretches.at(found.speaker, start, stop, key).texts.append(Text(found.tier, label, "", source, state))
    if codes:
        warnings.append(f"{codes} labels hold Praat's codes for special letters (such as \\sw), which became those letters.")
    utterances = without_impossible(stretches.finished(), warnings)
    return Document(format=NAME, utterances=utterances, tiers={name: one.tier for name, one in names.items()}, warnings=tuple(warnings))


def parse_tiers(text: str, name: str) -> list[Tier]:
    """The tiers as they are written. `name` is the file's, for sentences."""
    values = _Values(text, name)
    first = values.text()
    if first == _CHRONOLOGICAL:
        return _chronological(values)
    if first != "ooTextFile" or values.text() != "TextGrid":
        raise ImportProblem(f"{name} is no TextGrid.", "If Praat opens it, save it there as a text file.")
    values.number()
    values.number()
    values.flag()
    tiers = []
    for _ in range(values.count()):
        points = _is_points(values.text(), name)
        tier = Tier(values.text(), values.number(), values.number(), points=points)
        for _ in range(values.count()):
            start = values.number()
            tier.intervals.append(Interval(start, start if points else values.number(), values.text()))
        tiers.append(tier)
    return tiers


def _chronological(values: _Values) -> list[Tier]:
    values.number()
    values.number()
    tiers = []
    for _ in range(values.count()):
        points = _is_points(values.text(), values.name)
        tiers.append(Tier(values.text(), values.number(), values.number(), points=points))
    while values.more():
        number = values.count()
        if not 0 < number <= len(tiers):
            raise ImportProblem(f"{values.name} names a tier {number}, but has {len(tiers)}.", "The file is damaged.")
        tier = tiers[number - 1]
        start = values.number()
        tier.intervals.append(Interval(start, start if tier.points else values.number(), values.text()))
    for tier in tiers:
        tier.intervals.sort(key=lambda one: (one.start, one.stop))
    return tiers


class _Values:
    """The free-standing values of a Praat text file, one after the other."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self._tokens = _TOKEN.finditer(text)
        self._next: tuple[str, str] | None = None
        self._advance()

    def _advance(self) -> None:
        for found in self._tokens:
            quoted, flag, word = found.groups()
            if quoted is not None:
                self._next = ("text", quoted.replace('""', '"'))
                return
            if flag is not None:
                self._next = ("flag", flag)
                return
            if word is not None and _NUMBER.fullmatch(word):
                self._next = ("number", word)
                return
        self._next = None

    def more(self) -> bool:
        return self._next is not None

    def _take(self, kind: str) -> str:
        if self._next is None:
            raise ImportProblem(f"{self.name} ends in the middle.", "The file is cut short; look for a backup.")
        found, value = self._next
        if found != kind:
            raise ImportProblem(
                f"{self.name} is damaged: a {kind} should stand where '{value[:40]}' does.", "Open it in Praat, if that still can, and save it again."
            )
        self._advance()
        return value

    def text(self) -> str:
        return self._take("text")

    def flag(self) -> None:
        if self._take("flag") != "<exists>":
            raise ImportProblem(f"{self.name} holds no tiers.")

    def number(self) -> Decimal:
        return Decimal(self._take("number").rstrip("%").replace(",", "."))

    def count(self) -> int:
        number = self.number()
        if number != number.to_integral_value() or not 0 <= number < 10**8:
            raise ImportProblem(f"{self.name} is damaged: {number} is no number of things.")
        return int(number)


def _is_points(kind: str, name: str) -> bool:
    if kind not in ("IntervalTier", "TextTier"):
        raise ImportProblem(f"{name} has a tier of the unknown kind '{kind[:40]}'.", "The file may be damaged.")
    return kind == "TextTier"


def _milliseconds(seconds: Decimal) -> int:
    return int((seconds * 1000).to_integral_value(ROUND_HALF_UP))
