"""Toolbox and Shoebox (standard format markers): each `\\ref` is an utterance; lines that were wrapped or set in columns are joined again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fieldapp.corpus.document import Document, Text, Utterance, understand
from fieldapp.corpus.importers.untimed import utterance
from fieldapp.corpus.lines import markers_read
from fieldapp.corpus.written import beginning, milliseconds, text_of
from fieldapp.errors import ImportProblem

NAME = "toolbox"
TITLE = "Toolbox, Shoebox (SFM)"
SUFFIXES = (".txt", ".sfm", ".tbt", ".sf", ".db", ".toolbox")

_TIERS = {"t": "transcription", "tx": "transcription", "ph": "ipa", "g": "gloss", "ge": "gloss", "gl": "gloss", "f": "translation", "ft": "translation",
          "fte": "translation", "nt": "note"}  # fmt: skip
_MARKER = re.compile(r"\\([^\s\\]+)(?:[ \t](.*))?")
_NOT_TEXT = {"_sh", "_DateStampHasFourDigitYear", "id", "ref", "dt", "ELANBegin", "ELANEnd", "ELANParticipant", "ELANMediaURL", "ELANMediaMIME", "src"}
_OURS = re.compile(r"^\\tiers (.*)$", re.MULTILINE)
"""How our export tells what its own markers stand for."""
_CLOCK = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")


def sniff(path: Path) -> bool:
    """Whether markers begin the file."""
    head = beginning(path).lstrip("\ufeff \t\r\n")
    return head.startswith(("\\_sh", "\\id ", "\\ref"))


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file."""
    warnings: list[str] = []
    text = text_of(path, warnings)
    records = list(_records(text))
    if not records:
        raise ImportProblem(f"{path} holds no record.", "A Toolbox text marks its lines with \\ref.")
    used = dict.fromkeys(marker for record in records for marker, _ in record if marker not in _NOT_TEXT)
    ours = markers_read(told[1]) if (told := _OURS.search(text)) else {}
    said = {name: mapping.get(name) or mapping.get(f"\\{name}") or _TIERS.get(name) or ours.get(name, "") for name in used}
    tiers = {name: one.tier for name, one in understand(used, {key: value for key, value in said.items() if value}).items()}
    found = tuple(_utterance(record, tiers, warnings, number) for number, record in enumerate(records, 1))
    return Document(format=NAME, utterances=found, tiers=tiers, warnings=tuple(dict.fromkeys(warnings)))


def _records(text: str) -> Iterator[list[tuple[str, str]]]:
    """The lines of each record; what stands before the first `\\ref` belongs to the text as a whole."""
    record: list[tuple[str, str]] | None = None
    for row in text.split("\n"):
        marked = _MARKER.match(row)
        if marked and marked[1] in ("ref", "id"):
            if record:
                yield record
            record = [("ref", (marked[2] or "").strip())] if marked[1] == "ref" else None
        elif marked and record is not None:
            record.append((marked[1], (marked[2] or "").strip()))
        elif record and row.strip():
            marker, before = record[-1]
            record[-1] = (marker, f"{before} {row.strip()}".strip())
    if record:
        yield record


def _utterance(record: list[tuple[str, str]], tiers: Mapping[str, str], warnings: list[str], number: int) -> Utterance:
    first = dict(reversed(record))
    joined: dict[str, list[str]] = {}
    for marker, value in record:
        if marker in tiers and value:
            joined.setdefault(tiers[marker], []).append(" ".join(value.split()))
    texts = [Text(tier, " ".join(pieces)) for tier, pieces in joined.items()]
    if "src" in first:
        texts.append(Text("note", first["src"]))
    return utterance((_time(first.get("ELANBegin", "")), _time(first.get("ELANEnd", ""))), first.get("ELANParticipant", ""), texts, warnings, number)


def _time(written: str) -> int | None:
    clock = _CLOCK.fullmatch(written)
    if clock is None:
        return milliseconds(written)
    seconds = milliseconds(clock[3])
    return None if seconds is None else (int(clock[1]) * 60 + int(clock[2])) * 60_000 + seconds
