"""Text of an utterance that is still going on: which stretch to look at, when, and how much of it two looks agree on. Pure.

Partials are disposable: they are shown in grey, never stored, and never stand in the way of a final.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from fieldapp.model import Span
from fieldapp.speech.recogniser import RATE


@dataclass(frozen=True, slots=True)
class PartialRules:
    """The window of a partial and how often one may come; seconds. `short_window` is for a machine that lags."""

    wanted: bool = True
    window: float = 8.0
    short_window: float = 5.0
    interval: float = 1.0
    share: float = 0.5
    least: float = 0.6


def window_of(utterance: Span, seconds: float) -> Span:
    """The end of an utterance in at most `seconds`. It hops by halves, so that successive looks begin at the same place."""
    hop = round(seconds / 2 * RATE)
    over = len(utterance) - round(seconds * RATE)
    return Span(utterance.start + hop * max(0, math.ceil(over / hop)), utterance.stop)


def pause_between(rules: PartialRules, last_cost: float, slowed: bool) -> float:
    """Seconds from the beginning of one partial to the next: they take no more than their share of the worker."""
    return max(rules.interval, last_cost / rules.share) * (2 if slowed else 1)


class Agreement:
    """What two successive looks at the same stretch have in common is likely to stay."""

    def __init__(self) -> None:
        self._begin = -1
        self._last = ""

    def stable(self, window: Span, text: str) -> str:
        """The beginning of `text` that the look before agrees with, up to a word's end where words are spaced."""
        before, self._last = (self._last if window.start == self._begin else ""), text
        self._begin = window.start
        common = "".join(now for now, earlier in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(text, before)))
        if " " not in text or len(common) == len(text) or text[len(common)].isspace():
            return common
        return common[: common.rfind(" ") + 1].rstrip()
