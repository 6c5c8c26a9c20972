"""From events and loudness to takes: which answer lies where. A pure function; the same input gives the same takes on every machine.

Every kept take has exactly one span, inside its prompt (see `boundaries` for what that means to the frame), in the order of time, none
overlapping another. Nothing is deleted by a redo: it is a take like any other. The best take of a prompt is the one a person marked, else the last
first answer in which something was heard (second answers and alternative pronunciations come after those), else the last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from fieldapp.elicitation.boundaries import Limits, Rules, place_boundaries
from fieldapp.elicitation.events import GAP
from fieldapp.elicitation.loudness import Loudness
from fieldapp.elicitation.turns import Attempt, read_turns
from fieldapp.model import Event, Span

RULES = Rules()
_UTTERANCE_PAUSE_SECONDS, _UTTERANCE_SECONDS = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Taken:
    """One kept take. `turn` is where it may lie, `span` where it lies, `speech` what was heard in it (None: nothing)."""

    topic: str
    take: int
    span: Span
    turn: Span
    speech: Span | None
    answer: str = ""
    best: bool = False
    gap: bool = False
    marks: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()


def derive_takes(events: Iterable[Event], loudness: Loudness, rate: int, rules: Rules = RULES) -> list[Taken]:
    """Every kept take of a master, in the order of time. `loudness` covers the whole master, gaps as silence."""
    happened = list(events)
    limits, speech = Limits.of(rules, rate), loudness.speech()
    turns = read_turns(happened, loudness.frames)
    if not turns:
        return []
    edges = [0, *place_boundaries(turns, speech, loudness, limits), loudness.frames]
    pieces: dict[int, tuple[Attempt, list[Span]]] = {}
    for turn, (start, stop) in zip(turns, pairwise(edges), strict=True):
        if turn.attempt is not None and turn.wanted:
            pieces.setdefault(id(turn.attempt), (turn.attempt, []))[1].append(Span(start, stop))
    found = [_taken(attempt, places, speech, limits) for attempt, places in pieces.values()]
    numbered = _numbered([(attempt, taken) for attempt, taken in found if attempt.kept or taken.speech], _gaps(happened))
    return _with_best(numbered)


def utterances(loudness: Loudness, rate: int) -> list[Span]:
    """What was said in a recording without prompts: stretches of speech, joined over short pauses, none too long for a reader."""
    air = Limits.of(RULES, rate)
    joined: list[Span] = []
    for stretch in loudness.speech():
        if joined and stretch.start - joined[-1].stop < _UTTERANCE_PAUSE_SECONDS * rate and stretch.stop - joined[-1].start < _UTTERANCE_SECONDS * rate:
            joined[-1] = Span(joined[-1].start, stretch.stop)
        else:
            joined.append(stretch)
    if not joined:
        return []
    edges = [0, *((one.stop + other.start) // 2 for one, other in pairwise(joined)), loudness.frames]
    return [Span(max(low, one.start - air.before), min(high, one.stop + air.after)) for one, (low, high) in zip(joined, pairwise(edges), strict=True)]


def _taken(attempt: Attempt, places: Sequence[Span], speech: Sequence[Span], limits: Limits) -> tuple[Attempt, Taken]:
    """An attempt's answer: in the last of its places where somebody spoke, with some air around it."""
    heard, turn = None, places[-1]
    for place in reversed(places):
        inside = [part for part in _within(speech, place) if len(part) >= limits.slack] or None
        if inside:
            heard, turn = Span(inside[0].start, inside[-1].stop), place
            break
    span = Span(max(turn.start, heard.start - limits.before), min(turn.stop, heard.stop + limits.after)) if heard else turn
    return attempt, Taken(attempt.topic, 0, span, turn, heard, attempt.answer, attempt.best, False, tuple(attempt.marks), tuple(attempt.remarks))


def _within(speech: Sequence[Span], place: Span) -> list[Span]:
    first = bisect_right(speech, place.start, key=lambda stretch: stretch.stop)
    found = []
    for stretch in speech[first:]:
        if stretch.start >= place.stop:
            break
        part = stretch.clip(place)
        if part:
            found.append(part)
    return found


def _numbered(found: Sequence[tuple[Attempt, Taken]], gaps: Sequence[Span]) -> list[Taken]:
    counts: Counter[str] = Counter()
    numbered = []
    for _, taken in sorted(found, key=lambda pair: pair[1].span):
        counts[taken.topic] += 1
        numbered.append(replace(taken, take=counts[taken.topic], gap=any(taken.span.overlaps(gap) for gap in gaps)))
    return numbered


def _gaps(events: Iterable[Event]) -> list[Span]:
    return [Span(event.frame, event.frame + max(1, int(event.value.get("frames") or 0))) for event in events if event.kind == GAP and event.frame >= 0]


def _with_best(takes: Sequence[Taken]) -> list[Taken]:
    of_topic: dict[str, list[int]] = defaultdict(list)
    for number, taken in enumerate(takes):
        of_topic[taken.topic].append(number)
    best = {max(numbers, key=lambda n: (takes[n].best, takes[n].speech is not None, not takes[n].answer, n)) for numbers in of_topic.values()}
    return [replace(taken, best=number in best) for number, taken in enumerate(takes)]
