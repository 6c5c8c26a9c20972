"""Live transcription without threads of its own: audio in, pending rows, partials and finals out. One thread at a time.

`hear` is cheap and must be told everything; every utterance that closes comes out at once as `Pending`, so that nothing
can be lost whatever happens later. `work` does at most one job and may take as long as the model takes: finals first,
then second looks, then a partial of what is being said, then what a quicker model did provisionally.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from fieldapp.model import Span
from fieldapp.speech.endpoints import WINDOW, Endpointer, EndpointRules
from fieldapp.speech.finals import FinalRules, Utterance, look, second_look, settled, wants_second_look
from fieldapp.speech.guards import Fault
from fieldapp.speech.ladder import FEWER_PARTIALS, NO_PARTIALS, QUICK_MODEL, RECORD_ONLY, Ladder, LadderRules
from fieldapp.speech.partials import Agreement, PartialRules, pause_between, window_of
from fieldapp.speech.recogniser import F32, RATE, Recogniser
from fieldapp.speech.tail import Tail
from fieldapp.speech.vad import VoiceActivity

BLOCK = RATE // 2  # longer pieces are heard in steps, so that the tail always reaches back far enough
KEPT_SECONDS = 120.0  # of waiting audio; beyond it is read again from the master when its turn comes
FOLLOW, QUICK_FIRST, FINALS_ONLY = "follow", "quick first", "finals only"
PATIENCE = 15.0  # seconds after which a second look no longer waits for a pause in the talk


@dataclass(frozen=True, slots=True)
class Pending:
    """An utterance closed: write a pending row. `number` counts from 0 and comes back with the final."""

    number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Final:
    """The text of a pending utterance. `provisional`: by the quicker model, another final will follow when there is time.

    `probabilities` say where in the span somebody spoke, one for 32 ms: vectors are made of those steps alone.
    """

    number: int
    span: Span
    utterance: Utterance
    provisional: bool
    delay: float
    probabilities: F32


@dataclass(frozen=True, slots=True)
class Partial:
    """What is being said, as far as heard; the `stable` beginning is likely to stay."""

    span: Span
    text: str
    stable: str
    delay: float


@dataclass(frozen=True, slots=True)
class Status:
    """For the status line: `level` is the ladder's, `lag` in seconds, `waiting` seconds of talk without text."""

    level: int
    lag: float
    waiting: float
    speaking: bool


@dataclass(frozen=True, slots=True)
class LiveRules:
    """All that can be set about live work.

    `pace`: the model follows the speaker; or the quicker one does, and the model reads again in pauses; or there are no partials.
    """

    endpoints: EndpointRules = field(default_factory=EndpointRules)
    finals: FinalRules = field(default_factory=FinalRules)
    partials: PartialRules = field(default_factory=PartialRules)
    ladder: LadderRules = field(default_factory=LadderRules)
    pace: str = FOLLOW


@dataclass(frozen=True, slots=True)
class _Job:
    number: int
    span: Span
    audio: F32 | None
    probabilities: F32
    first: Utterance | None = None
    since: float = 0.0


class Live:
    """One session. `clock` tells how many seconds were recorded by now, on the axis of the audio that is heard.

    `read_back` reads a span of the recording again; without it all waiting audio is kept in memory.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        rules: LiveRules,
        clock: Callable[[], float],
        *,
        quick: Recogniser | None = None,
        read_back: Callable[[Span], F32] | None = None,
    ) -> None:
        self._recogniser, self._quick = recogniser, quick
        self._rules, self._clock, self._read_back = rules, clock, read_back
        self._context = recogniser.manifest.live
        self._voice, self._endpoints, self._tail = VoiceActivity(), Endpointer(rules.endpoints), Tail(rules.endpoints.hard + 12.0)
        self._judged = Tail((rules.endpoints.hard + 12.0) / WINDOW)  # probabilities by window
        self._finals: deque[_Job] = deque()
        self._second_looks: deque[_Job] = deque()
        self._redo: deque[_Job] = deque()
        self._ladder = Ladder(rules.ladder)
        self._agreement = Agreement()
        self._last_partial = (-1e9, 0.0)  # when it began, what it cost
        self._count = 0
        self._ended = False

    @property
    def status(self) -> Status:
        """How far behind the text is."""
        waiting = sum(len(job.span) for job in (*self._finals, *self._second_looks)) / RATE
        return Status(self._ladder.level, self._lag(), waiting, self._speaking())

    @property
    def has_work(self) -> bool:
        """Whether `work` would find something to do, now or in the next pause."""
        return bool(self._finals or self._second_looks or self._redo)

    def hear(self, audio: F32) -> list[Pending]:
        """Take the next audio; what closed in it."""
        closed: list[Pending] = []
        for start in range(0, len(audio), BLOCK):
            block = audio[start : start + BLOCK]
            self._tail.push(block)
            closed += [self._pend(span) for span in self._judge(self._voice.push(block))]
        return closed

    def finish(self) -> list[Pending]:
        """The recording ended: what was still open closes. Work may go on."""
        spans = self._judge(self._voice.finish())
        last = self._endpoints.finish()
        self._ended = True
        return [self._pend(span) for span in [*spans, *([last] if last else [])]]

    def work(self) -> Final | Partial | None:
        """Do the one job that is most needed now; None when there is none, or nothing to tell of it (yet)."""
        level = self._ladder.update(self._lag(), self._last_partial[1], self._clock())
        if self._finals:
            return None if level >= RECORD_ONLY and self._speaking() else self._final(level)
        if self._second_looks and (not self._speaking() or self._clock() - self._second_looks[0].since > PATIENCE):
            job = self._second_looks.popleft()
            assert job.first is not None
            return self._told(job, second_look(self._recogniser, self._audio(job), self._rules.finals, job.first), provisional=False)
        if self._redo and not self._speaking():
            return self._look(self._redo.popleft(), self._recogniser, provisional=False)
        return self._partial(level) if self._partial_due(level) else None

    def step(self, audio: F32) -> Iterator[Pending | Final | Partial]:
        """Hear, then do one job."""
        yield from self.hear(audio)
        if done := self.work():
            yield done

    def catch_up(self) -> Iterator[Final]:
        """Everything that is left, oldest first; after `finish`."""
        while self.has_work:
            if isinstance(done := self.work(), Final):
                yield done

    def _judge(self, probabilities: F32) -> list[Span]:
        self._judged.push(probabilities)
        return self._endpoints.push(probabilities)

    def _pend(self, span: Span) -> Pending:
        windows = Span(span.start // WINDOW, min(-(-span.stop // WINDOW), self._judged.stop))
        span = Span(min(span.start, self._tail.stop), min(span.stop, self._tail.stop))
        pending = Pending(self._count, span)
        self._count += 1
        kept = sum(len(job.span) for job in self._finals if job.audio is not None) / RATE
        keep = self._read_back is None or kept < KEPT_SECONDS
        self._finals.append(_Job(pending.number, span, self._tail.read(span) if keep else None, self._judged.read(windows)))
        return pending

    def _final(self, level: int) -> Final | None:
        job = self._finals.popleft()
        if self._quick and (level >= QUICK_MODEL or self._rules.pace == QUICK_FIRST):
            self._redo.append(replace(job, audio=None) if self._read_back else job)
            return self._look(job, self._quick, provisional=True)
        return self._look(job, self._recogniser, provisional=False)

    def _look(self, job: _Job, recogniser: Recogniser, *, provisional: bool) -> Final | None:
        audio, rules = self._audio(job), self._rules.finals
        utterance = look(recogniser, audio, rules, recogniser.manifest.live)
        if not provisional and wants_second_look(utterance, rules, self._context):
            self._second_looks.append(replace(job, first=utterance, since=self._clock()))
            return None
        return self._told(job, utterance, provisional=provisional)

    def _told(self, job: _Job, utterance: Utterance, *, provisional: bool) -> Final:
        return Final(job.number, job.span, settled(utterance), provisional, self._clock() - job.span.stop / RATE, job.probabilities)

    def _partial_due(self, level: int) -> bool:
        rules, since = self._rules.partials, self._endpoints.open_since
        if (
            not rules.wanted
            or self._rules.pace == FINALS_ONLY
            or since is None
            or self._ended
            or level >= NO_PARTIALS
            or self._tail.stop - since < rules.least * RATE
        ):
            return False
        began, cost = self._last_partial
        return self._clock() - began >= pause_between(rules, cost, level >= FEWER_PARTIALS)

    def _partial(self, level: int) -> Partial | None:
        rules, began = self._rules.partials, self._clock()
        since = self._endpoints.open_since
        assert since is not None
        window = window_of(Span(since, self._tail.stop), rules.short_window if level >= FEWER_PARTIALS else rules.window)
        recogniser = self._quick if self._quick and self._rules.pace == QUICK_FIRST else self._recogniser
        utterance = look(recogniser, self._tail.read(window), replace(self._rules.finals, beam=1, words=False), recogniser.manifest.live)
        self._last_partial = (began, self._clock() - began)
        if utterance.fault & (Fault.SILENCE | Fault.LOOP | Fault.COMPRESSIBLE):
            return None
        return Partial(window, utterance.text, self._agreement.stable(window, utterance.text), self._clock() - window.stop / RATE)

    def _audio(self, job: _Job) -> F32:
        if job.audio is not None:
            return job.audio
        assert self._read_back is not None
        return self._read_back(job.span)

    def _speaking(self) -> bool:
        return self._endpoints.open_since is not None and not self._ended

    def _lag(self) -> float:
        return max(0.0, self._clock() - self._finals[0].span.stop / RATE) if self._finals else 0.0
