"""A session while it is recorded: keys get their frame and are durable at once, what is heard is watched, and nobody waits.

`press` and `look` may be called from any thread and return at once; everything else happens on the thread `session`, which owns the
hand on the recorder. When the recorder dies, a new one goes on as the next part of the same master; when this application dies, the
recorder goes on and `recovery.take_over` picks it up.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldapp.audio import protocol
from fieldapp.audio.client import NoRecorder, RecorderClient
from fieldapp.audio.quality import Notice, QualityMeter
from fieldapp.elicitation.events import Happening
from fieldapp.elicitation.sitting import Sitting, View
from fieldapp.errors import FieldError
from fieldapp.model import Event, EventId, Item, ItemId, Recording, RecordingId, Variety, new_id
from fieldapp.session.closing import Outcome, close_session
from fieldapp.session.plan import RECORDING, Plan, stem_of
from fieldapp.session.sound import Listener, Run
from fieldapp.store import people, sessions
from fieldapp.store.store import Store

if TYPE_CHECKING:
    from fieldapp.finding.finder import Finder
    from fieldapp.session.live_text import Engine, LiveText, TextLook
    from fieldapp.session.nearby import Nearby, NearbyLook

LOOK_SECONDS = 0.1
SETTLE_SECONDS = 1.0  # until a new recorder knows its own clock
_CATCH_UP_FRAMES = 1 << 18  # heard at most between two keys

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What a screen shows. `warnings` are those of the `notices` that still hold; `ended` says why recording stopped by itself, `lost` why the
    microphone is away; `failed` why nothing goes on. `text` is how far live text is, `nearby` who else said what was said last, if live text was asked for.
    """

    view: View
    frames: int = 0
    levels: dict[str, Any] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    warnings: tuple[Notice, ...] = ()
    ended: str = ""
    lost: str = ""
    failed: str = ""
    text: TextLook | None = None
    nearby: NearbyLook | None = None


@dataclass(frozen=True, slots=True)
class _Key:
    happenings: tuple[Happening, ...]
    moment: float
    frame: int | None = None
    end: bool = False


class RunningSession:
    """One session; made by `begin` or by `recovery.take_over`. End it with `stop`, or leave it to the recorder with `detach`."""

    def __init__(self, store: Store, client: RecorderClient, plan: Plan, sitting: Sitting, first_frame: int, runs: list[Run], source: dict[str, Any]) -> None:
        self.plan = plan
        self.first_frame = first_frame
        self._store, self._client, self._sitting, self._source = store, client, sitting, source
        self._runs = runs
        self._quality = QualityMeter(plan.master.rate, plan.master.channels)
        self._listener = Listener(runs, plan.master.rate, self._quality.push)
        self._keys: queue.SimpleQueue[_Key | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._last = -1
        self._text: LiveText | None = None
        self._nearby: Nearby | None = None
        self._clock = (protocol.now(), first_frame)
        self._look = Look(sitting.view)
        self._thread = threading.Thread(target=self._work, name="session")
        self._thread.start()

    @property
    def runs(self) -> tuple[Run, ...]:
        """Where the sound lies by now, for whoever reads behind the recorder."""
        return tuple(self._runs)

    @property
    def item(self) -> Item | None:
        """The prompt that is shown."""
        place = self.look().view.place
        return self.plan.items.get(self.plan.course.topics[place]) if place is not None else None

    @property
    def variety(self) -> Variety | None:
        """What is spoken, where somebody noted it; an answer aloud that translates is in another language."""
        course = self.plan.course
        noted = None if course.oral == sessions.TRANSLATION_ROLE else course.variety or self.plan.session.variety
        return people.variety(self._store.reader(), noted) if noted else None

    def press(self, key: str, text: str = "", frame: int | None = None, moment: float | None = None) -> list[str]:
        """A key, now (or at a moment of `protocol.now()`, or for scripts at a frame of the master); the kinds of what it made.

        It is stamped and written at once, elsewhere.
        """
        moment = protocol.now() if moment is None else moment
        with self._gate:
            made = tuple(self._sitting.press(key, text))
            if made:
                self._keys.put(_Key(made, moment, frame))
        return [happening.kind for happening in made]

    def look(self) -> Look:
        """How things are; as often as one likes."""
        with self._gate:
            text, nearby = self._text.look() if self._text else None, self._nearby.look() if self._nearby else None
            return replace(self._look, view=self._sitting.view, text=text, nearby=nearby)

    @property
    def text(self) -> LiveText | None:
        """The live text, if it was asked for."""
        return self._text

    def write_live(self, load: Callable[[], Engine], patience: float = 10.0, finder: Finder | None = None) -> None:
        """Have text made while recording and neighbours found; when it stops, what was said last is waited for so many seconds. All of it elsewhere.

        A `finder` that is open for the fieldbook already is used with its index; else the session makes its own.
        """
        from fieldapp.session.live_text import LiveText  # noqa: PLC0415  (recording alone loads no engine)
        from fieldapp.session.nearby import Nearby  # noqa: PLC0415

        self._nearby = Nearby(self._store, self.plan, finder)
        self._text = LiveText(self._store, self.plan, self._runs, load, patience, self._nearby.ask)

    def dismiss_doubt(self) -> None:
        """The person has seen that an answer sounds like another item, and knows better."""
        if self._nearby:
            self._nearby.dismiss()

    def stop(self, frame: int | None = None, progress: Callable[[float, str], None] = lambda _share, _doing: None) -> Outcome:
        """End the recording and make its segments."""
        moment = protocol.now()
        with self._gate:
            self._keys.put(_Key(tuple(self._sitting.end()), moment, frame, end=True))
        self._thread.join()
        if self._text:
            progress(0.2, "Writing what was said last")
            self._text.stop()
        if self._nearby:
            self._nearby.stop()
        progress(0.5, "Finding the takes")
        loudness = self._listener.meter.loudness()
        outcome = close_session(self._store, sessions.recording(self._store.reader(), self.plan.master.id), loudness)
        progress(1.0, f"{len(outcome.segments)} takes")
        return outcome

    def detach(self) -> None:
        """Leave; the recorder records on, and the next start finds the session."""
        self._keys.put(None)
        self._thread.join()
        self._client.close()
        if self._text:
            self._text.leave()
        if self._nearby:
            self._nearby.stop()

    # --- the session's own thread ---

    def _work(self) -> None:
        try:
            while True:
                key = self._next_key()
                if key is None:
                    return
                if key.happenings:
                    self._write(key)
                if key.end:
                    self._end()
                    return
        except Exception as trouble:
            log.exception("the session's thread ends")
            with self._gate:
                self._look = replace(self._look, failed=str(trouble))

    def _next_key(self) -> _Key | None:
        """The next key; meanwhile look and listen."""
        behind = False
        while True:
            try:
                return self._keys.get(timeout=0.001 if behind else LOOK_SECONDS)
            except queue.Empty:
                self._watch()
                behind = self._listener.hear(_CATCH_UP_FRAMES)

    def _write(self, key: _Key) -> None:
        frame = key.frame if key.frame is not None else self._frame_at(key.moment)
        self._last = max(frame, self._last + 1)
        events = [as_event(self.plan, happening, self._last) for happening in key.happenings]
        self._store.do(lambda tx: sessions.add_events(tx, events))

    def _frame_at(self, moment: float) -> int:
        """The frame of the master at that moment; by the last known pace while the recorder does not answer."""
        try:
            heard = self._client.mark(moment)
            return heard + self._runs[-1].offset if heard else self._look.frames  # 0: it has ended by itself
        except NoRecorder:
            known, frame = self._clock
            return frame + round((moment - known) * self.plan.master.rate)

    def _watch(self) -> None:
        try:
            levels = self._client.levels()
            now = protocol.now()
            ended, frames = "", int(levels.get("frames", 0))
            if levels.get("state") == RECORDING:
                self._clock = (now, self._client.mark(now) + self._runs[-1].offset)
            else:
                last = self._client.status().get("last", {})
                ended, frames = str(last.get("why") or "the recorder stopped"), int(last.get("frames", 0))
        except NoRecorder:
            self._revive()
            return
        with self._gate:
            frames, known = frames + self._runs[-1].offset, self._look
            quality, lost = self._quality, str(levels.get("lost") or "")
            self._look = replace(known, frames=max(frames, known.frames), levels=levels, ended=ended, lost=lost, notices=quality.told, warnings=quality.holding)

    def _revive(self) -> None:
        """The recorder is gone: another one goes on with the same microphone, as the next part."""
        self._client.close()
        if "source" in self._source:  # a file cannot go on where it was
            with self._gate:
                self._look = replace(self._look, ended="the recorder went away")
            return
        log.warning("the recorder went away; another one is started")
        try:
            self._client = RecorderClient.start_or_attach(self._store.folder)
            if self._client.status()["state"] == RECORDING:
                return
            arm(self._client, self._source)
            stem = self._runs[0].stem.with_name(f"{self._runs[0].stem.name}-again{len(self._runs)}")
            self._client.record(stem, bits=self.plan.master.bits, peaks=self._store.folder / "derived" / "peaks", reference=self.plan.master.id)
            time.sleep(SETTLE_SECONDS)
            moment = protocol.now()
            known, frame = self._clock
            self._listener.hear(1 << 40)
            offset = max(self._listener.meter.frames, frame + round((moment - known) * self.plan.master.rate) - self._client.mark(moment))
        except FieldError as trouble:
            with self._gate:
                self._look = replace(self._look, lost=f"The recorder ended and could not be started again: {trouble}")
            return
        row = replace(self.plan.master, id=RecordingId(new_id()), path=f"audio/{stem.name}.wav", master=self.plan.master.id, first_frame=offset, metadata={})
        self._store.do(lambda tx: sessions.add_recording(tx, replace(row, part=len(self._runs))))
        log.info("the session goes on at frame %d", offset)
        self._runs.append(Run(stem, offset))

    def _end(self) -> None:
        try:
            if self._client.status()["state"] == RECORDING:
                self._client.stop()
            self._client.bye()
        except FieldError as trouble:  # it ended by itself: what it wrote is there
            log.info("the recorder had ended: %s", trouble)
        finally:
            self._client.close()
        while self._listener.hear(_CATCH_UP_FRAMES):
            pass


def arm(client: RecorderClient, source: dict[str, Any]) -> dict[str, Any]:
    """Open the microphone, or the file in its place."""
    if "source" in source:
        return client.arm_file(Path(source["source"]), source.get("speed", 1.0))
    return client.arm(source.get("device"), rate=source.get("rate", 48_000), channels=source.get("channels", 1), pick=tuple(source.get("pick", ())))


def as_event(plan: Plan, happening: Happening, frame: int) -> Event:
    """A happening with its frame: about a prompt, or about a segment when segments are respoken."""
    topic, oral = happening.topic, bool(plan.course.oral)
    value = {**happening.value, "segment": topic} if oral and topic else dict(happening.value)
    item = ItemId(topic) if topic and not oral else None
    return Event(id=EventId(new_id()), recording=plan.master.id, frame=frame, kind=happening.kind, item=item, take=happening.take, value=value)


def begin(store: Store, client: RecorderClient, plan: Plan, source: dict[str, Any], *, preroll: float = 2.0, limit: int = 0) -> RunningSession:
    """Start recording into the planned master; the recorder must be armed. The first prompt is shown at the moment recording was asked for."""
    stem = store.folder / "audio" / stem_of(plan.master)
    begun = client.record(stem, bits=plan.master.bits, peaks=store.folder / "derived" / "peaks", preroll=preroll, limit=limit, reference=plan.master.id)
    sitting = Sitting(plan.course.topics)
    first = int(begun["preroll"])
    _open(store, plan, sitting, first)
    return RunningSession(store, client, plan, sitting, first, [Run(stem)], source)


def resumed(store: Store, client: RecorderClient, plan: Plan, rows: list[Recording], source: dict[str, Any]) -> RunningSession:
    """Take a running recording over: the state is what its events left."""
    events = sessions.events(store.reader(), plan.master.id)
    sitting = Sitting(plan.course.topics)
    if events:
        sitting.replay(events)
    else:  # the crash came before the first one
        _open(store, plan, sitting, 0)
    runs = [Run(store.folder / "audio" / stem_of(row), row.first_frame) for row in rows if row.state == RECORDING]
    first = next((event.frame for event in events if event.kind == "begin"), 0)
    return RunningSession(store, client, plan, sitting, first, runs, source)


def _open(store: Store, plan: Plan, sitting: Sitting, frame: int) -> None:
    events = [as_event(plan, happening, frame) for happening in sitting.begin()]
    store.do(lambda tx: sessions.add_events(tx, events))
