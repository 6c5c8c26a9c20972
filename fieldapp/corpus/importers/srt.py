"""SRT subtitles, with whatever styling players accept taken off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from fieldapp.corpus import subtitles
from fieldapp.corpus.document import Document
from fieldapp.corpus.written import beginning

NAME = "srt"
TITLE = "SRT subtitles"
SUFFIXES = (".srt",)
_STYLE = re.compile(r"</?(?:[biu]|font)(?:\s[^<>]*)?>|\{\\an?\d{1,2}\}", re.IGNORECASE)


def sniff(path: Path) -> bool:
    """By the suffix; what is inside is said when it is read."""
    return bool(beginning(path, 1))


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file."""
    return subtitles.document(path, NAME, mapping, lambda text: ("", _STYLE.sub("", text)), [])
