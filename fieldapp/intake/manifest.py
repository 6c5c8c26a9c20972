"""What is to be brought in: rows of a manifest CSV, or files found in folders. Reads only; any thread.

A manifest may come from any spreadsheet: comma, semicolon or tab, with or without a byte order mark. What is wrong with one
row is said for that row, and the others stay.
"""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.errors import ImportProblem

COLUMNS = ("path", "speaker", "language", "variety", "meaning_id", "transcript", "translation_en", "ipa", "picture", "split")
_SOUND = """wav wave bwf flac ogg oga opus mp3 m4a aac aif aiff aifc caf au snd wma amr 3gp 3g2 ape wv tta mka ac3 w64 rf64 voc
 mp4 m4v mov mkv webm avi mpg mpeg mts m2ts ts flv wmv asf ogv"""
SOUND_SUFFIXES = frozenset(f".{suffix}" for suffix in _SOUND.split())
_LONGEST_CELL = 1 << 26
_LARGEST_MANIFEST = 1 << 30


@dataclass(frozen=True, slots=True)
class Row:
    """One sound file to bring in and what is known about it. `where` names the line or the file for a person."""

    path: Path
    where: str
    speaker: str = ""
    language: str = ""
    variety: str = ""
    meaning_id: str = ""
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row did not come in, or did not come in whole."""

    where: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows to bring in, what is wrong with others, and what was set aside because it is no sound."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    set_aside: tuple[str, ...] = ()

    def joined(self, more: Wanted) -> Wanted:
        """Both, each file once; what this one says about a file goes first."""
        mine = {row.path.absolute() for row in self.rows}
        rows = (*self.rows, *(row for row in more.rows if row.path.absolute() not in mine))
        return Wanted(rows, self.problems + more.problems, self.set_aside + more.set_aside)


def find_files(paths: Sequence[Path], speaker: str = "", variety: str = "") -> Wanted:
    """The sound files among paths and, in a stable order, inside folders. Hidden files and `._` twins of macOS are ignored."""
    rows, problems, aside = [], [], []
    for path in paths:
        if path.is_dir():
            for found in _walk(path):
                if found.suffix.lower() in SOUND_SUFFIXES:
                    rows.append(Row(found, str(found), speaker, "", variety))
                else:
                    aside.append(str(found))
        elif path.exists():
            rows.append(Row(path, str(path), speaker, "", variety))
        else:
            problems.append(Problem(str(path), "There is no such file or folder."))
    return Wanted(tuple(rows), tuple(problems), tuple(aside))


def _walk(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(at, name) for name in sorted(files) if not name.startswith("."))


def read_manifest(manifest: Path, *, speaker: str = "", variety: str = "", allow_outside: bool = False) -> Wanted:
    """The rows of a manifest; `speaker` and `variety` fill cells that are empty."""
    rows: dict[Path, Row] = {}
    problems, aside = [], []
    for line, cells in _cells(manifest):
        where = f"{manifest.name} line {line}"
        try:
            path = _locate(manifest.parent, cells.get("path", "").strip(), allow_outside)
        except ImportProblem as problem:
            problems.append(Problem(where, str(problem)))
            continue
        if None in cells.values():
            problems.append(Problem(where, "The line has more cells than the first line has columns; is a quotation mark missing?"))
        elif path in rows:
            problems.append(Problem(where, f"The same file stands in {rows[path].where} already."))
        elif path.suffix and path.suffix.lower() not in SOUND_SUFFIXES:
            aside.append(f"{where}: {path.name}")
        else:
            rows[path] = _row(path, where, {"speaker": speaker, "variety": variety} | {name: text for name, text in cells.items() if text.strip()})
    return Wanted(tuple(rows.values()), tuple(problems), tuple(aside))


def _row(path: Path, where: str, cells: Mapping[str, str]) -> Row:
    known = {name: cells.get(name, "").strip() for name in COLUMNS}
    language = known["language"]
    texts = {"transcription": (known["transcript"], language), "translation": (known["translation_en"], "en"), "ipa": (known["ipa"], language)}
    extra = {name: text for name, text in cells.items() if name not in COLUMNS[:8] and text.strip()}
    return Row(
        path,
        where,
        known["speaker"],
        language,
        known["variety"],
        known["meaning_id"],
        {tier: text for tier, text in texts.items() if text[0]},
        extra,
    )


def _cells(manifest: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column name; a cell of None stands for cells beyond the last column."""
    text = _text(manifest)
    csv.field_size_limit(_LONGEST_CELL)
    first = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=first.count))
    try:
        names = [name.strip().casefold() for name in next(lines, [])]
        if "path" not in names:
            listed = ", ".join(names)[:200] or "none"
            raise ImportProblem(f"{manifest} has no column 'path' (its columns: {listed}).", f"Known columns are: {', '.join(COLUMNS)}.")
        twice = {name for name in names if name and names.count(name) > 1}
        if twice:
            raise ImportProblem(f"{manifest} has the column '{min(twice)}' twice.", "Rename one of them.")
        for cells in lines:
            if any(cell.strip() for cell in cells):
                row: dict[str, str] = dict(zip(names, cells))
                if len(cells) > len(names) and any(cells[len(names) :]):
                    row[""] = None  # type: ignore[assignment]  # told apart from any text
                yield lines.line_num, row
    except csv.Error as error:
        raise ImportProblem(f"{manifest} is no readable table: line {lines.line_num}: {error}.", "Save it again as CSV (UTF-8).") from error


def _text(manifest: Path) -> str:
    try:
        if manifest.stat().st_size > _LARGEST_MANIFEST:
            raise ImportProblem(f"{manifest} is too large for a manifest.", "Split it.")
        data = manifest.read_bytes()
    except OSError as error:
        raise ImportProblem(f"The manifest {manifest} cannot be read: {error.strerror}.", "Check its name and place.") from error
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                break
    return data.decode("cp1252", errors="replace")  # what older spreadsheets write


def _locate(folder: Path, written: str, allow_outside: bool) -> Path:
    """The file a manifest means. It may be written with backslashes, and composed or decomposed."""
    if not written:
        raise ImportProblem("The path is empty.")
    for form in dict.fromkeys((written, written.replace("\\", "/"))):
        absolute = Path(form).is_absolute()
        if not absolute and Path(os.path.normpath(form)).parts[:1] == ("..",) and not allow_outside:
            raise ImportProblem(f"{written} leads out of the manifest's folder.", "If that is meant, say --allow-outside.")
        for composed in dict.fromkeys((form, unicodedata.normalize("NFC", form), unicodedata.normalize("NFD", form))):
            path = Path(os.path.normpath(folder / composed))
            try:
                if path.is_file():
                    return path
            except (OSError, ValueError):  # a name no file can have
                continue
    raise ImportProblem(f"There is no file {written}.")
