"""Prompt lists from files: CSV, TSV, JSON or one word a line, read tolerantly and told line by line what is odd. Any thread, no store.

Columns (any order, any case): `meaning_id`, `text`, `gloss_en` or `gloss:en` for as many languages as wanted, `picture`, `sound`,
`notes`, `section`, `repeats`; others are kept as metadata. Pictures and sounds lie beside the list or below it. A JSON list is an
array of objects with the same names (`gloss` may be an object by language), or an object with `name` and `prompts`.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fieldapp.errors import ImportProblem
from fieldapp.model import Item, ItemId, PromptListId, new_id

LARGEST_BYTES = 20 * 10**6
MOST_REPEATS = 100
_GLOSS = re.compile(r"gloss[_: -]?([a-z]{2,8}(?:-[a-z0-9]{1,8})*)?$")
_NAMES = {
    "meaning_id": ("meaning_id", "meaning", "id", "concept", "concept_id", "number", "no"),
    "text": ("text", "prompt", "word", "form", "sentence"),
    "picture": ("picture", "image", "photo"),
    "sound": ("sound", "audio"),
    "notes": ("notes", "note", "comment", "comments", "remark"),
    "section": ("section", "group", "category", "domain"),
    "repeats": ("repeats", "repetitions", "times"),
}
_MEANT = {alias: name for name, aliases in _NAMES.items() for alias in aliases}
_Row = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A list as it was read: `problems` are sentences for a person, each with its line."""

    name: str
    items: tuple[Item, ...]
    problems: tuple[str, ...] = ()


def read_prompts(path: Path) -> PromptFile:
    """Read a list. Raises ImportProblem when there is nothing in it that could be shown."""
    content, problems = _content(path)
    name, rows = path.stem, list[_Row]()
    if path.suffix.lower() == ".json":
        name, rows = _json_rows(content, path)
    else:
        rows = list(_table_rows(content, path.suffix.lower()))
    promptlist = PromptListId(new_id())
    lines: dict[str, int] = {}
    items: list[Item] = []
    for line, row in rows:
        item = _item(line, row, path.parent, problems)
        if item is None:
            continue
        if item.meaning_id in lines:
            problems.append(
                f"line {line}: the meaning id '{item.meaning_id}' is that of line {lines[item.meaning_id]} too; their answers count as one meaning."
            )
        lines.setdefault(item.meaning_id, line)
        items.append(replace(item, promptlist=promptlist, position=len(items) + 1))
    if not items:
        why = f" {problems[0]}" if problems else ""
        raise ImportProblem(f"{path} holds no prompts.{why}", "A prompt list is a table with at least a column 'text'.")
    return PromptFile(name, tuple(items), tuple(problems))


def in_order(items: Sequence[Item], seed: int | None) -> list[Item]:
    """What is asked, one after the other: repeats written out; with a seed in an order drawn anew within each section."""
    asked = [item for item in items for _ in range(item.repeats)]
    if seed is None:
        return asked
    sections: dict[str, list[Item]] = {}
    for item in asked:
        sections.setdefault(item.section, []).append(item)
    drawn = random.Random(seed)
    for section in sections.values():
        drawn.shuffle(section)
    return [item for section in sections.values() for item in section]


def same_prompts(some: Sequence[Item], others: Sequence[Item]) -> bool:
    """Whether two lists ask the same; files are compared by their names, because a fieldbook keeps them elsewhere."""

    def essence(item: Item) -> Item:
        picture, sound = Path(item.picture).name, Path(item.sound).name
        return replace(item, id=ItemId(""), promptlist=PromptListId(""), gloss=dict(item.gloss), metadata=dict(item.metadata), picture=picture, sound=sound)

    return [essence(item) for item in some] == [essence(item) for item in others]


def _content(path: Path) -> tuple[str, list[str]]:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ImportProblem(f"{path} is too large for a prompt list ({path.stat().st_size / 1e6:.0f} MB).", "Is it the right file?")
        data = path.read_bytes()
    except OSError as trouble:
        raise ImportProblem(f"{path} cannot be read: {trouble.strerror}.", "Check the name of the prompt list.") from trouble
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), []
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    for encoding, meant in (("gb18030", "Chinese"), ("cp1252", "Western")):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252" or any("\u4e00" <= letter <= "\u9fff" for letter in text):
            return text, [f"The file is not UTF-8; it was read as {meant} ({encoding}). Save it as UTF-8 if letters look wrong."]
    return data.decode("utf-8", errors="replace"), ["The file is not UTF-8 and some letters could not be read."]


def _table_rows(content: str, suffix: str) -> Iterator[_Row]:
    content = content.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    first = next((line for line in content.split("\n") if line.strip()), "")
    delimiter = "\t" if suffix == ".tsv" and "\t" in first else max(",;\t|", key=first.count)
    try:
        rows = csv.reader(io.StringIO(content), delimiter=delimiter)
        header: list[str] | None = None
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [_column(cell) for cell in cells]
                if {"text", "meaning_id"} & set(header) or any(name.startswith("gloss") for name in header):
                    continue
                header = ["text"]  # no header: a word a line
            yield rows.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    except csv.Error as trouble:
        raise ImportProblem(f"The prompt list is no table that can be read ({trouble}).", "Save it again as CSV.") from trouble


def _column(heading: str) -> str:
    plain = heading.strip().lower()
    found = _GLOSS.match(plain)
    if found:
        return f"gloss:{found.group(1) or 'und'}"
    return _MEANT.get(plain.replace(" ", "_"), heading.strip())


def _json_rows(content: str, path: Path) -> tuple[str, list[_Row]]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as trouble:
        raise ImportProblem(f"{path} is no JSON that can be read ({trouble}).", "Check the brackets and quotes near that place.") from trouble
    name = str(data.get("name") or path.stem) if isinstance(data, dict) else path.stem
    entries = data.get("prompts") if isinstance(data, dict) else data
    if not isinstance(entries, list):
        raise ImportProblem(f"{path} holds no list of prompts.", 'It should be an array of objects such as {"meaning_id": "dog", "text": "dog"}.')
    return name, [(number, _json_row(entry)) for number, entry in enumerate(entries, 1)]


def _json_row(entry: object) -> dict[str, Any]:
    if not isinstance(entry, dict):
        return {"text": str(entry)}
    row: dict[str, Any] = {}
    for key, value in entry.items():
        if key == "gloss" and isinstance(value, dict):
            row |= {f"gloss:{language}": str(text).strip() for language, text in value.items()}
        elif value is not None:
            column = _column(str(key))
            row[column] = str(value).strip() if column in _NAMES or column.startswith("gloss:") else value
    return row


def _item(line: int, row: Mapping[str, Any], folder: Path, problems: list[str]) -> Item | None:
    gloss = {name.split(":", 1)[1]: text for name, text in row.items() if name.startswith("gloss:") and text}
    text = row.get("text", "")
    picture, sound = (_beside(line, row.get(kind, ""), kind, folder, problems) for kind in ("picture", "sound"))
    if not (text or gloss or picture or sound):
        problems.append(f"line {line}: nothing to show (no text, gloss, picture or sound); the line was left out.")
        return None
    if not text and "text" in row:
        problems.append(f"line {line}: the text is missing; {'the gloss' if gloss else 'the picture or sound'} is shown instead.")
    meaning = row.get("meaning_id", "")
    if not meaning:
        meaning = _meaning_of(gloss.get("en") or text or next(iter(gloss.values()), "") or Path(picture or sound).stem)
        if "meaning_id" in row:
            problems.append(f"line {line}: the meaning id is missing; '{meaning}' is used.")
    known = {*_NAMES, *(name for name in row if name.startswith("gloss:"))}
    return Item(
        id=ItemId(new_id()),
        promptlist=PromptListId(""),
        position=0,
        meaning_id=meaning,
        text=text,
        gloss=gloss,
        picture=picture,
        sound=sound,
        notes=row.get("notes", ""),
        section=row.get("section", ""),
        repeats=_repeats(line, row.get("repeats", ""), problems),
        metadata={name: value for name, value in row.items() if name not in known and name and value != ""},
    )


def _meaning_of(text: str) -> str:
    return re.sub(r"\W+", "_", text.casefold()).strip("_") or text


def _repeats(line: int, wanted: str, problems: list[str]) -> int:
    if not wanted:
        return 1
    if not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:9]) <= MOST_REPEATS):
        problems.append(f"line {line}: '{wanted[:20]}' is no number of repeats from 1 to {MOST_REPEATS}; the prompt is shown once.")
        return 1
    return int(wanted)


def _beside(line: int, name: str, kind: str, folder: Path, problems: list[str]) -> str:
    """The path of a picture or sound, relative to the list's folder, or "" when it is not there or not inside."""
    if not name:
        return ""
    name = name.replace("\\", "/")
    try:
        place = (folder / name).resolve()
        inside = place.is_relative_to(folder.resolve()) and not Path(name).is_absolute()
        there = inside and place.is_file()
    except (OSError, ValueError):
        inside, there = True, False
    if not inside:
        problems.append(f"line {line}: the {kind} '{name}' lies outside the folder of the list and is not used.")
    elif not there:
        problems.append(f"line {line}: the {kind} '{name}' is not there.")
    return name if there else ""


def shown(item: Item) -> str:
    """The words a prompt is shown with: its text, or a gloss where it has none."""
    return item.text or item.gloss.get("en") or next(iter(item.gloss.values()), "") or item.meaning_id


def glosses(item: Item) -> Iterable[str]:
    """What stands below the words, without repeating them."""
    return [text for text in item.gloss.values() if text != shown(item)]
