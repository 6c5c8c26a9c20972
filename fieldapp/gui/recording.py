"""A recording session for the window: everything that may take a moment happens on threads, the page only asks and looks.

One at a time. The sound itself is in the recorder's process; if the window dies, the recorder goes on, and the next window
finds it here as `unfinished`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PySide6.QtCore import QObject, Signal

from fieldapp import paths
from fieldapp.audio.client import RecorderClient
from fieldapp.audio.quality import wrong_microphone
from fieldapp.audio.render import Clip
from fieldapp.commands.engine import has_model, live_engine
from fieldapp.errors import AudioError
from fieldapp.gui.desk import Desk, Recorded
from fieldapp.gui.growing_sound import GrowingSound
from fieldapp.gui.widgets.timeline import clock
from fieldapp.gui.words import say, tell
from fieldapp.model import Item
from fieldapp.prompts import read_prompts
from fieldapp.session import oral, recovery, running
from fieldapp.session import plan as planning
from fieldapp.session.closing import Outcome
from fieldapp.session.own_answer import last_answer
from fieldapp.session.plan import Plan
from fieldapp.session.running import Look, RunningSession
from fieldapp.store import segments
from fieldapp.store.store import Store

LAG_TOLD_S = 1.0
EARLY_S = 0.2  # an answer aloud may begin so long before its key
PROMPT_LISTS = ("swadesh-100", "leipzig-jakarta-100")
"""Lists that come with Fieldapp."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person chose before pressing record; `device` empty means the system's own."""

    speaker: str = ""
    variety: str = ""
    prompts: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class _Begun:
    session: RunningSession
    sentences: tuple[str, ...]


class Recording(QObject):
    """The session that is being recorded, if any."""

    changed = Signal()
    ended = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self.session: RunningSession | None = None
        self.busy = False
        self._aside: TemporaryDirectory[str] | None = None
        """Where the speaker's last answer lies while it is played to them."""

    def start(self, wanted: Wanted) -> None:
        """Open the microphone and record. Trouble is said; nothing is left half made."""
        self._begin(lambda: self._started(wanted))

    def annotate(self, targets: Sequence[str], kind: str, speaker: str) -> None:
        """Record answers to stored segments: careful speech or spoken translation."""
        self._begin(lambda: self._annotated(targets, kind, speaker))

    def take_over(self) -> None:
        """Go on with what a recorder of this fieldbook is recording."""
        self._begin(lambda: _Begun(self._with_text(recovery.take_over(self._store, "window")), ()))

    def left_behind(self) -> tuple[bool, int]:
        """Whether a recorder is still recording for this fieldbook, and how many masters a crash left unclosed."""
        found = recovery.unfinished(self._store)
        return any(one.alive for one in found), sum(not one.alive for one in found)

    def close_left_behind(self) -> None:
        """Mend what a crash left and make its segments, in the background."""
        store = self._store
        self._desk.run(lambda _: recovery.close_unfinished(store), self._on_mended)

    def press(self, key: str) -> list[str]:
        """A key of the session, stamped at this very moment."""
        return self.session.press(key) if self.session is not None else []

    def hear_answer(self) -> None:
        """Play the speaker their last answer. The session is paused for it until somebody goes on: what is played is no answer."""
        session, store = self.session, self._store
        if session is None:
            return
        if not session.look().view.paused:
            session.press("pause")
        self._aside = self._aside or TemporaryDirectory(prefix="fieldapp-sound-", ignore_cleanup_errors=True)
        target = Path(self._aside.name) / "answer.wav"
        self._desk.run(lambda _: last_answer(store, session, target), self._on_answer)

    def dismiss_doubt(self) -> None:
        """The answer was to the item that was shown, whatever it sounds like; noted behind the window."""
        session = self.session
        if session is not None:
            self._desk.run(lambda _: session.dismiss_doubt(), lambda _: None)

    def look(self) -> Look | None:
        """How things are, as often as one draws."""
        return self.session.look() if self.session is not None else None

    def recorded(self) -> Recorded | None:
        """The short of it, for the strip under every page."""
        look = self.look()
        if look is None or self.session is None:
            return None
        clocked = clock(look.frames, self.session.plan.master.rate, places=0)
        lag = look.text.lag if look.text is not None else 0.0
        return Recorded(
            clocked, tell(look.failed or look.ended or look.lost), say("text {seconds} s behind", seconds=f"{lag:.1f}") if lag >= LAG_TOLD_S else ""
        )

    @property
    def item(self) -> Item | None:
        """The prompt that is shown."""
        return self.session.item if self.session is not None else None

    @property
    def sound(self) -> GrowingSound | None:
        """The growing master, for drawing; None until its first frames are on disk."""
        if self.session is None:
            return None
        try:
            return GrowingSound(self._store.folder / "audio" / planning.stem_of(self.session.plan.master))
        except AudioError:
            return None

    def stop(self) -> None:
        """End the recording; its segments are made in the background."""
        session = self.session
        if session is None or self.busy:
            return
        self._set(busy=True)
        self._desk.run(lambda progress: session.stop(progress=progress), self._on_stopped, self._on_failed)

    def leave(self) -> None:
        """The window closes while recording: the recorder goes on without it."""
        if self.session is not None:
            self.session.detach()
            self.session = None
        self._forget_answer()

    @property
    def _store(self) -> Store:
        assert self._desk.store is not None
        return self._desk.store

    def _begin(self, work: Callable[[], _Begun]) -> None:
        if self.busy or self.session is not None:
            return
        self._set(busy=True)
        self._desk.run(lambda _progress: work(), self._on_begun, self._on_failed)

    def _started(self, wanted: Wanted) -> _Begun:
        place = place_of_list(wanted.prompts)
        listed = read_prompts(place) if place else None
        wish = planning.Wish(speaker=wanted.speaker, variety=wanted.variety, prompts=listed, prompts_folder=place.parent if place else None)
        begun = self._recorded(wanted.device, lambda sound: planning.make_plan(self._store, wish, sound))
        return _Begun(self._with_text(begun.session), (*(listed.problems if listed else ()), *begun.sentences))

    def _annotated(self, targets: Sequence[str], kind: str, speaker: str) -> _Begun:
        wanted = [segments.segment(self._store.reader(), target) for target in targets]
        return self._recorded("", lambda sound: oral.plan_oral(self._store, wanted, kind, speaker, sound, early=EARLY_S))

    def source(self, device: str) -> dict[str, Any]:
        """What the recorder listens to."""
        settings = self._desk.settings
        return {"device": device or settings.input_device or None, "rate": settings.sample_rate, "channels": settings.channels}

    def _recorded(self, device: str, plan_of: Callable[[Mapping[str, Any]], Plan]) -> _Begun:
        """Open the microphone, write the rows, record; nothing is left half made."""
        settings = self._desk.settings
        client = RecorderClient.start_or_attach(
            self._store.folder, "window", reserve=settings.disk_reserve_mb * 10**6, unattended=settings.unattended_hours * 3600
        )
        try:
            source = self.source(device)
            armed = running.arm(client, source)
            warning = wrong_microphone(str(armed.get("device") or ""))
            made = plan_of({**armed, "bits": settings.bits})
            try:
                session = running.begin(self._store, client, made, source, preroll=settings.pre_roll_seconds)
            except BaseException:
                planning.drop_plan(self._store, made)
                raise
        except BaseException:
            client.bye()
            raise
        return _Begun(session, (warning.sentence,) if warning else ())

    def _with_text(self, session: RunningSession) -> RunningSession:
        """Live text as the settings want it; without a model nothing of it is loaded."""
        settings = self._desk.settings
        if settings.live_policy != "off" and has_model(settings.model):
            finding, spoken = self._desk.finding, session.variety
            session.write_live(lambda: live_engine(settings, spoken), finder=finding.finder() if finding is not None else None)
        return session

    def _on_begun(self, begun: _Begun) -> None:
        self.session = begun.session
        self._set(busy=False)
        for sentence in begun.sentences:
            self._desk.say(tell(sentence), "look")

    def _on_answer(self, clip: Clip | None) -> None:
        if clip is None:
            self._desk.say(say("Nothing was answered in the last minute."))
        else:
            self._desk.listening.play([clip])

    def _forget_answer(self) -> None:
        if self._aside is not None:
            self._aside.cleanup()
            self._aside = None

    def _on_stopped(self, outcome: Outcome) -> None:
        self.session = None
        self._forget_answer()
        self._set(busy=False)
        self.ended.emit(outcome)

    def _on_mended(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.ended.emit(outcome)

    def _on_failed(self, trouble: Exception) -> None:
        self._set(busy=False)
        self._desk.fail(trouble)

    def _set(self, *, busy: bool) -> None:
        self.busy = busy
        self._desk.set_condition("recording", self.session is not None)
        self.changed.emit()


def recording_of(desk: Desk) -> Recording:
    """The one of this window; it outlives the pages, which are built anew in another language."""
    if desk.recording is None:
        desk.recording = Recording(desk)
    return desk.recording


def place_of_list(name: str) -> Path | None:
    """The file of a list: one that comes with Fieldapp, or of this path; None for none."""
    if not name:
        return None
    return paths.resource("promptlists", f"{name}.csv") if name in PROMPT_LISTS else Path(name)
