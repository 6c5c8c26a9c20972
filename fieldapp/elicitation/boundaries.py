"""Where one answer ends and the next begins, near the key between them. Pure.

A key says *about* when a prompt changed: a speaker who knows what comes may begin up to `early` before it, one who is slow may end up
to `late` after it. Within these limits the boundary goes into the quiet between the two answers; where nobody was quiet, into the
quietest place. It never leaves the limits, so no answer can wander to another prompt.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fieldapp.elicitation.loudness import Loudness
from fieldapp.elicitation.turns import Turn
from fieldapp.model import Span

_TOUCH_SLACKS = 2.5  # a stretch that ended so many slacks (of 20 ms) before the key still counts as sounding at it
_DIP_DB = 8.0  # a dip this deep in a stretch may be the border between two answers


@dataclass(frozen=True, slots=True)
class Rules:
    """Tolerances in seconds. `before` and `after` are the air left around an answer, so that a soft onset is never cut."""

    early: float = 0.3
    late: float = 0.3
    before: float = 0.1
    after: float = 0.15


@dataclass(frozen=True, slots=True)
class Limits:
    """The same in frames; `slack` allows for the grid of the loudness and the jitter of a key's stamp."""

    early: int
    late: int
    before: int
    after: int
    slack: int

    @classmethod
    def of(cls, rules: Rules, rate: int) -> Limits:
        early, late, before, after = (round(seconds * rate) for seconds in (rules.early, rules.late, rules.before, rules.after))
        return cls(early, late, before, after, round(0.02 * rate))

    @property
    def earliest(self) -> int:
        """How far before its key a turn may begin at most, air included."""
        return self.early + self.slack + self.before


def place_boundaries(turns: Sequence[Turn], speech: Sequence[Span], loudness: Loudness, limits: Limits) -> list[int]:
    """The frame at which each turn but the first really begins, strictly rising."""
    near = _Surroundings(speech, loudness, limits)
    found: list[int] = []
    for before, after in pairwise(turns):
        last = found[-1] if found else before.start
        low = max(after.start - limits.earliest, last + 1)
        high = after.start + min(limits.late, (after.stop - after.start) // 2)
        found.append(min(max(near.between(before, after, last, low, high), low), high))
    return found


class _Surroundings:
    """What is heard, and the choice of a boundary in it."""

    def __init__(self, speech: Sequence[Span], loudness: Loudness, limits: Limits) -> None:
        self._speech, self._loudness, self._limits = speech, loudness, limits
        self._starts = [stretch.start for stretch in speech]
        self._stops = [stretch.stop for stretch in speech]

    def between(self, before: Turn, after: Turn, last: int, low: int, high: int) -> int:
        """The boundary of two turns: in the quiet around the key, in the quiet before an early answer, after a late one, or in a dip."""
        key = after.start
        here = bisect_right(self._stops, key - round(_TOUCH_SLACKS * self._limits.slack))  # the first stretch that sounds at the key or begins after it
        old_other = here > 0 and self._stops[here - 1] > last
        if here < len(self._speech) and self._starts[here] < key:
            sure = after.stop - self._limits.early - self._limits.slack  # what begins later may answer the prompt after that
            new_other = here + 1 < len(self._speech) and self._starts[here + 1] < sure
            if self._young(here, key) and not (before.answered and (not after.answered or (new_other and not old_other))):
                return self._quiet_before(here, key, last, after.stop)
            return self._end_of_old(here, key, last, low, high, whole=new_other or not after.answered, stop=after.stop)
        new_any = here < len(self._speech) and self._starts[here] < after.stop
        if old_other and self._young(here - 1, key) and after.answered and not new_any:
            old_more = here > 1 and self._stops[here - 2] > last
            if old_more or not before.answered:
                return self._quiet_before(here - 1, key, last, after.stop)
        return self._quiet_before(here, key, last, after.stop)

    def _young(self, number: int, key: int) -> bool:
        """Whether a stretch began so shortly before the key that it can be the answer to what comes after it."""
        return self._starts[number] >= key - self._limits.early - self._limits.slack

    def _end_of_old(self, number: int, key: int, last: int, low: int, high: int, *, whole: bool, stop: int) -> int:
        """The stretch at the key is the end of the old answer, unless it holds the new one too."""
        begins, ends = self._starts[number], self._stops[number]
        if ends <= high and whole:
            return self._quiet_before(number + 1, key, last, stop)
        for first, final in ((max(low, begins), key), (key, min(high, ends))):  # before it first: what comes after a prompt needs time to be read
            dip, depth = self._loudness.quietest(first, final, key)
            if depth >= _DIP_DB:
                return dip
        return self._quiet_before(number + 1, key, last, stop) if ends <= high else key

    def _quiet_before(self, number: int, key: int, last: int, end: int) -> int:
        """A place in the quiet before this stretch, as near to the key as the air around both answers allows."""
        air_after, air_before = self._limits.after, self._limits.before
        quiet = max(last, self._stops[number - 1]) if number > 0 else last - air_after
        sounds = self._starts[number] if number < len(self._starts) and self._starts[number] < end else end + air_before
        if sounds - quiet < air_after + air_before:
            return quiet + (sounds - quiet) * air_after // (air_after + air_before)
        return min(max(key, quiet + air_after), sounds - air_before)
