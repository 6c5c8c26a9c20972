"""Text files as other programs write them: any Unicode encoding with or without a mark, old one-byte files, either decimal sign. Any thread."""

from __future__ import annotations

import codecs
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from fieldapp.errors import ImportProblem

LARGEST_BYTES = 128 * 2**20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{0,30})?(?:[eE][+-]?\d{1,3})?")


def beginning(path: Path, size: int = 4096) -> str:
    """The first characters, enough to tell formats apart; empty where nothing can be read."""
    try:
        with path.open("rb") as file:
            data = file.read(size)
    except OSError:
        return ""
    return data.decode(_encoding(data), errors="replace")


def text_of(path: Path, warnings: list[str], *, line_ends_as_written: bool = False) -> str:
    """The whole text, with LF line ends if not asked otherwise; an encoding that had to be guessed is told."""
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise ImportProblem(f"{path.name} is {size / 2**20:.0f} MB of text; more than {LARGEST_BYTES // 2**20} MB is not read.", "Split it.")
        data = path.read_bytes()
    except OSError as trouble:
        raise ImportProblem(f"{path} cannot be read: {trouble.strerror}.") from trouble
    if not data:
        raise ImportProblem(f"{path.name} is empty.", "Look for a backup beside it.")
    try:
        text = data.decode(_encoding(data))
    except UnicodeDecodeError:
        if data.count(0) > len(data) // 100:
            raise ImportProblem(f"{path.name} is no text file, or damaged.", "Open it in the program that made it and save it again.") from None
        text = data.decode("cp1252", errors="replace")
        warnings.append("The file is not Unicode; it was read as Western European (Windows-1252). Check the letters.")
    text = text.removeprefix("\ufeff")
    return text if line_ends_as_written else text.replace("\r\n", "\n").replace("\r", "\n")


def milliseconds(written: str) -> int | None:
    """Seconds as text, with a point or a comma, as whole milliseconds, rounded once; None where it is no number."""
    if not _NUMBER.fullmatch(written):
        return None
    number = Decimal(written.replace(",", ".")) * 1000
    return int(number.to_integral_value(ROUND_HALF_UP)) if abs(number) < 10**15 else None


def _encoding(data: bytes) -> str:
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")
    if marked:
        return marked
    sample = data[:400]
    if len(sample) > 3 and sample[1::2].count(0) > len(sample) // 3:
        return "utf-16-le"
    if len(sample) > 3 and sample[::2].count(0) > len(sample) // 3:
        return "utf-16-be"
    return "utf-8"
