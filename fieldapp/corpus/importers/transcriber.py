"""Transcriber (.trs): turns cut by their Sync marks; a turn of two speakers at once gives one utterance for each of them.

The encoding is what the XML declaration says, often ISO-8859-1. Transcriber's own document type is expected and passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from fieldapp.corpus.document import Document, Media, Stretches, Text, without_impossible
from fieldapp.corpus.written import beginning, milliseconds
from fieldapp.corpus.xml import parse
from fieldapp.errors import ImportProblem

NAME = "transcriber"
TITLE = "Transcriber (.trs)"
SUFFIXES = (".trs",)
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+Trans\s+SYSTEM\s+[\"'][\w.-]*\.dtd[\"']\s*>")


def sniff(path: Path) -> bool:
    """Whether a `Trans` element opens the file."""
    return "<Trans" in beginning(path, 65536)


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file."""
    root = parse(path, harmless=_DOCTYPE).getroot()
    if root.tag != "Trans":
        raise ImportProblem(f"{path} is no Transcriber file (its first element is {root.tag}).")
    warnings: list[str] = []
    people = {one.get("id", ""): one.get("name") or one.get("id", "") for one in root.iter("Speaker")}
    stretches = Stretches()
    for turn in root.iter("Turn"):
        speakers = [people.get(one, one) for one in turn.get("speaker", "").split()] or [""]
        pieces = _pieces(turn, warnings)
        stop = milliseconds(turn.get("endTime", ""))
        for place, (start, number, text) in enumerate(pieces):
            end = next((later for later, _, _ in pieces[place + 1 :] if later != start), stop)
            if start is None or end is None:
                warnings.append("A turn without readable times was left out.")
            elif text:
                stretches.at(speakers[number if number < len(speakers) else 0], start, end, "transcription").texts.append(Text("transcription", text))
    name = root.get("audio_filename", "")
    utterances = without_impossible(stretches.finished(), warnings)
    media = (Media(relative=name),) if name else ()
    return Document(format=NAME, media=media, utterances=utterances, tiers={"Turn": "transcription"}, warnings=tuple(dict.fromkeys(warnings)))


def _pieces(turn: etree._Element, warnings: list[str]) -> list[tuple[int | None, int, str]]:
    """Start, place among the turn's speakers and text of each piece between marks."""
    pieces: list[tuple[int | None, int, list[str]]] = [(milliseconds(turn.get("startTime", "")), 0, [turn.text or ""])]
    for mark in turn:
        if not isinstance(mark.tag, str):
            pieces[-1][2].append(mark.tail or "")
            continue
        start, number, words = pieces[-1]
        if mark.tag == "Sync":
            at = milliseconds(mark.get("time", ""))
            if at != start or any(word.strip() for word in words):
                pieces.append((at, 0, []))
        elif mark.tag == "Who":
            written = mark.get("nb", "1")
            pieces.append((start, int(written) - 1 if written.isascii() and written.isdecimal() and 0 < len(written) < 4 and int(written) else number, []))
        elif mark.get("desc"):
            pieces[-1][2].append(f"[{mark.get('desc')}]")
        pieces[-1][2].append(mark.tail or "")
    if any(start is None for start, _, _ in pieces):
        warnings.append("Some times of the file cannot be read.")
    return [(start, number, " ".join(" ".join(words).split())) for start, number, words in pieces]
