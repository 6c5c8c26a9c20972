"""CSV and TSV: one row an utterance, its times in two columns, each text in a column of its own.

Columns are understood by name; what a person says about a column (`Begin=start`, `Mundart=transcription`) comes first. Columns
that are neither known nor named become metadata of the utterance.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from fieldapp.corpus.document import STATES, TIERS, Document, Media, Text, Utterance, without_impossible
from fieldapp.corpus.exporters.table import unguarded
from fieldapp.corpus.written import beginning, milliseconds, text_of
from fieldapp.errors import ImportProblem

NAME = "csv"
TITLE = "Table (CSV, TSV)"
SUFFIXES = (".csv", ".tsv", ".tab")
COLUMNS: Mapping[str, str] = {
    name: column
    for column, names in {
        "start": "start start_s start_ms begin begin_s begin_ms onset tmin xmin start_time begin_time from",
        "stop": "stop stop_s stop_ms end end_s end_ms offset tmax xmax end_time stop_time to",
        "duration": "duration duration_s duration_ms length",
        "speaker": "speaker participant speaker_code who",
        "path": "path file audio media filename file_name sound wav recording_path",
        "meaning_id": "meaning_id meaning concept concept_id",
        "take": "take",
        "best": "best",
        "state": "state",
        "machine_tiers": "machine_tiers",
    }.items()
    for name in names.split()
}
_OURS = ("segment", "session", "date", "recording", "variety", "item")
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{0,9})?)")


def sniff(path: Path) -> bool:
    """Whether the first line names a start."""
    first = re.split(r"[\r\n]", beginning(path).lstrip("\ufeff"), maxsplit=1)[0]
    return any(COLUMNS.get(_plain(cell.strip('"\r ')), "") == "start" for cell in re.split(r"[,;\t|]", first))


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole table."""
    warnings: list[str] = []
    text = text_of(path, warnings, line_ends_as_written=True)
    csv.field_size_limit(1 << 26)
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(",;\t|", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    plain = (lambda cell: cell) if delimiter == "\t" else unguarded  # our TSV is exact
    utterances: list[Utterance] = []
    odd: list[int] = []
    try:
        header = [cell.strip() for cell in next(rows, [])]
        columns, tiers = _understood(header, mapping)
        if "start" not in columns or not ({"stop", "duration"} & columns.keys()):
            raise ImportProblem(
                f"{path.name} has no columns with times (its columns: {', '.join(header)[:200]}).", "Say which they are: --map Begin=start --map End=stop."
            )
        for row in rows:
            if any(cell.strip() for cell in row):
                found = _utterance([plain(cell) for cell in row], header, columns, tiers)
                odd += [rows.line_num] if found is None else []
                utterances += [] if found is None else [found]
    except csv.Error as trouble:
        raise ImportProblem(f"{path.name} is no readable table: line {rows.line_num}: {trouble}.", "Save it again as CSV (UTF-8).") from trouble
    if odd:
        warnings.append(f"{len(odd)} rows have no readable times and were left out (the first in line {odd[0]}).")
    media = tuple(Media(relative=name) for name in dict.fromkeys(u.media for u in utterances) if name)
    understood = {header[place]: tier for place, tier in tiers.items()}
    return Document(format=NAME, media=media, utterances=without_impossible(utterances, warnings), tiers=understood, warnings=tuple(warnings))


def _understood(header: list[str], mapping: Mapping[str, str]) -> tuple[dict[str, int], dict[int, str]]:
    """The place of each known column, and the tier of each column of texts. Between `state` and `machine_tiers` of our own table lie tiers only."""
    columns: dict[str, int] = {}
    tiers: dict[int, str] = {}
    names = [_plain(name) for name in header]
    ours = (header.index("state"), header.index("machine_tiers")) if {"segment", "state", "machine_tiers"} <= set(header) else (0, 0)
    for place, (name, plain) in enumerate(zip(header, names)):
        said = mapping.get(name, "")
        if said in COLUMNS.values():
            columns[said] = place
        elif said or ours[0] < place < ours[1]:
            tiers[place] = said or name
        elif plain in COLUMNS:
            columns.setdefault(COLUMNS[plain], place)
        elif plain in TIERS and TIERS[plain] not in tiers.values():
            tiers[place] = TIERS[plain]
    return columns, tiers


def _utterance(row: list[str], header: list[str], columns: Mapping[str, int], tiers: Mapping[int, str]) -> Utterance | None:
    def cell(name: str) -> str:
        place = columns.get(name, len(row))
        return row[place].strip() if place < len(row) else ""

    def time(name: str) -> int | None:
        return _time(cell(name), header[columns[name]]) if name in columns else None

    start = time("start")
    stop = time("stop") if "stop" in columns else _plus(start, time("duration"))
    if start is None or stop is None:
        return None
    machine = cell("machine_tiers").split()
    texts = tuple(
        Text(tier, row[place], "", "machine" if tier in machine else "import", "draft" if tier in machine else "confirmed")
        for place, tier in tiers.items()
        if place < len(row) and row[place].strip()
    )
    known = {*columns.values(), *tiers}
    more = {header[n]: text for n, text in enumerate(row[: len(header)]) if n not in known and text.strip() and header[n] not in ("", *_OURS)}
    take, state = cell("take"), cell("state")
    return Utterance(
        start, stop, cell("speaker"), texts, cell("meaning_id"), int(take) if re.fullmatch(r"[0-9]{1,8}", take) else 1, cell("best") == "1",
        state if state in STATES else "", cell("path"), more,
    )  # fmt: skip


def _time(written: str, column: str) -> int | None:
    """Seconds, or milliseconds where the column says so, or hours, minutes and seconds."""
    clock = _CLOCK.fullmatch(written)
    if clock:
        seconds = milliseconds(clock[3])
        return None if seconds is None else (int(clock[1] or 0) * 60 + int(clock[2])) * 60_000 + seconds
    found = milliseconds(written)
    return found if found is None or not _plain(column).endswith("_ms") else round(found / 1000)


def _plus(start: int | None, duration: int | None) -> int | None:
    return None if start is None or duration is None else start + duration


def _plain(name: str) -> str:
    return "_".join(re.sub(r"[()\[\]]", " ", name.casefold()).split())
