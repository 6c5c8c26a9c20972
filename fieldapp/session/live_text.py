"""Text while somebody speaks: hears the master behind the recorder and keeps pending rows, then their drafts. A thread of its own.

The thread `live text` loads the model, listens, writes and waits for nobody; nobody waits for it but `stop`, and that only for so long. What it
does not get done stays as pending rows, what it did not even hear is found when the session closes. `look` and `said` may be called from any thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fieldapp import __version__
from fieldapp.bulk.drafts import DETECTOR, LISTENED, Drafts
from fieldapp.cores import give_way, step_back
from fieldapp.errors import FieldError
from fieldapp.model import RunId, Segment, SegmentId, Span, new_id
from fieldapp.session.ear import Ear
from fieldapp.session.plan import RECORDING, Plan
from fieldapp.session.sound import Run
from fieldapp.speech.live import Final, Live, LiveRules, Partial, Pending
from fieldapp.speech.recogniser import Recogniser
from fieldapp.store import runs, segments, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

HEARD = "machine:silero"
FAILURES = 3  # in a row, then the model is left alone
SOON_SECONDS = 1.0  # sound not heard yet is on its way
LEAVE_SECONDS = 1.0  # a window that closes waits no longer
_STEP_SECONDS = 10.0  # heard at most between two jobs of the model
_PAUSE_SECONDS = 0.05
_SHOWN = 6

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Engine:
    """A loaded model and how it is used; `quick` drafts where the model cannot keep up, `note` says so."""

    recogniser: Recogniser
    rules: LiveRules
    device: str = ""
    quick: Recogniser | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A draft: where on the master, what."""

    segment: SegmentId
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class TextLook:
    """What a screen shows. `stable` is the beginning of `partial` that is likely to stay; `waiting` counts rows without text, `lag` is in seconds.

    `sentence` says why no text comes, if none does.
    """

    finals: tuple[Said, ...] = ()
    partial: str = ""
    stable: str = ""
    lag: float = 0.0
    level: int = 0
    waiting: int = 0
    sentence: str = "The model is being loaded."


class LiveText:
    """One session's. `load` is called on its own thread, so that not even a large or broken model holds anybody up; `written` is told of each draft."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        parts: Sequence[Run],
        load: Callable[[], Engine],
        patience: float,
        written: Callable[[Segment], None] = lambda _: None,
    ) -> None:
        self._store, self._plan, self._runs, self._load, self._patience, self._written = store, plan, parts, load, patience, written
        self._gate = threading.Lock()
        self._look = TextLook()
        self._said: list[Said] = []
        self._rows: dict[int, Segment] = {}
        self._again: dict[int, Segment] = {}  # rows with a provisional draft
        self._over = threading.Event()  # no more sound will come
        self._given_up = threading.Event()
        self._hears_the_rest = threading.Event()
        self._deadline = 0.0
        self._failures = 0
        self._thread = threading.Thread(target=self._work, name="live text")
        self._thread.start()

    def look(self) -> TextLook:
        """How things are; as often as one likes."""
        with self._gate:
            return self._look

    def said(self, after: int = 0) -> list[Said]:
        """Every draft so far, in the order in which they were made, without the first `after`."""
        with self._gate:
            return self._said[after:]

    def stop(self) -> None:
        """The recording is over: have everything heard, and wait a while for text. A model that does not come back is left alone."""
        self._deadline = time.monotonic() + self._patience
        self._over.set()
        while self._thread.is_alive() and (time.monotonic() < self._deadline or self._hears_the_rest.is_set()):
            self._thread.join(0.1)
        self._given_up.set()

    def leave(self) -> None:
        """End at the next chance; whoever takes the session over goes on from the last row."""
        self._given_up.set()
        self._over.set()
        self._thread.join(LEAVE_SECONDS)

    # --- its own thread ---

    def _work(self) -> None:
        step_back()
        try:
            engine = self._load()
            if not self._given_up.is_set():
                self._tell(sentence=engine.note)
                self._follow(engine)
        except FieldError as trouble:
            log.warning("no live text: %s", trouble)
            self._tell(sentence=f"No live text: {trouble}")
        except Exception as trouble:
            log.exception("the live text ends")
            self._tell(sentence=f"No live text: {trouble}")

    def _follow(self, engine: Engine) -> None:
        known = segments.segments(self._store.reader(), self._plan.master.id)
        ear = Ear(self._runs, self._plan.master.rate, max((row.span.stop for row in known), default=0))
        live = Live(engine.recogniser, engine.rules, ear.seconds, quick=engine.quick, read_back=ear.read_back)
        about = {"live": True, "recording": self._plan.master.id, "device": engine.device}
        drafts = Drafts(self._store, engine.recogniser, engine.rules.finals, about)
        listening = self._store.do(lambda tx: runs.begin_run(tx, LISTENED, __version__, {"recording": self._plan.master.id, **DETECTOR}))
        while not self._over.is_set():
            give_way()
            heard = ear.hear(_STEP_SECONDS)
            self._keep(live.hear(heard), ear)
            if not self._do_a_job(live, drafts, ear) and not len(heard):
                self._over.wait(_PAUSE_SECONDS)
        if self._given_up.is_set():
            return
        self._hear_the_rest(live, ear, listening)
        while live.has_work and self._failures < FAILURES and not self._given_up.is_set() and time.monotonic() < self._deadline:
            self._do_a_job(live, drafts, ear)
        self._tell(partial="", stable="")
        drafts.end({"texts": len({said.segment for said in self._said}), "waiting": len(self._rows)})

    def _hear_the_rest(self, live: Live, ear: Ear, listening: RunId) -> None:
        self._hears_the_rest.set()
        try:
            while ear.behind:
                self._keep(live.hear(ear.hear(_STEP_SECONDS)), ear)
            self._keep([*live.hear(ear.finish()), *live.finish()], ear)
            self._store.do(lambda tx: runs.end_run(tx, listening, {"live": True}))
        finally:
            self._hears_the_rest.clear()

    def _keep(self, closed: Sequence[Pending], ear: Ear) -> None:
        """Rows for what was said, before any text."""
        course, master = self._plan.course, self._plan.master.id
        made = {
            pending.number: Segment(
                id=SegmentId(new_id()), recording=master, span=ear.in_frames(pending.span), speaker=course.speaker, variety=course.variety, source=HEARD
            )
            for pending in closed
        }

        def work(tx: Transaction) -> bool:
            if sessions.recording(tx.db, master).state != RECORDING:
                return False  # the session was closed without this thread
            segments.add_segments(tx, made.values())
            return True

        if made:
            kept = self._store.do(work)
            self._rows |= made if kept else {}

    def _do_a_job(self, live: Live, drafts: Drafts, ear: Ear) -> bool:
        """One job of the model, if it is well; whether it told something."""
        if self._failures >= FAILURES:
            self._tell(waiting=len(self._rows))
            return False
        try:
            done = live.work()
        except Exception as trouble:
            log.exception("the model failed")
            self._failures += 1
            self._tell(sentence=f"The model fails ({trouble}). The sound is recorded; 'fieldapp transcribe' writes the text later.")
            return True
        if isinstance(done, Final):
            self._write(done, drafts)
        elif isinstance(done, Partial):
            self._tell(partial=done.text, stable=done.stable)
        self._tell_how_late(live, done.delay if done else 0.0, ear)
        return done is not None

    def _tell_how_late(self, live: Live, delay: float, ear: Ear) -> None:
        """As late as what was told last, or as what is still to be told; nothing to tell is not late."""
        status, unheard = live.status, ear.behind / self._plan.master.rate
        last = delay or (self.look().lag if status.speaking or live.has_work else 0.0)
        late = max(last, status.lag, unheard if unheard > SOON_SECONDS else 0.0)
        self._tell(lag=late, level=status.level, waiting=len(self._rows))

    def _write(self, final: Final, drafts: Drafts) -> None:
        self._failures = 0
        row = self._rows.pop(final.number, None) or self._again.pop(final.number, None)
        if row is None:
            return
        text = final.utterance.text
        self._tell(partial=text, stable=text)  # seen at once, as not finished: keeping it may have to wait for somebody else's writing
        if final.provisional:
            kept = drafts.write_provisional(row, final.utterance)
            (self._again if kept else self._rows)[final.number] = row
        else:
            kept = drafts.write(row, final.utterance, lambda: final.probabilities)
        if not kept:
            self._tell(partial="", stable="")
            return
        if text:
            with self._gate:
                self._said.append(Said(row.id, row.span, text))
        latest = {said.segment: said for said in self._said[-2 * _SHOWN :]}  # what was read again takes the place of its first reading
        self._tell(sentence="", partial="", stable="", finals=tuple(latest.values())[-_SHOWN:])
        if not final.provisional:
            self._written(row)

    def _tell(self, **news: object) -> None:
        with self._gate:
            self._look = replace(self._look, **news)  # type: ignore[arg-type]
