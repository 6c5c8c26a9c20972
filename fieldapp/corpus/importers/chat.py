"""CHAT (CLAN, TalkBank): each main line is an utterance, its dependent tiers are texts, its bullets are times.

The main line is taken as it is written, with all of CHAT's signs, but for the full stop every line must end with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from fieldapp.corpus.document import Document, Media, Text, Utterance, understand
from fieldapp.corpus.exporters.chat import NOBODY, NOT_SAID
from fieldapp.corpus.importers.untimed import utterance
from fieldapp.corpus.lines import drafts_told, markers_read
from fieldapp.corpus.written import beginning, text_of
from fieldapp.errors import ImportProblem

NAME = "chat"
TITLE = "CHAT (CLAN, TalkBank)"
SUFFIXES = (".cha",)

_TIERS = {"xpho": "ipa", "pho": "ipa", "xtra": "translation", "eng": "translation", "tra": "translation", "xglo": "gloss", "glo": "gloss", "com": "note"}
_BULLET = re.compile("\x15(\\d{1,11})_(\\d{1,11})\x15")
_NAMED = re.compile(r"([A-Z0-9]{3}) is (\S.*)")


def sniff(path: Path) -> bool:
    """Whether the head of a transcript is there."""
    head = beginning(path)
    return "@Begin" in head or "@UTF8" in head


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole transcript."""
    warnings: list[str] = []
    names: dict[str, str] = {}
    ours: dict[str, str] = {}
    media: tuple[Media, ...] = ()
    blocks: list[list[tuple[str, str]]] = []
    for marker, value in _lines(text_of(path, warnings)):
        if marker == "@Comment" and (named := _NAMED.fullmatch(value)):
            names[named[1]] = named[2].strip()
        elif marker == "@Comment" and value.startswith("tiers "):
            ours = markers_read(value.removeprefix("tiers "))
        elif marker == "@Participants":
            names |= {words[0]: "" for part in value.split(",") if len(words := part.split()) == 2 and words[1] == NOBODY}
        elif marker == "@Media":
            media = (Media(relative=value.split(",")[0].strip()),)
        elif marker.startswith("*"):
            blocks.append([(marker, value)])
        elif marker.startswith("%") and blocks:
            blocks[-1].append((marker, value))
    if not blocks:
        raise ImportProblem(f"{path} holds no line of speech.", "A CHAT transcript has lines that begin with * and a speaker.")
    tiers = _tiers(blocks, ours | dict(mapping))
    found = tuple(_utterance(block, names, tiers, warnings, number) for number, block in enumerate(blocks, 1))
    return Document(format=NAME, media=media, utterances=found, tiers=tiers, warnings=tuple(dict.fromkeys(warnings)))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Marker and value of each line, continuation lines joined."""
    joined: list[str] = []
    for row in text.split("\n"):
        if row.startswith(("\t", " ")) and joined:
            joined[-1] += " " + row.strip()
        elif row.strip():
            joined.append(row)
    for row in joined:
        marker, _, value = row.partition(":")
        yield marker.strip(), value.strip()


def _tiers(blocks: list[list[tuple[str, str]]], mapping: Mapping[str, str]) -> dict[str, str]:
    used = dict.fromkeys(marker[1:] for block in blocks for marker, _ in block[1:] if marker not in ("%xorg", "%xsrc"))
    said = {name: mapping.get(name) or mapping.get(f"%{name}") or _TIERS.get(name, "") for name in used}
    return {name: understood.tier for name, understood in understand(used, {key: value for key, value in said.items() if value}).items()}


def _utterance(block: list[tuple[str, str]], names: Mapping[str, str], tiers: Mapping[str, str], warnings: list[str], number: int) -> Utterance:
    marker, value = block[0]
    bullets = _BULLET.findall(value)
    times = (min(int(a) for a, _ in bullets), max(int(b) for _, b in bullets)) if bullets else (None, None)
    spoken = " ".join(re.sub("\x15[^\x15]*\x15|\x15", " ", value).split())
    spoken = next((text for name, text in block[1:] if name == "%xorg"), "") or _plain(spoken)
    texts = [Text("transcription", spoken)] if spoken else []
    for name, text in block[1:]:
        if name == "%xsrc" and drafts_told(text):
            texts.append(Text("note", text))
        elif name[1:] in tiers and text:
            texts.append(Text(tiers[name[1:]], text))
    code = marker[1:].strip()
    return utterance(times, names.get(code, code), texts, warnings, number)


def _plain(spoken: str) -> str:
    """Without the sign at the end that says nothing."""
    words = spoken.removesuffix(".").rstrip()
    if words in NOT_SAID:
        return ""
    return re.sub(r" ([?!])$", r"\1", words)
