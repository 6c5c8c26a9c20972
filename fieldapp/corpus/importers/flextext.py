"""FLExText: each phrase is an utterance, with the writing systems of its texts; word glosses become one gloss line.

Morphemes stay in the file, which the fieldbook keeps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from fieldapp.corpus.document import Document, Media, Text, Utterance
from fieldapp.corpus.importers.untimed import utterance
from fieldapp.corpus.written import beginning
from fieldapp.corpus.xml import parse
from fieldapp.errors import ImportProblem

NAME = "flextext"
TITLE = "FieldWorks (FLExText)"
SUFFIXES = (".flextext", ".xml")

_OWN_TIER = re.compile(r"tier (?P<tier>[^:]+): (?P<text>.*)", re.DOTALL)
"""How our export writes tiers that FLEx has no item for."""
_TIERS = {"gls": "translation", "lit": "gloss", "note": "note"}


def sniff(path: Path) -> bool:
    """Whether an interlinear text stands in the file's beginning."""
    return "<interlinear-text" in beginning(path, 65536)


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file, all its texts one after another."""
    root = parse(path).getroot()
    if root.tag != "document":
        raise ImportProblem(f"{path} is no FLExText file (its first element is {root.tag}).", "Export from FLEx as FLExText.")
    warnings: list[str] = []
    files = {one.get("guid", ""): one.get("location", "") for one in root.iter("media") if one.get("location")}
    found: list[Utterance] = []
    tiers: dict[str, str] = {}
    for phrase in root.iter("phrase", "{*}phrase"):
        texts = _texts(phrase, mapping, tiers, warnings)
        times = _offset(phrase, "begin-time-offset"), _offset(phrase, "end-time-offset")
        media = files.get(phrase.get("media-file", ""), "") if len(files) > 1 else ""
        found.append(utterance(times, phrase.get("speaker", ""), texts, warnings, len(found) + 1, media))
    if not found:
        raise ImportProblem(f"{path} holds no phrase.", "Export a text from FLEx, not a word list.")
    listed = tuple(Media(relative=location) for location in files.values())
    return Document(format=NAME, media=listed, utterances=tuple(found), tiers=tiers, warnings=tuple(dict.fromkeys(warnings)))


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
    words = phrase.findall("{*}words/{*}word")
    spoken = [_item(word, "txt") if _item(word, "txt")[0] else _item(word, "punct") for word in words]
    if not any(text.tier == "transcription" for text in texts) and any(text for text, _ in spoken):
        texts.insert(0, Text("transcription", " ".join(text for text, _ in spoken if text), next(language for text, language in spoken if text)))
    glosses = [_item(word, "gls") for word in words if _item(word, "txt")[0]]
    if any(text for text, _ in glosses):
        gloss = " ".join("_".join(text.split()) or "***" for text, _ in glosses)
        texts.append(Text("gloss", gloss, next(language for text, language in glosses if text)))
        tiers["word gls"] = "gloss"
    if phrase.find("{*}words/{*}word/{*}morphemes") is not None:
        warnings.append("Morphemes were not taken over; they stay in the file.")
    return texts


def _item(word: etree._Element, kind: str) -> tuple[str, str]:
    found = next((item for item in word.findall("{*}item") if item.get("type") == kind), None)
    return ("", "") if found is None else ("".join(found.itertext()).strip(), found.get("lang", ""))
