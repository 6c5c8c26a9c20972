"""What schemas and parsers let through and the programs then lose: the semantic rules of the annotation formats, as findings.

Used by export (before a file is called done), by import (to say what is odd) and by `fieldapp check`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from fieldapp.corpus.xml import parse

_DIGITS = re.compile(r"[0-9]{1,15}")
ALIGNABLE = {"Time_Subdivision", "Included_In"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: where it was seen and what is wrong."""

    where: str
    what: str


def sentences(findings: Iterable[Finding], shown: int = 5) -> list[str]:
    """The first findings as sentences, the rest counted."""
    every = list(findings)
    told = [f"{finding.where}: {finding.what}." for finding in every[:shown]]
    return told + ([f"and {len(every) - shown} more places that break the format's rules."] if len(every) > shown else [])


def validate_eaf(path: Path) -> list[Finding]:
    """Everything ELAN's model forbids but its schema allows."""
    return list(eaf_findings(parse(path).getroot()))


def eaf_findings(root: etree._Element) -> Iterator[Finding]:
    """The same for a document that is parsed already."""
    if root.tag != "ANNOTATION_DOCUMENT":
        yield Finding(root.tag, "this is no ELAN document")
        return
    slots, kinds = _slots(root), {t.get("LINGUISTIC_TYPE_ID"): t for t in root.iter("LINGUISTIC_TYPE")}
    tiers = {t.get("TIER_ID", ""): t for t in root.iter("TIER")}
    yield from _doubled(root)
    spans: dict[str, tuple[int, int]] = {}
    homes: dict[str, str] = {}
    for name, tier in tiers.items():
        for annotation in _annotations(tier):
            homes[annotation.get("ANNOTATION_ID", "")] = name
            if annotation.tag == "ALIGNABLE_ANNOTATION":
                start, stop = (slots.get(annotation.get(f"TIME_SLOT_REF{n}", "")) for n in (1, 2))
                if start is not None and stop is not None:
                    spans[annotation.get("ANNOTATION_ID", "")] = (start, stop)
    for name, tier in tiers.items():
        kind = kinds.get(tier.get("LINGUISTIC_TYPE_REF"))
        if kind is None:
            yield Finding(name, f"its type '{tier.get('LINGUISTIC_TYPE_REF')}' is not defined")
            continue
        yield from _tier_findings(name, tier, kind.get("CONSTRAINTS"), tiers, spans, homes)


def _slots(root: etree._Element) -> dict[str, int]:
    return {s.get("TIME_SLOT_ID", ""): int(s.get("TIME_VALUE", "")) for s in root.iter("TIME_SLOT") if _DIGITS.fullmatch(s.get("TIME_VALUE", ""))}


def _annotations(tier: etree._Element) -> Iterator[etree._Element]:
    for wrapper in tier.iter("ANNOTATION"):
        yield from wrapper


def _doubled(root: etree._Element) -> Iterator[Finding]:
    """Ids that occur twice."""
    for tag, attribute in (("TIER", "TIER_ID"), ("TIME_SLOT", "TIME_SLOT_ID"), ("ALIGNABLE_ANNOTATION", "ANNOTATION_ID"), ("REF_ANNOTATION", "ANNOTATION_ID")):
        seen: set[str] = set()
        for element in root.iter(tag):
            name = element.get(attribute, "")
            if name in seen:
                yield Finding(name, f"this {attribute} occurs more than once")
            seen.add(name)


def _tier_findings(
    name: str, tier: etree._Element, constraint: str | None, tiers: dict[str, etree._Element], spans: dict[str, tuple[int, int]], homes: dict[str, str]
) -> Iterator[Finding]:
    parent = tier.get("PARENT_REF")
    if parent is not None and parent not in tiers:
        yield Finding(name, f"its parent tier '{parent}' is missing")
    if (parent is None) != (constraint is None):
        yield Finding(name, "a tier with a parent needs a constrained type, and one without needs a free type")
    wanted = "ALIGNABLE_ANNOTATION" if constraint is None or constraint in ALIGNABLE else "REF_ANNOTATION"
    taken: set[str] = set()
    own: list[tuple[int, int, str]] = []
    for annotation in _annotations(tier):
        label = annotation.get("ANNOTATION_ID", "")
        if annotation.tag != wanted:
            yield Finding(label, f"on tier '{name}' ({constraint or 'no constraint'}) stands a {annotation.tag}, which ELAN would lose")
        if annotation.tag == "REF_ANNOTATION":
            yield from _reference_findings(label, name, annotation, parent, constraint, homes, taken)
        elif label in spans:
            own.append((*spans[label], label))
    yield from span_findings(name, own)


def span_findings(name: str, own: list[tuple[int, int, str]]) -> Iterator[Finding]:
    """Start, stop and id of the annotations of one tier: each has a length and none overlaps the next."""
    for start, stop, label in own:
        if start >= stop:
            yield Finding(label, f"on tier '{name}' ends at {stop} ms, not after its start at {start} ms")
    for (_, stop, label), (start, _, following) in itertools.pairwise(sorted(own)):
        if start < stop:
            yield Finding(following, f"on tier '{name}' starts at {start} ms, before '{label}' ends at {stop} ms")


def _reference_findings(
    label: str, name: str, annotation: etree._Element, parent: str | None, constraint: str | None, homes: dict[str, str], taken: set[str]
) -> Iterator[Finding]:
    target = annotation.get("ANNOTATION_REF", "")
    if homes.get(target) != parent:
        yield Finding(label, f"on tier '{name}' refers to '{target}', which is not on its parent tier '{parent}'")
    if constraint == "Symbolic_Association" and target in taken:
        yield Finding(label, f"on tier '{name}' is a second child of '{target}' on a one-to-one tier")
    taken.add(target)
