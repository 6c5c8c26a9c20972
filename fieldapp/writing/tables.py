"""Tables of symbols as people keep them: UTF-8, tab-separated, a line of headings; a symbol as itself or as U+0303. Any thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fieldapp.errors import FieldError

LARGEST_BYTES = 1_000_000
_CODES = re.compile(r"U\+[0-9A-Fa-f]{4,6}( U\+[0-9A-Fa-f]{4,6})*")


def read_rows(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Number of the line and its cells by heading. Quotes are plain characters here; blanks inside a cell count."""
    headings: list[str] = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        cells = line.split("\t")
        if not line.strip():
            continue
        if not headings:
            headings = [cell.strip() for cell in cells]
            if missing := [name for name in wanted if name not in headings]:
                raise FieldError(f"{path.name}: the first line must name the column '{missing[0]}'.", f"It needs: {', '.join(wanted)}, separated by tabs.")
            continue
        yield number, dict(zip(headings, cells, strict=False))


def symbol_of(cell: str) -> str:
    """What a cell stands for: itself, or the characters whose numbers it gives."""
    if not _CODES.fullmatch(cell):
        return cell
    numbers = [int(code[2:], 16) for code in cell.split(" ")]
    return "".join(chr(number) for number in numbers if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise FieldError(f"{path.name} is far too large for a table of symbols.", "Is it the right file?")
        return path.read_text(encoding="utf-8-sig")
    except OSError as trouble:
        raise FieldError(f"{path} cannot be read: {trouble.strerror}.", "Is the file still there?") from trouble
    except UnicodeDecodeError as trouble:
        raise FieldError(f"{path.name} is not UTF-8 (line {trouble.object[: trouble.start].count(10) + 1}).", "Save it as UTF-8.") from trouble
