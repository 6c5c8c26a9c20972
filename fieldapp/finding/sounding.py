"""By sound: near sound vectors propose, frames decide, and the stretch that sounds alike is marked in frames of the master. Any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fieldapp.errors import NotThere
from fieldapp.finding import calibration
from fieldapp.finding.calibration import Calibration
from fieldapp.finding.finder import Finder
from fieldapp.finding.frames import Framed, Frames
from fieldapp.finding.likeness import Stretch, seqsim, stretches
from fieldapp.finding.look import Look, Near
from fieldapp.finding.question import Match, Question, Reason
from fieldapp.model import Hit, Space, Span

PROPOSED = 100
"""Segments whose frames are compared."""
COMPARED = 60
"""Labelled segments whose frames are compared with each other to learn what a likeness is worth."""


def sounding_alike(look: Look) -> list[Match]:
    """What sounds like the query or holds a stretch that does, best first."""
    space = look.finder.space("sound", look.question.heard)
    if space is None:
        raise NotThere("This fieldbook has no sound vectors the query could be compared with.", "Make them with: fieldapp embed DIR")
    proposed = look.near(space, look.finder.vector(space, look.question), max(PROPOSED, look.wanted))
    told = look.told(proposed.found, space)
    frames = look.finder.frames(space)
    asked, there = frames_asked(look.question, frames), frames.of_all(hit.segment for hit, _ in told)
    if asked is None or not there:
        return look.matches(proposed, "sound", lambda _hit: "its sound vector lies near the query's", look.finder.calibration(space))
    framed = [(hit, there[hit.segment]) for hit, _ in told if hit.segment in there]
    measure = look.finder.kept((space.id, "frames"), lambda: _calibration(look.finder, space, frames))
    found = sorted(zip(framed, alike(asked, [one for _, one in framed])), key=lambda pair: -pair[1].likeness)
    return [_match(hit, one, stretch, rank, space, measure) for rank, ((hit, one), stretch) in enumerate(found[: look.wanted], 1)]


def confirmed(look: Look, near: Near, count: int) -> Near:
    """The same segments, the first `count` in the order of SeqSim with the query; those without frames keep their places."""
    frames = look.finder.frames(near.space)
    asked = frames_asked(look.question, frames)
    if asked is None:
        return near
    there = frames.of_all(segment for segment, _ in near.found[:count])
    agree = {segment: seqsim(asked.frames @ one.frames.T) for segment, one in there.items()}
    ordered = iter(sorted((pair for pair in near.found[:count] if pair[0] in agree), key=lambda pair: -agree[pair[0]]))
    return Near(near.space, [next(ordered) if segment in agree else (segment, similarity) for segment, similarity in near.found])


def frames_asked(question: Question, frames: Frames) -> Framed | None:
    """The frames of the query: of the voice, or of the stored segment."""
    if question.heard is not None:
        return frames.ready(question.heard.embedded.kept)
    return frames.of(question.like) if question.like is not None else None


def alike(asked: Framed, candidates: Sequence[Framed]) -> list[Stretch]:
    """Where each candidate sounds like the query, and how much: SeqSim of the query with the stretch that alignment finds."""
    found = stretches(asked.frames, [one.frames for one in candidates])
    return [replace(stretch, likeness=_likeness(asked, one, stretch)) for one, stretch in zip(candidates, found)]


def _likeness(asked: Framed, one: Framed, stretch: Stretch) -> float:
    return seqsim(asked.frames @ one.frames[stretch.first : stretch.last + 1].T)


def _match(hit: Hit, framed: Framed, stretch: Stretch, rank: int, space: Space, measure: Calibration) -> Match:
    begin, end = bounds(framed, stretch)
    why = f"sounds like the query from {begin:.2f} to {end:.2f} s"
    reason = Reason(mode="sound", why=why, rank=rank, similarity=stretch.likeness, space=space, basis=measure.basis(stretch.likeness))
    return Match(hit=replace(hit, score=stretch.likeness), reasons=(reason,), stretch=within(hit, begin, end))


def bounds(framed: Framed, stretch: Stretch) -> tuple[float, float]:
    """When a stretch begins and ends, in seconds from the start of its utterance."""
    return float(framed.seconds[stretch.first]), float(framed.seconds[stretch.last]) + framed.step


def within(hit: Hit, begin: float, end: float) -> Span:
    """Seconds of a hit in frames of its master."""
    first = min(hit.span.start + round(begin * hit.rate), hit.span.stop)
    return Span(first, max(first, min(hit.span.start + round(end * hit.rate), hit.span.stop)))


def _calibration(finder: Finder, space: Space, frames: Frames) -> Calibration:
    """How often labelled segments that sound so alike share a meaning."""
    some = calibration.labelled(finder.store.reader(), space, COMPARED)
    there = frames.of_all(some.segments)
    kept = [place for place, segment in enumerate(some.segments) if segment in there]
    chosen = some.chosen(kept)
    framed = [there[segment] for segment in chosen.segments]
    likenesses = np.zeros((len(framed), len(framed)), np.float32)
    for place, one in enumerate(framed):
        likenesses[place, place + 1 :] = [found.likeness for found in alike(one, framed[place + 1 :])]
    return calibration.calibrate(likenesses, chosen)
