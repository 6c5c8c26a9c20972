"""The window's words: English in the code, other languages as one JSON table each under resources/translations.

`say("Record")` is looked up when it runs, so the language can be changed without a restart. A test walks the code and
demands that every sentence has its translation.
"""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QLocale

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}

_table: dict[str, str] = {}


def speak(language: str, folder: Path) -> None:
    """Choose the interface language; English needs no table."""
    _table.clear()
    path = folder / f"{language}.json"
    if language != "en" and path.is_file():
        _table.update(json.loads(path.read_text(encoding="utf-8")))


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
