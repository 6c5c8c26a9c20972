"""Audacity label tracks: start, end and text between tabs, seconds with a point or a comma; spectral lines are passed over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fieldapp.corpus.document import Document, Text, Utterance, tier_in_name, understand, without_impossible
from fieldapp.corpus.written import beginning, milliseconds, text_of
from fieldapp.errors import ImportProblem

NAME = "audacity"
TITLE = "Audacity labels"
SUFFIXES = (".txt",)


def sniff(path: Path) -> bool:
    """Whether the first line is two times and a text between tabs."""
    return _label(beginning(path).lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")) is not None


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file; the tier is what its name says between the last two points (`x.translation.txt`), else the transcription."""
    warnings: list[str] = []
    name = tier_in_name(path, mapping)
    found = understand([name], mapping)[name]
    source, state = ("machine", "draft") if found.machine else ("import", "confirmed")
    utterances, odd = [], 0
    for line in text_of(path, warnings).split("\n"):
        label = _label(line)
        if label is None:
            odd += bool(line.strip()) and not line.startswith("\\")
            continue
        start, stop, text = label
        utterances.append(Utterance(start, stop, found.speaker, (Text(found.tier, text, "", source, state),) if text.strip() else ()))
    if odd:
        warnings.append(f"{odd} lines are no labels and were left out.")
    if not utterances:
        raise ImportProblem(f"{path.name} holds no Audacity labels.")
    kept = without_impossible(utterances, warnings)
    return Document(format=NAME, utterances=kept, tiers={name: found.tier}, warnings=tuple(warnings))


def _label(line: str) -> tuple[int, int, str] | None:
    cells = line.split("\t", 2)
    if len(cells) < 2:
        return None
    start, stop = milliseconds(cells[0].strip()), milliseconds(cells[1].strip())
    return None if start is None or stop is None else (start, stop, cells[2] if len(cells) > 2 else "")
