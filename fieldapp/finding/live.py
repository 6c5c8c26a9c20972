"""Who else said this, asked while it is still being recorded; and whether it sounds like another item than the one that was shown. Any thread.

The radar is quiet by intention: it listens only to segments by other speakers so similar that, by this fieldbook's own pairs, such
pairs share a meaning more often than not. It speaks when at least two of the nearest such segments name another item and none the shown one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fieldapp.errors import NotThere
from fieldapp.finding.finder import Finder
from fieldapp.finding.modes import ask
from fieldapp.finding.question import Match, Question
from fieldapp.model import Query, SegmentId
from fieldapp.store.details import hits_of

SHOWN = 6
LOOKED_AT = 40
VOTERS = 5
"""The nearest such segments, which decide together."""
AGREEING = 2
SURE = 0.5


@dataclass(frozen=True, slots=True)
class Doubt:
    """The answer sounds like another item: what was shown, what was heard, and the segments that say so, the nearest first."""

    segment: SegmentId
    shown: str
    heard: str
    witnesses: tuple[Match, ...]

    @property
    def sentence(self) -> str:
        """What is told, with its basis."""
        reason = self.witnesses[0].reasons[0]
        if reason.basis is None:
            return f"This sounds like '{self.heard}', not '{self.shown}'."
        return f"This sounds like '{self.heard}', not '{self.shown}': {reason.basis.note}."


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What is near a segment in meaning: others' before one's own. `doubt` is there when the shown item was probably not the one that was said."""

    segment: SegmentId
    matches: tuple[Match, ...]
    doubt: Doubt | None = None


def neighbours(finder: Finder, segment: SegmentId, shown: str = "") -> Neighbours:
    """The nearest segments of the archive. `shown` is the meaning id of the prompt that was on the screen."""
    mine = hits_of(finder.store.reader(), [segment]).get(segment)
    try:
        near = ask(finder, Question(query=Query(mode="meaning", limit=LOOKED_AT), like=segment)).matches if mine else ()
    except NotThere:  # it got no vectors: too short, too noisy, or nothing was embedded yet
        near = ()
    if mine is None or not near:
        return Neighbours(segment, ())
    archive = [match for match in near if match.hit.recording != mine.recording]
    ordered = sorted(archive[: 2 * SHOWN], key=lambda match: (match.hit.variety == mine.variety, match.hit.speaker == mine.speaker))
    others = [match for match in near if match.hit.speaker != mine.speaker or not mine.speaker]
    return Neighbours(segment, tuple(ordered[:SHOWN]), doubt(segment, shown, others))


def doubt(segment: SegmentId, shown: str, near: Sequence[Match]) -> Doubt | None:
    """Whether the nearest segments by other speakers speak for another meaning than the one that was shown."""
    voters = [match for match in near if match.hit.meaning_id and _share(match) >= SURE][:VOTERS]
    if not shown or not voters:
        return None
    meanings = Counter(match.hit.meaning_id for match in voters)
    heard = voters[0].hit.meaning_id
    if shown in meanings or meanings[heard] < AGREEING:
        return None
    return Doubt(segment, shown, heard, tuple(match for match in voters if match.hit.meaning_id == heard))


def _share(match: Match) -> float:
    basis = match.reasons[0].basis
    return (basis.share or 0.0) if basis else 0.0
