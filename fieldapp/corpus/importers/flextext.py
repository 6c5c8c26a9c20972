"""FLExText: each phrase is an utterance, with the writing systems of its texts; word glosses become one gloss line.

Morphemes stay in the file, which the fieldbook keeps. Read phrase by phrase, never as a whole tree.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from fieldapp.corpus.document import Document, Media, Text, Utterance
from fieldapp.corpus.importers.untimed import utterance
from fieldapp.corpus.validate import sentences
from fieldapp.corpus.validate_flextext import Rules
from fieldapp.corpus.written import beginning
from fieldapp.corpus.xml import stream
from fieldapp.errors import ImportProblem

NAME = "flextext"
TITLE = "FieldWorks (FLExText)"
SUFFIXES = (".flextext", ".xml")

_OWN_TIER = re.compile(r"tier (?P<tier>[^:]+): (?P<text>.*)", re.DOTALL)
"""How our export writes tiers that FLEx has no item for."""
_ROWS = ("{*}phrase", "{*}paragraph", "{*}interlinear-text", "{*}media", "{*}language")
_NOTHING = ("", "")
_TIERS = {"gls": "translation", "lit": "gloss", "note": "note"}


def sniff(path: Path) -> bool:
    """Whether an interlinear text stands in the file's beginning."""
    return "<interlinear-text" in beginning(path, 65536)


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file, all its texts one after another."""
    warnings: list[str] = []
    rules = Rules()
    files: dict[str, str] = {}
    rows: list[tuple[tuple[int | None, int | None], str, list[Text], str]] = []
    tiers: dict[str, str] = {}
    root = ""
    for event, element in stream(path, _ROWS):
        if not root and (root := str(element.getroottree().getroot().tag)) != "document":
            raise ImportProblem(f"{path} is no FLExText file (its first element is {root}).", "Export from FLEx as FLExText.")
        if event == "start":
            continue
        name = str(element.tag).rpartition("}")[2]
        rules.look(element)
        if name == "media" and element.get("location"):
            files[element.get("guid", "")] = element.get("location", "")
        elif name == "phrase":
            times = _offset(element, "begin-time-offset"), _offset(element, "end-time-offset")
            rows.append((times, element.get("speaker", ""), _texts(element, mapping, tiers, warnings), sys.intern(element.get("media-file", ""))))
    if not rows:
        raise ImportProblem(f"{path} holds no phrase.", "Export a text from FLEx, not a word list.")
    found: list[Utterance] = []
    for times, speaker, texts, media in rows:
        found.append(utterance(times, speaker, texts, warnings, len(found) + 1, files.get(media, "") if len(files) > 1 else ""))
    listed = tuple(Media(relative=location) for location in files.values())
    told = (*dict.fromkeys(warnings), *sentences(rules.findings()))
    return Document(format=NAME, media=listed, utterances=tuple(found), tiers=tiers, warnings=told)


def _offset(phrase: etree._Element, name: str) -> int | None:
    written = phrase.get(name, "")
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 12 else None


def _texts(phrase: etree._Element, mapping: Mapping[str, str], tiers: dict[str, str], warnings: list[str]) -> list[Text]:
    texts: list[Text] = []
    for item in phrase.findall("{*}item"):
        kind, language, text = item.get("type", ""), item.get("lang", ""), "".join(item.itertext())
        if kind == "segnum" or not text.strip():
            continue
        label = f"{kind} {language}".strip()
        tier = (
            mapping.get(label)
            or mapping.get(kind)
            or (("ipa" if "fonipa" in language else "transcription") if kind == "txt" else _TIERS.get(kind, kind or "note"))
        )
        if tier == "note" and (ours := _OWN_TIER.fullmatch(text)):
            tier, text = ours["tier"], ours["text"]
        else:
            tiers[label] = tier
        texts.append(Text(tier, text, language))
    words = [_items(word) for word in phrase.iterfind("{*}words/{*}word")]
    spoken = [word.get("txt", _NOTHING) if word.get("txt", _NOTHING)[0] else word.get("punct", _NOTHING) for word in words]
    if not any(text.tier == "transcription" for text in texts) and any(text for text, _ in spoken):
        texts.insert(0, Text("transcription", " ".join(text for text, _ in spoken if text), next(language for text, language in spoken if text)))
    glosses = [word.get("gls", _NOTHING) for word in words if word.get("txt", _NOTHING)[0]]
    if any(text for text, _ in glosses):
        gloss = " ".join("_".join(text.split()) or "***" for text, _ in glosses)
        texts.append(Text("gloss", gloss, next(language for text, language in glosses if text)))
        tiers["word gls"] = "gloss"
    if phrase.find("{*}words/{*}word/{*}morphemes") is not None:
        warnings.append("Morphemes were not taken over; they stay in the file.")
    return texts


def _items(word: etree._Element) -> dict[str, tuple[str, str]]:
    """The first item of each type: its text and writing system."""
    found: dict[str, tuple[str, str]] = {}
    for item in word.iterchildren("{*}item"):
        found.setdefault(item.get("type", ""), ("".join(item.itertext()).strip(), item.get("lang", "")))
    return found
