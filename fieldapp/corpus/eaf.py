"""An ELAN file as compact rows, read in one pass: a tree of a hundred thousand annotations would take ten times the memory. Any thread.

Importer and validator work on these rows. External vocabularies (`.ecv`) are read where they lie beside the file, never fetched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from fieldapp.corpus.xml import stream
from fieldapp.errors import FieldError

_ANNOTATIONS = ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")
_ROWS = ("TIER", "ANNOTATION", *_ANNOTATIONS, "TIME_SLOT", "MEDIA_DESCRIPTOR", "LINGUISTIC_TYPE", "LANGUAGE", "CV_ENTRY_ML", "EXTERNAL_REF")
_LARGEST_VOCABULARY = 4 << 20


class Mark(NamedTuple):
    """One annotation. With times, `first` and `second` name its time slots; without, `first` is what it hangs on, `second` what it follows."""

    id: str
    aligned: bool
    first: str
    second: str
    value: str
    entry: str
    language: str


@dataclass(slots=True)
class EafTier:
    """One tier: its attributes and its annotations in the order of the file."""

    attributes: dict[str, str]
    marks: list[Mark] = field(default_factory=list)

    def get(self, name: str) -> str:
        """An attribute, empty where it is missing."""
        return self.attributes.get(name, "")


@dataclass(slots=True)
class Eaf:
    """The whole file. Of two tiers of one name the second is called `NAME~2` here; `doubled` names every id that occurs twice, and of what kind."""

    root: str = ""
    tiers: dict[str, EafTier] = field(default_factory=dict)
    slots: dict[str, int | None] = field(default_factory=dict)
    kinds: dict[str, str | None] = field(default_factory=dict)
    media: list[dict[str, str]] = field(default_factory=list)
    languages: dict[str, str] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    vocabularies: list[str] = field(default_factory=list)
    doubled: list[tuple[str, str]] = field(default_factory=list)


def read_eaf(path: Path) -> Eaf:
    """Read it; ImportProblem for what is no XML. Whether it is an ELAN document at all is told by `root`."""
    found = Eaf()
    tier = EafTier({})
    seen: set[str] = set()
    for event, element in stream(path, _ROWS):
        if not found.root:
            found.root = str(element.getroottree().getroot().tag)
        if event == "start":
            if element.tag == "TIER":
                tier = _tier(found, element)
        elif element.tag in _ANNOTATIONS:
            mark = _mark(element)
            if mark.id in seen:
                found.doubled.append((mark.id, "ANNOTATION_ID"))
            seen.add(mark.id)
            tier.marks.append(mark)
        else:
            _other(found, element)
    return found


def beside(path: Path, link: str) -> dict[str, str]:
    """The values of an external vocabulary by entry id, from the file of that name in the folder of the EAF; empty where there is none."""
    name = unquote(link).replace("\\", "/").rsplit("/", 1)[-1]
    place = path.parent / name
    try:
        if not name or not place.is_file() or place.stat().st_size > _LARGEST_VOCABULARY:
            return {}
        rows = (element for event, element in stream(place, ("CV_ENTRY_ML",)) if event == "end")
        return {row.get("CVE_ID", ""): value for row in rows if (value := row.findtext("CVE_VALUE") or "")}
    except (FieldError, OSError, ValueError):
        return {}


def whole(written: str) -> int | None:
    """A number of milliseconds as it is written, None where it is none."""
    text = written.strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 16 else None


def _tier(found: Eaf, element: etree._Element) -> EafTier:
    tier = EafTier({str(key): str(value) for key, value in element.attrib.items()})
    own = name = tier.get("TIER_ID") or f"tier {len(found.tiers) + 1}"
    number = 1
    while name in found.tiers:
        number += 1
        name = f"{own}~{number}"
    if number > 1:
        found.doubled.append((own, "TIER_ID"))
    found.tiers[name] = tier
    return tier


def _mark(element: etree._Element) -> Mark:
    aligned = element.tag == "ALIGNABLE_ANNOTATION"
    first, second = ("TIME_SLOT_REF1", "TIME_SLOT_REF2") if aligned else ("ANNOTATION_REF", "PREVIOUS_ANNOTATION")
    get = element.get
    value = element.findtext("ANNOTATION_VALUE") or ""
    return Mark(get("ANNOTATION_ID", ""), aligned, get(first, ""), get(second, ""), value, get("CVE_REF", ""), get("LANG_REF", ""))


def _other(found: Eaf, element: etree._Element) -> None:
    get = element.get
    match element.tag:
        case "TIME_SLOT":
            name = get("TIME_SLOT_ID", "")
            if name in found.slots:
                found.doubled.append((name, "TIME_SLOT_ID"))
            found.slots[name] = whole(get("TIME_VALUE", ""))
        case "LINGUISTIC_TYPE":
            found.kinds[get("LINGUISTIC_TYPE_ID", "")] = get("CONSTRAINTS")
        case "MEDIA_DESCRIPTOR":
            found.media.append({str(key): str(value) for key, value in element.attrib.items()})
        case "LANGUAGE":
            found.languages[get("LANG_ID", "")] = get("LANG_DEF", "").rsplit("/", 1)[-1]
        case "CV_ENTRY_ML":
            if get("CVE_ID") and (value := element.findtext("CVE_VALUE")):
                found.entries[get("CVE_ID", "")] = value
        case "EXTERNAL_REF" if get("TYPE") == "ecv":
            found.vocabularies.append(get("VALUE", ""))
