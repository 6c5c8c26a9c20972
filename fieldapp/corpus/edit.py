"""Changing labels in somebody's ELAN file where they stand: every other byte of the file stays as it is. Any thread.

The file is not parsed and written again, because even a careful writer changes quotes, line ends or the order of attributes.
The place of each label is found by expat, and only the bytes between its tags are replaced.
"""

from __future__ import annotations

import os
import re
import shutil
import xml.parsers.expat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.corpus.xml import LARGEST_BYTES, legal
from fieldapp.errors import ImportProblem, NotThere

_ANNOTATIONS = ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


@dataclass(slots=True)
class _Places:
    """Where each label lies: from and to which byte, and whether an empty tag has to be opened first."""

    found: dict[str, tuple[int, int, bool]] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)


def change_labels(path: Path, labels: Mapping[str, str]) -> int:
    """Give the annotations with these ids these texts; returns how many bytes long the file is now. All of them change, or nothing does."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ImportProblem(f"{path} is too large to be changed here.")
        before = path.read_bytes()
    except OSError as trouble:
        raise ImportProblem(f"{path} cannot be read: {trouble.strerror}.") from trouble
    places = _places(before, path)
    encoding = _encoding(before)
    for label in labels:
        if label in places.twice:
            raise ImportProblem(f"{path.name} has two annotations with the id '{label}'.", "Open and save it in ELAN, which gives them new ids.")
        if label not in places.found:
            raise NotThere(f"{path.name} has no annotation '{label}'.", "It may have been changed by another program; open it again.")
    after = before
    for label, text in sorted(labels.items(), key=lambda one: places.found[one[0]][0], reverse=True):
        start, stop, empty = places.found[label]
        escaped = legal(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        written = f"<ANNOTATION_VALUE>{escaped}</ANNOTATION_VALUE>" if empty else escaped
        after = after[:start] + written.encode(encoding, "xmlcharrefreplace") + after[stop:]
    if after != before:
        _places(after, path)
        _replace(path, before, after)
    return len(after)


def _places(content: bytes, path: Path) -> _Places:
    """Find every label. DTDs are refused, as everywhere."""
    parser = xml.parsers.expat.ParserCreate()
    places = _Places()
    annotation, opened, inside = "", -1, -1

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal annotation, opened, inside
        if name in _ANNOTATIONS:
            annotation = attributes.get("ANNOTATION_ID", "")
        elif name == "ANNOTATION_VALUE" and annotation:
            opened, inside = parser.CurrentByteIndex, -1
        elif opened >= 0 and inside < 0:
            inside = parser.CurrentByteIndex

    def something(_: str) -> None:
        nonlocal inside
        if opened >= 0 and inside < 0:
            inside = parser.CurrentByteIndex

    def end(name: str) -> None:
        nonlocal annotation, opened
        if name in _ANNOTATIONS:
            annotation = ""
        elif name == "ANNOTATION_VALUE" and opened >= 0:
            at = parser.CurrentByteIndex
            if annotation in places.found:
                places.twice.add(annotation)
            empty = inside < 0 and content[opened:at].replace(b"\x00", b"").endswith(b"/>")
            places.found[annotation] = (opened if empty else inside if inside >= 0 else at, at, empty)
            opened = -1

    def refuse(*_: object) -> None:
        raise ImportProblem(f"{path} brings a document type of its own, which is refused.", "Remove the DOCTYPE line if you trust the file.")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = parser.CommentHandler = something
    parser.StartCdataSectionHandler = lambda: something("")
    parser.ProcessingInstructionHandler = lambda _target, _data: something("")
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (xml.parsers.expat.ExpatError, ValueError, LookupError) as trouble:
        raise ImportProblem(f"{path} is no readable XML: {trouble}.", "Open it in the program that made it and save it again.") from trouble
    return places


def _encoding(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16-le" if content[:2] == b"\xff\xfe" else "utf-16-be"
    declared = _ENCODING.match(content.removeprefix(b"\xef\xbb\xbf"))
    return declared[1].decode() if declared else "utf-8"


def _replace(path: Path, before: bytes, after: bytes) -> None:
    """Write beside, make durable, move in; refused when somebody else changed the file meanwhile."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, temporary)
        if path.read_bytes() != before:
            raise ImportProblem(f"{path} was changed by another program meanwhile; it was left alone.", "Open it again and repeat the change.")
        temporary.replace(path)
    except OSError as trouble:
        raise ImportProblem(f"{path} cannot be written: {trouble.strerror}.", "Nothing was changed.") from trouble
    finally:
        temporary.unlink(missing_ok=True)
