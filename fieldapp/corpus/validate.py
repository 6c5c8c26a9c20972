"""What schemas and parsers let through and the programs then lose: the semantic rules of the annotation formats, as findings.

Used by export (before a file is called done), by import (to say what is odd) and by `fieldapp check`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fieldapp.corpus.eaf import Eaf, EafTier, Mark, read_eaf

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
    return list(eaf_findings(read_eaf(path)))


def eaf_findings(eaf: Eaf) -> Iterator[Finding]:
    """The same for a document that was read already."""
    if eaf.root != "ANNOTATION_DOCUMENT":
        yield Finding(eaf.root, "this is no ELAN document")
        return
    for name, what in dict.fromkeys(eaf.doubled):
        yield Finding(name, f"this {what} occurs more than once")
    spans: dict[str, tuple[int, int]] = {}
    homes: dict[str, str] = {}
    for name, tier in eaf.tiers.items():
        for mark in tier.marks:
            homes[mark.id] = name
            start, stop = (eaf.slots.get(slot) for slot in (mark.first, mark.second))
            if mark.aligned and start is not None and stop is not None:
                spans[mark.id] = (start, stop)
    for name, tier in eaf.tiers.items():
        kind = tier.get("LINGUISTIC_TYPE_REF")
        if kind not in eaf.kinds:
            yield Finding(name, f"its type '{kind}' is not defined")
            continue
        yield from _tier_findings(name, tier, eaf.kinds[kind], eaf, spans, homes)


def _tier_findings(name: str, tier: EafTier, constraint: str | None, eaf: Eaf, spans: dict[str, tuple[int, int]], homes: dict[str, str]) -> Iterator[Finding]:
    parent = tier.attributes.get("PARENT_REF")
    if parent is not None and parent not in eaf.tiers:
        yield Finding(name, f"its parent tier '{parent}' is missing")
    if (parent is None) != (constraint is None):
        yield Finding(name, "a tier with a parent needs a constrained type, and one without needs a free type")
    wanted = constraint is None or constraint in ALIGNABLE
    taken: set[str] = set()
    own: list[tuple[int, int, str]] = []
    for mark in tier.marks:
        if mark.aligned != wanted:
            kind = "ALIGNABLE_ANNOTATION" if mark.aligned else "REF_ANNOTATION"
            yield Finding(mark.id, f"on tier '{name}' ({constraint or 'no constraint'}) stands a {kind}, which ELAN would lose")
        if not mark.aligned:
            yield from _reference_findings(mark, name, parent, constraint, homes, taken)
        elif mark.id in spans:
            own.append((*spans[mark.id], mark.id))
    yield from span_findings(name, own)


def span_findings(name: str, own: list[tuple[int, int, str]]) -> Iterator[Finding]:
    """Start, stop and id of the annotations of one tier: each has a length and none overlaps the next."""
    for start, stop, label in own:
        if start >= stop:
            yield Finding(label, f"on tier '{name}' ends at {stop} ms, not after its start at {start} ms")
    for (_, stop, label), (start, _, following) in itertools.pairwise(sorted(own)):
        if start < stop:
            yield Finding(following, f"on tier '{name}' starts at {start} ms, before '{label}' ends at {stop} ms")


def _reference_findings(mark: Mark, name: str, parent: str | None, constraint: str | None, homes: dict[str, str], taken: set[str]) -> Iterator[Finding]:
    target = mark.first
    if homes.get(target) != parent:
        yield Finding(mark.id, f"on tier '{name}' refers to '{target}', which is not on its parent tier '{parent}'")
    if constraint == "Symbolic_Association" and target in taken:
        yield Finding(mark.id, f"on tier '{name}' is a second child of '{target}' on a one-to-one tier")
    taken.add(target)
