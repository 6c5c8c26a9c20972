"""WebVTT subtitles: voices become speakers, other tags are taken off, escaped characters become themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path

from fieldapp.corpus import subtitles
from fieldapp.corpus.document import Document
from fieldapp.corpus.written import beginning

NAME = "vtt"
TITLE = "WebVTT subtitles"
SUFFIXES = (".vtt",)
_VOICE = re.compile(r"^\s*\u2067?<v(?:\.[^\s<>]*)?\s+([^<>]*)>")
_TAG = re.compile(r"</?[a-z0-9.:]+(?:\s[^<>]*)?>")


def sniff(path: Path) -> bool:
    """Whether the file opens as WebVTT does."""
    return beginning(path, 64).lstrip("\ufeff").startswith("WEBVTT")


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file."""
    return subtitles.document(path, NAME, mapping, _decoded, [])


def _decoded(text: str) -> tuple[str, str]:
    voice = _VOICE.match(text)
    rows = html.unescape(_TAG.sub("", text)).split("\n")
    plain = "\n".join(row.removeprefix(subtitles.RTL_ISOLATE).removesuffix(subtitles.POP_ISOLATE) for row in rows)
    return html.unescape(voice.group(1)).strip() if voice else "", plain
