"""JSON Lines as our own export writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fieldapp.corpus.document import STATES, Document, Media, Text, Utterance, without_impossible
from fieldapp.corpus.written import beginning, text_of
from fieldapp.errors import ImportProblem

NAME = "jsonl"
TITLE = "JSON Lines of Fieldapp"
SUFFIXES = (".jsonl",)


def sniff(path: Path) -> bool:
    """Whether the first line says it is one of ours."""
    return beginning(path, 200).startswith('{"kind":"corpus"')


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The segments with their texts; sessions and people are only taken as far as segments name them."""
    warnings: list[str] = []
    if not sniff(path):
        raise ImportProblem(f"{path.name} does not begin as a JSON Lines export of Fieldapp does.")
    sounds: dict[str, str] = {}
    media: list[Media] = []
    utterances: list[Utterance] = []
    damaged = 0
    for line in _objects(text_of(path, warnings), path.name):
        try:
            if line.get("kind") == "recording" and not line.get("master"):
                sounds[str(line["id"])] = str(line["path"])
                media.append(Media(relative=str(line["path"]), sha256=str(line.get("sha256", ""))))
            elif line.get("kind") == "segment":
                utterances.append(_utterance(line, sounds))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            damaged += 1
    if damaged:
        warnings.append(f"{damaged} lines lack something they need and were left out.")
    tiers = {text.tier: text.tier for utterance in utterances for text in utterance.texts}
    return Document(format=NAME, media=tuple(media), utterances=without_impossible(utterances, warnings), tiers=tiers, warnings=tuple(warnings))


def _objects(text: str, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                raise ImportProblem(f"{name} is damaged in line {number}.", "It may be cut short; export it again.") from None
            if not isinstance(found, dict):
                raise ImportProblem(f"{name} is damaged in line {number}: no object.")
            yield found


def _utterance(line: Mapping[str, Any], sounds: Mapping[str, str]) -> Utterance:
    rate = int(line["rate"])
    start, stop = ((int(line[edge]) * 2000 + rate) // (2 * rate) for edge in ("start", "stop"))
    texts = tuple(
        Text(str(text["tier"]), str(text.get("text", "")), str(text.get("language", "")), _source(text), str(text.get("state", "confirmed")))
        for text in line.get("texts", ())
    )
    state = str(line.get("state", ""))
    return Utterance(
        start, stop, str(line.get("speaker_code", "")), texts, str(line.get("meaning_id", "")), int(line.get("take", 1)), bool(line.get("best")),
        state if state in STATES else "", sounds.get(str(line["recording"]), ""),
    )  # fmt: skip


def _source(text: Mapping[str, Any]) -> str:
    """A machine's text stays a machine's; everything else is an import from now on."""
    source = str(text.get("source", ""))
    return source if source.startswith("machine") else "import"
