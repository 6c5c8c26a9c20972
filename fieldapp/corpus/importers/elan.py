"""ELAN (EAF 2.x and 3.0). Children are found by what they refer to, never by their order; what has times of its own is an utterance.

Annotations of symbolic tiers become texts of the nearest ancestor with times. Times that a file leaves out lie evenly between
those around them, as ELAN draws them. Tiers that our own export writes about a segment (state, meaning, take) are read back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from fieldapp.corpus.document import STATES, Document, Media, Stretch, Stretches, Text, TierName, understand, without_impossible
from fieldapp.corpus.eaf import Eaf, EafTier, Mark, beside, read_eaf, whole
from fieldapp.corpus.validate import eaf_findings, sentences
from fieldapp.corpus.written import beginning
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
    eaf = read_eaf(path)
    if eaf.root != "ANNOTATION_DOCUMENT":
        raise ImportProblem(f"{path} is no ELAN document (its first element is {eaf.root}).")
    return _Reading(eaf, path, mapping).document()


class _Reading:
    def __init__(self, eaf: Eaf, path: Path, mapping: Mapping[str, str]) -> None:
        self.eaf = eaf
        self.warnings = sentences(eaf_findings(eaf))
        self.names = understand(sorted(eaf.tiers, key=lambda name: not eaf.tiers[name].marks), mapping)
        self.entries = {key: value for link in eaf.vocabularies for key, value in beside(path, link).items()} | eaf.entries
        self.unresolved = 0
        self.empty: Counter[str] = Counter()
        self.stretches = Stretches()
        self.homes: dict[str, Stretch] = {}

    def document(self) -> Document:
        times = self._times()
        for name, tier in self.eaf.tiers.items():
            self._aligned(name, tier, times)
        waiting: list[tuple[str, EafTier, Mark]] = []
        for name, tier in self.eaf.tiers.items():
            waiting += [(name, tier, one) for one in _in_order(tier)]
        for _ in range(_DEEPEST):  # one round a level of the hierarchy
            later = [(name, tier, one) for name, tier, one in waiting if not self._hang(name, tier, one)]
            if len(later) == len(waiting):
                break
            waiting = later
        if waiting:
            self.warnings.append(f"{len(waiting)} annotations refer to others that are not there and were left out (the first on tier '{waiting[0][0]}').")
        self._tell_empty()
        self.homes.clear()
        utterances = without_impossible(self.stretches.finished(), self.warnings)
        media = tuple(Media(one.get("MEDIA_URL", ""), one.get("RELATIVE_MEDIA_URL", ""), whole(one.get("TIME_ORIGIN", "")) or 0) for one in self.eaf.media)
        return Document(
            format=NAME, media=media, utterances=utterances, tiers={name: found.tier for name, found in self.names.items()}, warnings=tuple(self.warnings)
        )

    def _tell_empty(self) -> None:
        """What has no text leaves no trace in the fieldbook but this sentence; it stays in the original."""
        if self.empty:
            where = ", ".join(f"{count} on '{name}'" for name, count in self.empty.most_common(5))
            more = f" and {len(self.empty) - 5} more tiers" if len(self.empty) > 5 else ""
            self.warnings.append(f"{self.empty.total()} annotations without times of their own have no text and were left out ({where}{more}).")
        if self.unresolved:
            lacking = ", ".join(self.eaf.vocabularies) or "a vocabulary that is not in the file"
            self.warnings.append(f"{self.unresolved} of them name an entry of {lacking}; put that file beside this one and import again.")

    def _times(self) -> dict[str, int]:
        """Milliseconds of every time slot; the times left out are filled in along each chain of annotations that share slots."""
        times = {slot: value for slot, value in self.eaf.slots.items() if value is not None}
        missing = self.eaf.slots.keys() - times.keys()
        if not missing:
            return times
        before = len(times)
        for tier in self.eaf.tiers.values():
            following = {mark.first: mark.second for mark in tier.marks if mark.aligned}
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

    def _aligned(self, name: str, tier: EafTier, times: Mapping[str, int]) -> None:
        lost = 0
        found, speaker = self.names[name], self._speaker(name, tier)
        for mark in tier.marks:
            if not mark.aligned:
                continue
            start, stop = times.get(mark.first), times.get(mark.second)
            if start is None or stop is None:
                lost += 1
                continue
            stretch = self.stretches.at(speaker, start, stop, _key(found))
            stretch.ref = stretch.ref or mark.id
            self.homes.setdefault(mark.id, stretch)
            self._add(stretch, found, tier, mark)
        if lost:
            self.warnings.append(f"On tier '{name}' {lost} annotations have no times and were left out.")

    def _hang(self, name: str, tier: EafTier, mark: Mark) -> bool:
        """Put a symbolic annotation on its ancestor with times; False while that is not known."""
        stretch = self.homes.get(mark.first)
        if stretch is None:
            return False
        self.homes.setdefault(mark.id, stretch)
        kind = self.names[name].tier
        value = self._value(mark)
        if kind in _ABOUT and tier.get("LINGUISTIC_TYPE_REF") == kind and (kind != "state" or value in STATES):
            stretch.about[kind] = value
        elif not self._add(stretch, self.names[name], tier, mark):
            self.empty[name] += 1
            self.unresolved += bool(mark.entry)
        return True

    def _add(self, stretch: Stretch, found: TierName, tier: EafTier, mark: Mark) -> bool:
        value = self._value(mark)
        if value:
            language = mark.language or tier.get("LANG_REF")
            source, state = ("import", "confirmed") if not found.machine else (tier.get("ANNOTATOR") or "machine", "draft")
            stretch.texts.append(Text(found.tier, value, self.eaf.languages.get(language, language), source, state, mark.id))
        return bool(value)

    def _value(self, mark: Mark) -> str:
        return mark.value or self.entries.get(mark.entry, "")

    def _speaker(self, name: str, tier: EafTier) -> str:
        """The participant; a child tier that names none belongs to its parent's."""
        seen: set[str] = set()
        at: EafTier | None = tier
        while at is not None and name not in seen:
            speaker = at.get("PARTICIPANT") or self.names[name].speaker
            if speaker:
                return speaker
            seen.add(name)
            name = at.get("PARENT_REF")
            at = self.eaf.tiers.get(name)
        return ""


def _in_order(tier: EafTier) -> list[Mark]:
    """The symbolic annotations of a tier, each after the one it names as its predecessor."""
    every = [mark for mark in tier.marks if not mark.aligned]
    if not any(mark.second for mark in every):
        return every
    after: dict[str, list[Mark]] = defaultdict(list)
    here = {mark.id for mark in every}
    for mark in every:
        after[mark.second if mark.second in here else ""].append(mark)
    ordered: list[Mark] = []
    stack = list(reversed(after.pop("", [])))
    while stack:
        mark = stack.pop()
        ordered.append(mark)
        stack += reversed(after.pop(mark.id, []))
    return ordered + [mark for circle in after.values() for mark in circle]


def _key(found: TierName) -> str:
    return f"machine-{found.tier}" if found.machine else found.tier
