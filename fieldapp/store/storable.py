"""Text as it is stored: NFC, otherwise exactly as typed; the two things SQLite cannot hold are replaced, and that is reported."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

NUL_MARK = "\u2400"  # the visible symbol for NUL; SQLite's text functions would stop reading at a real one
BAD_MARK = "\ufffd"  # half of a surrogate pair cannot be written as UTF-8


def clean(text: str) -> tuple[str, bool]:
    """The text to store, and whether characters had to be replaced to store it."""
    if text.isascii() and "\x00" not in text:
        return text, False
    replaced = text.replace("\x00", NUL_MARK)
    try:
        replaced.encode()
    except UnicodeEncodeError:
        replaced = "".join(BAD_MARK if "\ud800" <= letter <= "\udfff" else letter for letter in replaced)
    return unicodedata.normalize("NFC", replaced), replaced != text


def to_json(value: object) -> tuple[str, bool]:
    """A JSON column's text, its strings cleaned before they are escaped, and whether characters had to be replaced."""
    if not value:
        return ("[]" if isinstance(value, tuple | list) else "{}"), False
    marks: list[bool] = []
    cleaned = _clean_inside(value, marks)
    return json.dumps(cleaned, ensure_ascii=False, separators=(",", ":")), any(marks)


def _clean_inside(value: Any, marks: list[bool]) -> Any:
    if isinstance(value, str):
        text, replaced = clean(value)
        marks.append(replaced)
        return text
    if isinstance(value, Mapping):
        return {_clean_inside(str(key), marks): _clean_inside(inner, marks) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_clean_inside(inner, marks) for inner in value]
    return value
