"""The window's words: English in the code, other languages as one JSON table each under resources/translations.

`say("Record")` is looked up when it runs, so the language can be changed without a restart. A test walks the code and
demands that every sentence has its translation.
"""

from __future__ import annotations

import json
import re
import string
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QLocale

from fieldapp.errors import FieldError

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}

LONGEST = 2000
"""What is longer was not said by the engine, and is not searched for patterns."""

_table: dict[str, str] = {}
_engine: list[tuple[re.Pattern[str], str]] = []
"""Sentences of rooms that know no languages, as patterns with their translations; the one that says most literally comes first."""


def speak(language: str, folder: Path) -> None:
    """Choose the interface language; English needs no table."""
    _table.clear()
    _engine.clear()
    tell.cache_clear()
    if language != "en":
        _table.update(_read(folder / f"{language}.json"))
        engine = _read(folder / f"{language}.engine.json")
        _engine.extend((_pattern(text), engine[text]) for text in sorted(engine, key=_literal, reverse=True))


def _read(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _literal(text: str) -> int:
    return sum(len(said) for said, *_ in string.Formatter().parse(text))


def _pattern(text: str) -> re.Pattern[str]:
    pieces = ((re.escape(said), name) for said, name, *_ in string.Formatter().parse(text))
    return re.compile("".join(said if name is None else f"{said}(?P<p{name}>.+?)" for said, name in pieces), re.DOTALL)


@lru_cache(2000)
def tell(sentence: str) -> str:
    """A sentence of the engine or the search in the chosen language; what is not known stays as it is, and so do names and figures in it."""
    if not _engine or not sentence or len(sentence) > LONGEST:
        return sentence
    found = _told_whole(sentence)
    if found is not None:
        return found
    for end in re.finditer(r"[.?!] ", sentence):  # two sentences in a row
        first = _told_whole(sentence[: end.end() - 1])
        if first is not None:
            return f"{first} {tell(sentence[end.end() :])}"
    return sentence


def _told_whole(sentence: str) -> str | None:
    for pattern, said in _engine:
        match = pattern.fullmatch(sentence)
        if match is not None:
            return said.format(*(tell(filled) for filled in match.groups()))
    return None


def told(trouble: Exception) -> str:
    """What went wrong and what to do, in the chosen language."""
    if not isinstance(trouble, FieldError):
        return tell(str(trouble))
    return f"{tell(trouble.message)} {tell(trouble.hint)}".strip()


def say(text: str, /, **values: object) -> str:
    """The text in the chosen language, with `{name}` places filled."""
    found = _table.get(text, text)
    return found.format(**values) if values else found


def sayable(text: str) -> str:
    """Mark a text that is said later, from a table; it is looked up then."""
    return text


def language_of(setting: str) -> str:
    """The language a setting stands for; `system` asks the desktop."""
    if setting != "system":
        return setting
    return "zh_CN" if QLocale.system().language() == QLocale.Language.Chinese else "en"
