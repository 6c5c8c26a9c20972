"""What Praat opens without a word and other programs refuse or misread: gaps, overlaps, empty intervals, tiers of unequal length.

Works on parsed tiers, so that the same rules hold for a file that was read and for one that is about to be written.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from fieldapp.corpus.validate import Finding


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a tier in seconds, exactly as written; a point has no length."""

    start: Decimal
    stop: Decimal
    label: str


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of a TextGrid."""

    name: str
    start: Decimal
    stop: Decimal
    intervals: list[Interval] = field(default_factory=list)
    points: bool = False


def textgrid_findings(tiers: Sequence[Tier]) -> Iterator[Finding]:
    """Every rule that is broken, tier by tier."""
    for name, number in Counter(tier.name for tier in tiers).items():
        if number > 1:
            yield Finding(name or "a tier without a name", f"{number} tiers have this name")
    for tier in tiers:
        if (tier.start, tier.stop) != (tiers[0].start, tiers[0].stop):
            yield Finding(tier.name, "begins or ends elsewhere than the first tier")
        yield from _point_findings(tier) if tier.points else _interval_findings(tier)


def _point_findings(tier: Tier) -> Iterator[Finding]:
    for before, after in itertools.pairwise(tier.intervals):
        if after.start <= before.start:
            yield Finding(tier.name, f"the point at {after.start} s does not come after the one at {before.start} s")


def _interval_findings(tier: Tier) -> Iterator[Finding]:
    at = tier.start
    for interval in tier.intervals:
        if interval.stop <= interval.start:
            yield Finding(tier.name, f"the interval at {interval.start} s has no length")
        if interval.start > at:
            yield Finding(tier.name, f"nothing stands between {at} s and {interval.start} s; intervals have to touch")
        elif interval.start < at:
            yield Finding(tier.name, f"the interval at {interval.start} s begins before the one before it ends at {at} s")
        at = max(at, interval.stop)
    if at < tier.stop:
        yield Finding(tier.name, f"nothing stands between {at} s and the end at {tier.stop} s")
    elif at > tier.stop:
        yield Finding(tier.name, f"runs beyond its end at {tier.stop} s, to {at} s")
