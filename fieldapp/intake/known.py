"""What a fieldbook has already: which sound, and which source files it came from. Reads only; any thread.

A source file is remembered as a mark, a hash over its place, size and time of change: enough to skip it quickly, and nothing
about the person's folders is written into the fieldbook.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.intake.manifest import Row
from fieldapp.model import RecordingId


@dataclass(slots=True)
class Index:
    """Recordings by the SHA-256 of their source, contents of rows by the mark of their file, and every path in use."""

    recordings: dict[str, RecordingId] = field(default_factory=dict)
    marks: dict[str, set[str]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)


def load(db: sqlite3.Connection) -> Index:
    """Read it all once; a hundred thousand recordings take about a second."""
    index = Index()
    for row in db.execute("SELECT id, path, original, sha256, json_extract(metadata, '$.import.sha256') AS source FROM recording"):
        index.paths |= {row["path"], row["original"]} - {""}
        for sha256 in (row["source"], row["sha256"]):
            if sha256:
                index.recordings.setdefault(sha256, RecordingId(row["id"]))
    marked = "SELECT json_extract(metadata, '$.import.mark') AS mark, json_extract(metadata, '$.import.content') FROM"
    for mark, content in db.execute(f"{marked} segment WHERE source = 'import' UNION {marked} recording WHERE mark IS NOT NULL"):
        index.marks.setdefault(mark, set()).add(content)
    return index


def mark_of(path: Path) -> str:
    """The mark of a source file."""
    about = path.stat()
    return _hash((os.path.realpath(path), str(about.st_size), str(about.st_mtime_ns)))


def content_of(row: Row) -> str:
    """What a row says, told apart from what another says."""
    texts = json.dumps([row.texts, row.metadata], sort_keys=True, default=list)
    return _hash((row.speaker, row.language, row.variety, row.meaning_id, texts))


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
