"""What every importer gives back: an annotation file as plain values, times in whole milliseconds of its own sound. No store, no sound library.

Each stretch with times of its own is one utterance; everything said about it hangs on it as texts by tier. Whatever has no
place here stays in the original file, which the fieldbook keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

STATES = ("pending", "draft", "checked", "rejected")
TIERS: Mapping[str, str] = {
    name: tier
    for tier, names in {
        "transcription": "transcription transcript tx text utterance utterances orthography orthographic ortho ort phrase phrases annotation speech",
        "ipa": "ipa phonetic phonetics fonipa pho phonetic_transcription",
        "translation": "translation translation_en ft fte free_translation phrase_free_translation translation_free english",
        "gloss": "gloss glosses gl ge interlinear_gloss glossing",
        "note": "note notes nt comment comments com remark remarks",
    }.items()
    for name in names.split()
}
"""What other people call the tiers, in small letters, words joined by `_`. Names that are not here stay as they are."""


@dataclass(frozen=True, slots=True)
class Media:
    """A sound or video file as the annotation file names it. `origin_ms` is where the annotations' zero lies in it."""

    url: str = ""
    relative: str = ""
    origin_ms: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """One label. Several texts of one tier on one utterance are pieces without times of their own, in order.

    `ref` is its name in the file, where the format gives each label one.
    """

    tier: str
    text: str
    language: str = ""
    source: str = "import"
    state: str = "confirmed"
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of sound and what is said about it. `media` is empty where the document has one sound only."""

    start_ms: int
    stop_ms: int
    speaker: str = ""
    texts: tuple[Text, ...] = ()
    meaning_id: str = ""
    take: int = 1
    best: bool = False
    state: str = ""
    media: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One annotation file. `tiers` tells how their tier names (or columns) were understood; `warnings` are sentences for a person."""

    format: str
    media: tuple[Media, ...] = ()
    utterances: tuple[Utterance, ...] = ()
    tiers: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def sounds(self) -> tuple[str, ...]:
        """The keys by which utterances name their sound; one empty key where the document has one sound only."""
        return tuple(dict.fromkeys(u.media for u in self.utterances)) or ("",)

    def media_of(self, sound: str) -> tuple[Media, ...]:
        """The links for one of these keys."""
        return tuple(one for one in self.media if one.relative == sound) if sound else self.media

    @property
    def speakers(self) -> tuple[str, ...]:
        """Everybody who speaks in it, by code."""
        return tuple(sorted({u.speaker for u in self.utterances} - {""}))

    @property
    def labels(self) -> int:
        """How many texts there are."""
        return sum(len(u.texts) for u in self.utterances)


@dataclass(frozen=True, slots=True)
class TierName:
    """A tier's name taken apart: `machine-transcription@W1~2` is the second lane of W1's drafts."""

    tier: str
    speaker: str = ""
    machine: bool = False


_LANE = re.compile(r"~\d+$")


def take_apart(name: str) -> TierName:
    """Which tier, whose, and whether a machine wrote it."""
    plain, _, speaker = _LANE.sub("", name).partition("@")
    machine = plain.startswith("machine-")
    return TierName(plain.removeprefix("machine-").removesuffix("-points").strip() or "tier", "" if speaker == "unknown" else speaker.strip(), machine)


def understand(names: Iterable[str], mapping: Mapping[str, str]) -> dict[str, TierName]:
    """Their tier names as ours: what the person says first, then the table; of two names that mean the same the later keeps its own."""
    found: dict[str, TierName] = {}
    meant: dict[str, str] = {}
    for name in names:
        own = take_apart(name)
        said = mapping.get(name) or mapping.get(own.tier)
        if said:
            chosen = take_apart(said)
            found[name] = TierName(chosen.tier, chosen.speaker or own.speaker, own.machine)
            continue
        ours = TIERS.get("_".join(own.tier.casefold().split()), own.tier)
        tier = ours if meant.setdefault(ours, own.tier) == own.tier else own.tier
        found[name] = TierName(tier, own.speaker, own.machine)
    return found


def tier_in_name(path: Path, mapping: Mapping[str, str]) -> str:
    """For formats of one tier a file: the tier that stands in the file's name (`x.translation.srt`), else the transcription."""
    last = path.stem.rpartition(".")[2] if "." in path.stem else ""
    known = last.removeprefix("machine-").casefold() in TIERS or last.startswith("machine-") or last in mapping
    return last if known else "transcription"


@dataclass(slots=True)
class Stretch:
    """An utterance while it is being put together."""

    start_ms: int
    stop_ms: int
    speaker: str
    texts: list[Text] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    ref: str = ""

    def finished(self) -> Utterance:
        """The value. Of what Fieldapp wrote about a segment only what it can have written is taken."""
        take, _, best = self.about.get("take", "").partition(" ")
        state = self.about.get("state", "")
        number = int(take) if take.isascii() and take.isdecimal() and len(take) < 9 else 1
        return Utterance(
            self.start_ms, self.stop_ms, self.speaker, tuple(self.texts), self.about.get("meaning", ""), number, best == "best",
            state if state in STATES else "", metadata=dict(self.metadata), ref=self.ref,
        )  # fmt: skip


class Stretches:
    """Puts labels of the same speaker and the same times together into one utterance each, whichever tier they come from."""

    def __init__(self) -> None:
        self._by_time: dict[tuple[str, int, int], list[Stretch]] = {}
        self._all: list[Stretch] = []
        self._tiers: dict[int, set[str]] = {}

    def at(self, speaker: str, start_ms: int, stop_ms: int, tier: str) -> Stretch:
        """The stretch for a label of this tier: one that has none of it yet, or a new one."""
        same = self._by_time.setdefault((speaker, start_ms, stop_ms), [])
        found = next((stretch for stretch in same if tier not in self._tiers[id(stretch)]), None)
        if found is None:
            found = Stretch(start_ms, stop_ms, speaker)
            same.append(found)
            self._all.append(found)
            self._tiers[id(found)] = set()
        self._tiers[id(found)].add(tier)
        return found

    def finished(self) -> tuple[Utterance, ...]:
        """All utterances in order of time."""
        return tuple(stretch.finished() for stretch in sorted(self._all, key=lambda s: (s.start_ms, s.stop_ms, s.speaker)))


def without_impossible(utterances: Iterable[Utterance], warnings: list[str]) -> tuple[Utterance, ...]:
    """Only what has a place in sound: nothing before its beginning, no end before its start. What goes is told."""
    every = list(utterances)
    kept = tuple(u for u in every if 0 <= u.start_ms <= u.stop_ms < LATEST_MS)
    if len(kept) < len(every):
        odd = next(u for u in every if not 0 <= u.start_ms <= u.stop_ms < LATEST_MS)
        more = len(every) - len(kept)
        warnings.append(f"{more} annotations end before they start or lie before the sound begins and were left out (the first at {odd.start_ms} ms).")
    return kept


LATEST_MS = 1000 * 3600 * 24 * 365
"""No recording lasts a year: later times are damage."""
