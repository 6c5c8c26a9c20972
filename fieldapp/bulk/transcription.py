"""From stored recordings to draft texts and vectors in one fieldbook: listen for speech, write pending segments, make text.

Everything is committed as it is done, so a killed run goes on where it was. What a person wrote is never touched. Runs on
the caller's thread; the engine's workers are its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from fieldapp import __version__
from fieldapp.bulk.drafts import DETECTOR, LISTENED, WAITING, Drafts
from fieldapp.errors import AudioError
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.speech.bulk import cut, find_speech, transcribe_all
from fieldapp.speech.endpoints import EndpointRules
from fieldapp.speech.finals import FinalRules, Utterance
from fieldapp.speech.packing import Piece
from fieldapp.speech.recogniser import F32, RATE, Recogniser, at_rate
from fieldapp.speech.vad import VoiceActivity
from fieldapp.store import runs, segments
from fieldapp.store.rows import SEGMENT
from fieldapp.store.sessions import CONSENT_ROLE, TRANSLATION_ROLE, recordings
from fieldapp.store.sessions import sessions as all_sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

Sound = Callable[[Recording], Iterator[F32]]
"""The whole master of a recording as 16 kHz mono blocks."""
Progress = Callable[[float, str], None]
Work = Sequence[tuple[Recording, list[Segment]]]
"""Recordings with their segments that wait."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to do, with what: `only_pending` leaves recordings alone that nobody listened to yet, `batch` segments go through the model together.

    `languages` says what the model is told of each variety (its id); of others it is told what `finals` says.
    """

    finals: FinalRules
    endpoints: EndpointRules
    workers: int
    only_pending: bool = False
    batch: int = 1
    about: dict[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What was done: segments found, texts written, segments without text and why, sounds that could not be read, seconds of speech and of work."""

    found: int = 0
    texts: int = 0
    without_text: dict[str, int] = field(default_factory=dict)
    left_alone: int = 0
    troubles: list[str] = field(default_factory=list)
    speech_seconds: float = 0.0
    seconds: float = 0.0


def transcribe_fieldbook(store: Store, recogniser: Recogniser, sound: Sound, task: Task, progress: Progress) -> Outcome:
    """Listen to what nobody listened to, then give every pending segment its text and vectors. Cancelled keeps what is done."""
    outcome, began = Outcome(), time.monotonic()
    every = [recording for recording in recordings(store.reader()) if recording.master is None and recording.state != "recording"]
    masters = [recording for recording in every if recording.role != CONSENT_ROLE]
    if not task.only_pending:
        for master in masters:
            progress(-1.0, f"listening for speech in {master.path}")
            try:
                outcome.found += _listen(store, master, sound, task.endpoints)
            except AudioError as trouble:
                outcome.troubles.append(str(trouble))
    work = [(master, waiting) for master in masters if (waiting := list(_waiting(store, master, task.finals.task)))]
    total = sum(segment.span.seconds(master.rate) for master, waiting in work for segment in waiting)
    for language, part in _by_language(store, work, task).items():
        told = replace(task, finals=replace(task.finals, language=language))
        _Scribe(store, recogniser, told, outcome, progress, total).write_all(part, sound)
    outcome.seconds = time.monotonic() - began
    return outcome


def _by_language(store: Store, work: Work, task: Task) -> dict[str, Work]:
    """The same work, parted by what the model is told of the language."""
    varieties = {session.id: session.variety for session in all_sessions(store.reader())}
    parted: dict[str, dict[RecordingId, tuple[Recording, list[Segment]]]] = {}
    for master, waiting in work:
        for segment in waiting:
            variety = segment.variety or varieties.get(master.session)
            if master.role == TRANSLATION_ROLE:  # an answer aloud in another language
                variety = None
            language = task.languages.get(variety or "", task.finals.language)
            parted.setdefault(language, {}).setdefault(master.id, (master, []))[1].append(segment)
    return {language: list(masters.values()) for language, masters in parted.items()}


def _listen(store: Store, master: Recording, sound: Sound, rules: EndpointRules) -> int:
    """Pending segments for a recording that has none and was not listened to before; all of them or none."""
    if runs.was_run_on(store.reader(), LISTENED, master.id) or segments.segments(store.reader(), master.id):
        return 0
    spans = [at_rate(span, master.rate) for span in find_speech(sound(master), rules)]

    heard = partial(Segment, recording=master.id, speaker=master.metadata.get("speaker"), variety=master.metadata.get("variety"), source="machine:silero")

    def work(tx: Transaction) -> int:
        run = runs.begin_run(tx, LISTENED, __version__, {"recording": master.id, **DETECTOR})
        segments.add_segments(tx, [heard(id=SegmentId(new_id()), span=span) for span in spans])
        runs.end_run(tx, run, {"segments": len(spans)})
        return len(spans)

    return store.do(work)


def _waiting(store: Store, master: Recording, task: str) -> Iterator[Segment]:
    yield from SEGMENT.each(store.reader(), f"recording = ? AND {WAITING[task]} ORDER BY start", master.id)


class _Scribe:
    """Writes texts and vectors of one run, segment by segment."""

    def __init__(self, store: Store, recogniser: Recogniser, task: Task, outcome: Outcome, progress: Progress, total: float) -> None:
        self._store, self._recogniser, self._task = store, recogniser, task
        self._outcome, self._progress, self._total = outcome, progress, total
        self._began = time.monotonic()
        self._under_way: dict[str, tuple[Recording, Segment, F32]] = {}

    def write_all(self, work: Work, sound: Sound) -> None:
        """Make and store the text of every segment."""
        drafts = Drafts(self._store, self._recogniser, self._task.finals, self._task.about)
        task = self._task
        for key, utterance in transcribe_all(self._recogniser, self._pieces(work, sound), task.finals, workers=task.workers, batch=task.batch):
            master, segment, audio = self._under_way.pop(key)
            self._write(drafts, segment, utterance, audio)
            self._outcome.speech_seconds += segment.span.seconds(master.rate)
            self._tell()
        result = {"texts": self._outcome.texts, "without_text": self._outcome.without_text, "speech_seconds": self._outcome.speech_seconds}
        drafts.end(result)

    def _pieces(self, work: Work, sound: Sound) -> Iterator[Piece]:
        for master, waiting in work:
            spans = [Span(segment.span.start * RATE // master.rate, segment.span.stop * RATE // master.rate) for segment in waiting]
            try:
                for segment, audio in zip(waiting, cut(sound(master), spans)):
                    self._under_way[segment.id] = (master, segment, audio)
                    yield Piece(segment.id, audio)
            except AudioError as trouble:  # its other segments stay pending
                self._outcome.troubles.append(str(trouble))

    def _write(self, drafts: Drafts, segment: Segment, utterance: Utterance, audio: F32) -> None:
        if not drafts.write(segment, utterance, lambda: VoiceActivity().push(audio)):
            self._outcome.left_alone += 1
        elif utterance.text:
            self._outcome.texts += 1
        else:
            self._outcome.without_text[utterance.reason] = self._outcome.without_text.get(utterance.reason, 0) + 1

    def _tell(self) -> None:
        done, spent = self._outcome.speech_seconds, time.monotonic() - self._began
        left = (self._total - done) * spent / max(done, 1e-6)
        self._progress(min(1.0, done / max(self._total, 1e-6)), f"{done / 60:.1f} of {self._total / 60:.1f} min of speech, about {_duration(left)} left")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
