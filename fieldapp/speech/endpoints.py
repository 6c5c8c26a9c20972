"""Where an utterance begins and ends: speech probabilities in, closed spans out. Pure: no audio, no clock, no thread.

Spans come in order, never overlap, and hold every stretch that was taken for speech. A long utterance is cut at ever
shorter pauses, so that no span reaches the length where encoding becomes slow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from fieldapp.model import Span
from fieldapp.speech.recogniser import RATE

WINDOW = 512  # samples per probability: 32 ms


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """All thresholds of the endpointing; times in seconds.

    Speech starts with `start_windows` probabilities of at least `start` and ends after `silence` below `end`. Beyond
    `soft` a pause of `soft_silence` is enough, beyond `firm` any dip in the last `look_back`, at `hard` the cut comes anyway.
    """

    start: float = 0.5
    end: float = 0.35
    start_windows: int = 2
    silence: float = 0.5
    before: float = 0.3
    after: float = 0.2
    shortest: float = 0.25
    soft: float = 8.0
    soft_silence: float = 0.2
    firm: float = 15.0
    hard: float = 20.0
    look_back: float = 3.0


NORMAL = EndpointRules()
ELICITATION = replace(NORMAL, silence=0.7, shortest=0.12, start_windows=2)


class Endpointer:
    """The state machine. Positions are windows counted from the beginning of the audio."""

    def __init__(self, rules: EndpointRules = NORMAL) -> None:
        self._rules = rules
        self._at = 0  # windows seen
        self._rising = 0  # windows in a row that sound like a beginning
        self._begun: int | None = None  # first window of the open utterance
        self._quiet_since: int | None = None
        self._spoken = 0  # windows of speech in the open utterance
        self._continued = False  # the open utterance goes on from a cut
        self._free_from = 0  # samples before this belong to earlier spans
        self._recent: deque[tuple[float, int]] = deque(maxlen=max(1, _windows(rules.look_back)))

    @property
    def open_since(self) -> int | None:
        """The first sample of the utterance that is going on, or None while nobody speaks."""
        return None if self._begun is None else self._first_sample(self._begun)

    @property
    def position(self) -> int:
        """Samples judged so far."""
        return self._at * WINDOW

    def push(self, probabilities: Iterable[float]) -> list[Span]:
        """Take more probabilities in; the spans that closed."""
        return [span for probability in probabilities if (span := self._take(float(probability)))]

    def finish(self) -> Span | None:
        """The end of the audio: close what is open."""
        if self._begun is None:
            return None
        return self._close(self._at if self._quiet_since is None else self._quiet_since)

    def _take(self, probability: float) -> Span | None:
        here, self._at = self._at, self._at + 1
        if self._begun is None:
            self._rising = self._rising + 1 if probability >= self._rules.start else 0
            if self._rising < self._rules.start_windows:
                return None
            self._begin(here + 1 - self._rising, spoken=self._rising)
            return None
        self._recent.append((probability, here))
        if probability >= self._rules.start:
            self._quiet_since = None
            self._spoken += 1
        elif probability < self._rules.end and self._quiet_since is None:
            self._quiet_since = here
        return self._end_of_pause() or self._cut()

    def _begin(self, window: int, *, spoken: int = 0, continued: bool = False) -> None:
        self._begun, self._spoken, self._continued = window, spoken, continued
        self._rising, self._quiet_since = 0, None
        self._recent.clear()

    def _end_of_pause(self) -> Span | None:
        if self._begun is None or self._quiet_since is None:
            return None
        long = (self._at - self._begun) * WINDOW > self._rules.soft * RATE
        pause = self._rules.soft_silence if long else self._rules.silence
        return self._close(self._quiet_since) if (self._at - self._quiet_since) * WINDOW >= pause * RATE else None

    def _cut(self) -> Span | None:
        """Too long without a pause: cut where it is least like speech, and go on from there."""
        if self._begun is None:
            return None
        length = (self._at * WINDOW - self._first_sample(self._begun)) / RATE
        if length < self._rules.firm:
            return None
        lowest, window = min(self._recent)
        if lowest >= self._rules.start and length < self._rules.hard - WINDOW / RATE:
            return None
        span = Span(self._first_sample(self._begun), (window + 1) * WINDOW)
        later = [entry for entry in self._recent if entry[1] > window]
        self._free_from = span.stop
        self._begin(window + 1, spoken=sum(p >= self._rules.start for p, _ in later), continued=True)
        self._recent.extend(later)
        return span

    def _close(self, stop_window: int) -> Span | None:
        begun, self._begun = self._begun, None
        if begun is None or (self._spoken * WINDOW < self._rules.shortest * RATE and not (self._continued and self._spoken)):
            return None
        stop = min(stop_window * WINDOW + round(self._rules.after * RATE), self._at * WINDOW)
        span = Span(self._first_sample(begun), max(stop, self._first_sample(begun)))
        self._free_from = span.stop
        return span

    def _first_sample(self, window: int) -> int:
        return max(self._free_from, window * WINDOW - round(self._rules.before * RATE), 0)


def _windows(seconds: float) -> int:
    return int(seconds * RATE / WINDOW)
