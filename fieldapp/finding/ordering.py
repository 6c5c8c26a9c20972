"""The order of answers: several rankings as one, answers spread over speakers or varieties, the asked meaning first or left out. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fieldapp.finding.calibration import SAME_TEXT
from fieldapp.finding.question import EXCLUDE, FIRST, Match
from fieldapp.model import SegmentId

FUSION = 60
"""The constant of reciprocal-rank fusion: how little the first places of one ranking weigh against agreement of several."""
UNKNOWN, LEAST = 0.5, 0.05


def fuse(rankings: Sequence[Sequence[Match]]) -> list[Match]:
    """One ranking of several, by the sum of worth / (60 + rank); a match keeps all its reasons, its text marks and its stretch."""
    scores: defaultdict[SegmentId, float] = defaultdict(float)
    merged: dict[SegmentId, Match] = {}
    for ranking in rankings:
        for place, match in enumerate(ranking, 1):
            identity = match.hit.segment
            scores[identity] += worth(match) / (FUSION + place)
            known = merged.get(identity)
            if known is not None:
                hit = known.hit if known.hit.marks else match.hit
                match = Match(hit=hit, reasons=(*known.reasons, *match.reasons), stretch=known.stretch or match.stretch)
            merged[identity] = match
    ordered = sorted(merged.values(), key=lambda match: (-scores[match.hit.segment], match.hit.segment))
    return [replace(match, hit=replace(match.hit, score=scores[match.hit.segment])) for match in ordered]


def worth(match: Match) -> float:
    """How much a place in one ranking counts: words fully, a similarity by the share of pairs it has meant something for, an unknown one half.

    A text that is the very words of the query counts fully, too: pairs of the same text are left out where similarities are measured.
    """
    reason = match.reasons[-1]
    if reason.space is None or (reason.space.kind.startswith("text:") and (reason.similarity or 0.0) >= SAME_TEXT):
        return 1.0
    share = reason.basis.share if reason.basis else None
    return UNKNOWN if share is None else max(LEAST, share)


def by_meaning(matches: Iterable[Match], meaning: str, wish: str) -> list[Match]:
    """The matches with a meaning first, or without them; else as they are."""
    matches = list(matches)
    if not meaning or wish not in (FIRST, EXCLUDE):
        return matches
    same = [match for match in matches if match.hit.meaning_id == meaning]
    others = [match for match in matches if match.hit.meaning_id != meaning]
    return [*same, *others] if wish == FIRST else others


def spread(matches: Sequence[Match], by: str) -> list[Match]:
    """The best of every speaker (or variety) first, then everybody's second best, and so on."""
    if not by:
        return list(matches)
    seen: Counter[str] = Counter()
    rounds = []
    for match in matches:
        whose = getattr(match.hit, by) or match.hit.segment  # nobody named is nobody's neighbour
        seen[whose] += 1
        rounds.append(seen[whose])
    return [match for _, match in sorted(zip(rounds, matches), key=lambda pair: pair[0])]


def numbered(matches: Sequence[Match]) -> tuple[Match, ...]:
    """With their place in the hits, from 0, and what each was found by in words."""
    return tuple(replace(match, hit=replace(match.hit, rank=place, why="; ".join(r.why for r in match.reasons))) for place, match in enumerate(matches))
