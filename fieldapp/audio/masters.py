"""A master as its files tell it: parts, gaps, what happened. For rebuilding its rows after a crash. Plain functions for any thread.

The journal is read first; a part it does not name (the disk was full) is found by its file's name and placed by its TimeReference.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldapp.audio.journal import journal_path, read_journal
from fieldapp.audio.repair import Layout, file_digest, read_layout, repair
from fieldapp.audio.samples import Floats, from_pcm
from fieldapp.audio.take import part_path
from fieldapp.audio.wav import WavFormat
from fieldapp.errors import AudioError
from fieldapp.model import Span


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a master and the frame it begins with."""

    path: Path
    number: int
    first_frame: int
    layout: Layout

    @property
    def frames(self) -> int:
        """Whole frames in the file at this moment; while it grows, its header lags behind."""
        return max(0, self.path.stat().st_size - self.layout.data_start) // self.layout.format.frame_bytes

    def read(self, span: Span) -> Floats:
        """Frames of this file, counted from its own beginning."""
        size, fmt = self.layout.format.frame_bytes, self.layout.format
        with self.path.open("rb") as file:
            file.seek(self.layout.data_start + span.start * size)
            return from_pcm(file.read(len(span) * size), fmt.bits, fmt.channels)


@dataclass(frozen=True, slots=True)
class Master:
    """`begun` is the journal's first line (rate, device, reference, started ...); `events` its gaps, losses, troubles and notices.

    `ended` says why it ended, "" after a crash. By file name: `sha256` holds whole-file digests as far as they are known, `repairs` what repair did.
    """

    stem: Path
    format: WavFormat
    begun: dict[str, Any]
    parts: tuple[Part, ...]
    events: tuple[dict[str, Any], ...]
    ended: str
    sha256: dict[str, str]
    repairs: dict[str, str] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """Frames over all parts and gaps."""
        return self.parts[-1].first_frame + self.parts[-1].frames


def stems(folder: Path) -> list[Path]:
    """The masters in a folder, by name."""
    suffix = journal_path(Path("x")).name[1:]
    return sorted(path.with_name(path.name.removesuffix(suffix)) for path in folder.glob("*" + suffix))


def find_parts(stem: Path, entries: list[dict[str, Any]]) -> tuple[Part, ...]:
    """The parts whose files are there."""
    named = {int(entry["part"]): int(entry["first_frame"]) for entry in entries if entry["kind"] == "part"}
    parts: list[Part] = []
    number = 1
    while number in named or part_path(stem, number).exists():
        path = part_path(stem, number)
        layout = read_layout(path) if path.exists() else None
        if layout:
            origin = parts[0].layout.time_reference - parts[0].first_frame if parts else layout.time_reference
            parts.append(Part(path, number, named.get(number, layout.time_reference - origin), layout))
        number += 1
    return tuple(parts)


def read_master(stem: Path, mend: bool = False) -> Master:
    """Everything about a master. With `mend` its files are repaired and missing digests made; never while it is being recorded."""
    try:
        entries = list(read_journal(journal_path(stem)))
        repairs = _mend(stem, entries) if mend else {}
        parts = find_parts(stem, entries)
    except OSError as trouble:
        raise AudioError(f"{stem} cannot be read: {trouble.strerror}.", "Is the disk connected?") from trouble
    if not parts:
        raise AudioError(f"{stem} is no recording: its journal names no file that is there.")
    digests = {str(entry["path"]): str(entry["sha256"]) for entry in entries if entry["kind"] == "digest"}
    if mend:
        digests = {
            part.path.name: file_digest(part.path) if part.path.name not in digests or part.path.name in repairs else digests[part.path.name] for part in parts
        }
    return Master(
        stem=stem,
        format=parts[0].layout.format,
        begun=next((entry for entry in entries if entry["kind"] == "begun"), {}),
        parts=parts,
        events=tuple(entry for entry in entries if entry["kind"] in ("gap", "lost", "trouble", "notice")),
        ended=next((str(entry["why"]) for entry in reversed(entries) if entry["kind"] == "ended"), ""),
        sha256=digests,
        repairs=repairs,
    )


def _mend(stem: Path, entries: list[dict[str, Any]]) -> dict[str, str]:
    """Repair every part; what was done, by file name."""
    begun = next((entry for entry in entries if entry["kind"] == "begun"), None)
    fmt = WavFormat(int(begun["rate"]), int(begun["channels"]), int(begun["bits"])) if begun else None
    done, number = {}, 1
    while (path := part_path(stem, number)).exists():
        if os.access(path, os.W_OK) and (what := repair(path, fmt).done):
            done[path.name] = what
        number += 1
    return done
