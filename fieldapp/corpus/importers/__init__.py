"""The annotation formats that can be read, in one visible tuple. Adding one is one module with NAME, TITLE, SUFFIXES, `sniff` and `read`, one line here.

`read(path, mapping)` gives a `Document` or raises `ImportProblem`, whatever the file holds, and writes nothing. `mapping` is
what a person says their tiers or columns mean (`Story=transcription`, `Mary=transcription@MARY`).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from fieldapp.corpus.document import Document
from fieldapp.errors import ImportProblem


class Importer(Protocol):
    """What an importer module offers."""

    NAME: str
    TITLE: str
    SUFFIXES: tuple[str, ...]

    def sniff(self, path: Path) -> bool:
        """Whether a file with one of the suffixes is of this format; looks at its beginning only."""

    def read(self, path: Path, mapping: Mapping[str, str]) -> Document:
        """The whole file as values."""


IMPORTERS: tuple[tuple[str, str], ...] = (
    ("elan", "fieldapp.corpus.importers.elan"),
    ("textgrid", "fieldapp.corpus.importers.textgrid"),
    ("srt", "fieldapp.corpus.importers.srt"),
    ("vtt", "fieldapp.corpus.importers.vtt"),
    ("audacity", "fieldapp.corpus.importers.audacity"),
    ("transcriber", "fieldapp.corpus.importers.transcriber"),
    ("csv", "fieldapp.corpus.importers.table"),
    ("flextext", "fieldapp.corpus.importers.flextext"),
    ("chat", "fieldapp.corpus.importers.chat"),
    ("toolbox", "fieldapp.corpus.importers.toolbox"),
    ("jsonl", "fieldapp.corpus.importers.jsonlines"),
)
"""Name and module; a module is imported only when it is asked for."""


def importers() -> Iterator[Importer]:
    """Every importer there is."""
    for _, module in IMPORTERS:
        found: Importer = importlib.import_module(module)
        yield found


def importer_for(path: Path) -> Importer | None:
    """The importer for this file, None where no format fits."""
    suffix = path.suffix.lower()
    return next((one for one in importers() if suffix in one.SUFFIXES and one.sniff(path)), None)


def read(path: Path, mapping: Mapping[str, str] | None = None) -> Document:
    """Read an annotation file of any known format."""
    if not path.is_file():
        raise ImportProblem(f"There is no file {path}.")
    named = [one for one in importers() if path.suffix.lower() in one.SUFFIXES]
    found = importer_for(path) or (named[0] if len(named) == 1 else None)  # its own sentence says best what is missing
    if found is None:
        known = ", ".join(one.TITLE for one in importers())
        raise ImportProblem(f"{path} is no annotation file that can be read here.", f"Known formats: {known}.")
    return found.read(path, mapping or {})
