"""ELAN (EAF 2.x and 3.0). Children are found by what they refer to, never by their order; what has times of its own is an utterance.

Annotations of symbolic tiers become texts of the nearest ancestor with times. Times that a file leaves out lie evenly between
those around them, as ELAN draws them. Tiers that our own export writes about a segment (state, meaning, take) are read back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from fieldapp.corpus.document import STATES, Document, Media, Stretch, Stretches, Text, TierName, understand, without_impossible
from fieldapp.corpus.validate import eaf_findings, sentences
from fieldapp.corpus.written import beginning
from fieldapp.corpus.xml import parse
from fieldapp.errors import ImportProblem

NAME = "elan"
TITLE = "ELAN (EAF)"
SUFFIXES = (".eaf",)
_ABOUT = ("state", "meaning", "take")
_DEEPEST = 200


def sniff(path: Path) -> bool:
    """By the suffix alone: nothing else calls itself .eaf."""
    return bool(beginning(path, 1))


def read(path: Path, mapping: Mapping[str, str]) -> Document:
    """The whole file."""
    root = parse(path).getroot()
    if root.tag != "ANNOTATION_DOCUMENT":
        raise ImportProblem(f"{path} is no ELAN document (its first element is {root.tag}).")
    return _Reading(root, mapping).document()


class _Reading:
    def __init__(self, root: etree._Element, mapping: Mapping[str, str]) -> None:
        self.root = root
        self.warnings = sentences(eaf_findings(root))
        self.tiers = {t.get("TIER_ID") or f"tier {n}": t for n, t in enumerate(root.iter("TIER"), 1)}
        self.names = understand(sorted(self.tiers, key=lambda name: not len(self.tiers[name])), mapping)
        self.languages = {one.get("LANG_ID", ""): one.get("LANG_DEF", "").rsplit("/", 1)[-1] for one in root.iter("LANGUAGE")}
        self.vocabulary = _vocabulary(root)
        self.stretches = Stretches()
        self.homes: dict[str, Stretch] = {}

    def document(self) -> Document:
        times = self._times()
        for name, tier in self.tiers.items():
            self._aligned(name, tier, times)
        waiting: list[tuple[str, etree._Element, etree._Element]] = []
        for name, tier in self.tiers.items():
            waiting += [(name, tier, one) for one in _in_order(tier)]
        for _ in range(_DEEPEST):  # one round a level of the hierarchy
            later = [(name, tier, one) for name, tier, one in waiting if not self._hang(name, tier, one)]
            if len(later) == len(waiting):
                break
            waiting = later
        if waiting:
            self.warnings.append(f"{len(waiting)} annotations refer to others that are not there and were left out (the first on tier '{waiting[0][0]}').")
        utterances = without_impossible(self.stretches.finished(), self.warnings)
        media = tuple(
            Media(one.get("MEDIA_URL", ""), one.get("RELATIVE_MEDIA_URL", ""), _whole(one.get("TIME_ORIGIN", "")) or 0)
            for one in self.root.iter("MEDIA_DESCRIPTOR")
        )
        return Document(
            format=NAME, media=media, utterances=utterances, tiers={name: found.tier for name, found in self.names.items()}, warnings=tuple(self.warnings)
        )

    def _times(self) -> dict[str, int]:
        """Milliseconds of every time slot; the times left out are filled in along each chain of annotations that share slots."""
        times: dict[str, int] = {}
        missing: set[str] = set()
        for slot in self.root.iter("TIME_SLOT"):
            value = _whole(slot.get("TIME_VALUE", ""))
            if value is None:
                missing.add(slot.get("TIME_SLOT_ID", ""))
            else:
                times[slot.get("TIME_SLOT_ID", "")] = value
        if not missing:
            return times
        before = len(times)
        for tier in self.tiers.values():
            following = {a.get("TIME_SLOT_REF1", ""): a.get("TIME_SLOT_REF2", "") for a in tier.iter("ALIGNABLE_ANNOTATION")}
            for first in [slot for slot in following if slot in times]:
                chain = [first]
                while (after := following.get(chain[-1])) is not None and after in missing and after not in times and len(chain) <= len(following):
                    chain.append(after)
                if after is None or after not in times or len(chain) == 1:
                    continue
                start, stop = times[first], times[after]
                for place, slot in enumerate(chain[1:], 1):
                    times[slot] = start + (stop - start) * place // len(chain)
        left = missing - times.keys()
        self.warnings.append(f"{len(times) - before} times are not in the file and were placed evenly between their neighbours.")
        if left:
            self.warnings.append(f"{len(left)} time slots have no time and no neighbours with one.")
        return times

    def _aligned(self, name: str, tier: etree._Element, times: Mapping[str, int]) -> None:
        lost = 0
        found, speaker = self.names[name], self._speaker(name, tier)
        for annotation in tier.iter("ALIGNABLE_ANNOTATION"):
            start, stop = (times.get(annotation.get(f"TIME_SLOT_REF{n}", "")) for n in (1, 2))
            if start is None or stop is None:
                lost += 1
                continue
            stretch = self.stretches.at(speaker, start, stop, _key(found))
            self.homes.setdefault(annotation.get("ANNOTATION_ID", ""), stretch)
            self._add(stretch, found, tier, annotation)
        if lost:
            self.warnings.append(f"On tier '{name}' {lost} annotations have no times and were left out.")

    def _hang(self, name: str, tier: etree._Element, annotation: etree._Element) -> bool:
        """Put a symbolic annotation on its ancestor with times; False while that is not known."""
        stretch = self.homes.get(annotation.get("ANNOTATION_REF", ""))
        if stretch is None:
            return False
        self.homes.setdefault(annotation.get("ANNOTATION_ID", ""), stretch)
        kind = self.names[name].tier
        value = self._value(annotation)
        if kind in _ABOUT and tier.get("LINGUISTIC_TYPE_REF") == kind and (kind != "state" or value in STATES):
            stretch.about[kind] = value
        else:
            self._add(stretch, self.names[name], tier, annotation)
        return True

    def _add(self, stretch: Stretch, found: TierName, tier: etree._Element, annotation: etree._Element) -> None:
        value = self._value(annotation)
        if not value:
            return
        language = annotation.get("LANG_REF") or tier.get("LANG_REF") or ""
        source, state = ("import", "confirmed") if not found.machine else (tier.get("ANNOTATOR") or "machine", "draft")
        stretch.texts.append(Text(found.tier, value, self.languages.get(language, language), source, state))

    def _value(self, annotation: etree._Element) -> str:
        written = annotation.findtext("ANNOTATION_VALUE") or ""
        return written or self.vocabulary.get(annotation.get("CVE_REF", ""), "")

    def _speaker(self, name: str, tier: etree._Element) -> str:
        """The participant; a child tier that names none belongs to its parent's."""
        seen: set[str] = set()
        at: etree._Element | None = tier
        while at is not None and name not in seen:
            speaker = at.get("PARTICIPANT") or self.names[name].speaker
            if speaker:
                return str(speaker)
            seen.add(name)
            name = at.get("PARENT_REF") or ""
            at = self.tiers.get(name)
        return ""


def _in_order(tier: etree._Element) -> list[etree._Element]:
    """The symbolic annotations of a tier, each after the one it names as its predecessor."""
    every = list(tier.iter("REF_ANNOTATION"))
    if not any(one.get("PREVIOUS_ANNOTATION") for one in every):
        return every
    after: dict[str, list[etree._Element]] = defaultdict(list)
    here = {one.get("ANNOTATION_ID", "") for one in every}
    for one in every:
        before = one.get("PREVIOUS_ANNOTATION", "")
        after[before if before in here else ""].append(one)
    ordered: list[etree._Element] = []
    stack = list(reversed(after.pop("", [])))
    while stack:
        one = stack.pop()
        ordered.append(one)
        stack += reversed(after.pop(one.get("ANNOTATION_ID", ""), []))
    return ordered + [one for circle in after.values() for one in circle]


def _vocabulary(root: etree._Element) -> dict[str, str]:
    """The values of the file's own controlled vocabularies by entry id."""
    entries = {e.get("CVE_ID", ""): e.findtext("CVE_VALUE") or "" for e in root.iter("CV_ENTRY_ML")}
    return {key: value for key, value in entries.items() if key and value}


def _key(found: TierName) -> str:
    return f"machine-{found.tier}" if found.machine else found.tier


def _whole(written: str) -> int | None:
    text = written.strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 16 else None
