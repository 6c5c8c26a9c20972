"""The folder layout of the YuBao retrieval benchmark, read as it is: SITE.json files (five characters) beside SITE NAME/UTTERANCE.wav. Any thread.

A site file names the site and its dialect group, and for each utterance transcript, translation, IPA and English. The last four digits
of an utterance's name are the sentence; what stands before them tells sentences from words and characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fieldapp.errors import ImportProblem
from fieldapp.lab.utterances import F32, Selection, Utterance
from fieldapp.lab.wording import han_only

FEWEST = 46
"""Utterances a site must have: those with 45 or fewer were not fetched whole."""
BRANCHES = {"官": "zh", "晋": "cjy", "吴": "wuu", "闽": "min", "客": "hak", "粤": "yue", "赣": "gan", "湘": "hsn", "徽": "czh", "平话": "cnp"}
"""Which character in the description of a site's dialect means which branch; the one that is named first counts."""
_SITE = re.compile(r"[0-9A-Z]{5}\.json")
_NUMBERED = re.compile(r"([A-Za-z]*)(\d{4})(?:-\d+)?$")
_SOUNDS = (".wav", ".flac", ".mp3", ".m4a", ".mp4")


def is_yubao(folder: Path) -> bool:
    """Whether there is at least one site file with a folder of sounds."""
    return next(_sites(folder), None) is not None


def read(folder: Path, sound: Callable[[Utterance], F32], fewest: int = FEWEST) -> Selection:
    """All sites that are whole. The site is variety and speaker at once; `group` is the dialect branch."""
    utterances: list[Utterance] = []
    aside = []
    for site, about in _sites(folder):
        found = list(_utterances(folder / about["site"], about))
        if len(found) >= fewest:
            utterances += found
        else:
            aside.append(f"The site {about['site']} ({site}) left out: it has {len(found)} utterances with sound, {fewest} are needed.")
    return Selection(folder.name, tuple(utterances), sound, tuple(aside))


def branch(subgrouping: str) -> str:
    """The branch a description of a dialect names first; empty where it names none."""
    places = {code: subgrouping.find(mark) for mark, code in BRANCHES.items() if mark in subgrouping}
    return min(places, key=lambda code: places[code]) if places else ""


def _sites(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.iterdir()):
        if _SITE.fullmatch(path.name):
            about = _described(path)
            if (folder / about["site"]).is_dir() and Path(about["site"]).name == about["site"]:
                yield path.stem, about


def _described(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        sentences = {str(name): dict(texts) for name, texts in about["sentences"].items()}
        return {"site": str(about["site"]), "subgrouping": str(about.get("subgrouping") or ""), "sentences": sentences}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as trouble:
        raise ImportProblem(f"{path} describes no YuBao site: {trouble}.", "It needs 'site', 'subgrouping' and 'sentences'.") from trouble


def _utterances(sounds: Path, about: dict[str, Any]) -> Iterator[Utterance]:
    there = {
        path.stem: path for path in sorted(sounds.iterdir(), key=lambda p: -_SOUNDS.index(p.suffix) if p.suffix in _SOUNDS else 1) if path.suffix in _SOUNDS
    }
    for name, texts in sorted(about["sentences"].items()):
        path, number = there.get(name), _NUMBERED.search(name)
        if path is None or number is None:
            continue
        said = {key: str(texts.get(key) or "") for key in ("transcript", "translation", "ipa", "english")}
        yield Utterance(
            id=f"{about['site']}/{name}",
            where=str(path),
            speaker=about["site"],
            variety=about["site"],
            language=branch(about["subgrouping"]),
            meaning=f"{number[1].lower()}{number[2]}",
            transcript=said["transcript"],
            translation=said["english"] or han_only(said["translation"]),
            ipa=said["ipa"],
            metadata={"group": branch(about["subgrouping"]), "subgrouping": about["subgrouping"], "mandarin": said["translation"]},
        )
