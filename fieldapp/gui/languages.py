"""Finding the code of a language by typing its name, and checking codes. No Qt; any thread.

Names and codes come from langcodes and its data (CLDR and the IANA registry, which holds ISO 639-3).
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import langcodes

SHOWN = 12


def matching(typed: str) -> list[tuple[str, str]]:
    """Codes and names of languages whose name begins with what was typed, in any language; a valid code comes first."""
    typed = typed.strip()
    found: dict[str, str] = {}
    if is_tag(typed):
        found[langcodes.standardize_tag(typed)] = name_of(typed)
    if len(typed) >= 2:
        names = _names()
        for key in sorted(names.keys(typed.casefold()), key=len):
            code = names[key][0].decode("utf-8")
            if code not in found and code != "und" and is_tag(code):
                found[code] = name_of(code)
            if len(found) >= SHOWN:
                break
    return list(found.items())


def is_tag(text: str) -> bool:
    """Whether it is a BCP 47 tag of known parts, such as wuu or etr-fonipa."""
    return bool(text) and langcodes.tag_is_valid(text)


def name_of(tag: str) -> str:
    """The English name of a language tag."""
    return str(langcodes.Language.get(tag).display_name())


def iso639_3(tag: str) -> str:
    """The three letters of a tag's language, empty where there are none."""
    try:
        return str(langcodes.Language.get(tag).to_alpha3())
    except LookupError:
        return ""


@cache
def _names() -> Any:
    from language_data.names import TRIES, name_to_code  # noqa: PLC0415  (loads tables that only a search needs)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own remarks on its own tables
        name_to_code("language", "english")
    return TRIES["und/name_to_language"]
