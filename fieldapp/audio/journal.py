"""What happened to a master, beside it, one JSON object a line, only ever appended: enough to rebuild its rows after any crash.

Every line has `kind` and `time` (UTC). Kinds:
`begun` (version 1, stem, reference, rate, channels, bits, device, started local time), `part` (part from 1, path, first_frame),
`closed` (part, frames, bytes, data_sha256), `digest` (path, sha256 of the whole file), `gap` (frame, frames, why: device, overflow),
`lost` (frame, why; the device went away), `trouble` and `notice` (frame, message, hint), `ended` (frame, why).
A line cut short by a crash is skipped when read.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SUFFIX = ".journal.jsonl"


def journal_path(stem: Path) -> Path:
    """Where the journal of a master lies."""
    return stem.with_name(stem.name + SUFFIX)


class Journal:
    """Appends lines; each is durable when `write` returns. A disk that takes no more costs the line, never the recording."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()  # the writer and the thread of digests

    def write(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Add a line and return it."""
        entry = {"kind": kind, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **facts}
        with self._lock:
            try:
                with self.path.open("ab") as file:
                    file.write(b"\n" if self._cut_short() else b"")
                    file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as trouble:
                entry["unwritten"] = str(trouble)
        return entry

    def _cut_short(self) -> bool:
        """Whether a crash left the last line without its end."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            return file.read(1) not in (b"", b"\n")


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line."""
    for line in path.read_bytes().split(b"\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and "kind" in entry:
            yield entry
