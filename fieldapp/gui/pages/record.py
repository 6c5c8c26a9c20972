"""The record page: before, who speaks and what is asked; while recording, the prompt large, an honest clock, the sound, one key for each step."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStackedLayout, QWidget

from fieldapp.gui.actions import Deed
from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import Page
from fieldapp.gui.recording import Wanted, recording_of
from fieldapp.gui.widgets.record_setup import RecordSetup
from fieldapp.gui.widgets.record_stage import RecordStage
from fieldapp.gui.words import say, sayable
from fieldapp.model import Changed
from fieldapp.session.closing import Outcome
from fieldapp.store import consent, people

NAMED = 5
SESSION_KEYS = {
    "next": (sayable("Next prompt"), "Space"),
    "redo": (sayable("Record it again"), "R"),
    "skip": (sayable("Skip"), "S"),
    "back": (sayable("Back to the prompt before"), "B"),
    "discard": (sayable("Discard this take"), "D"),
    "second": (sayable("A second answer"), "2"),
    "alternative": (sayable("Another pronunciation"), "A"),
    "best": (sayable("This take is good"), "G"),
    "mark": (sayable("Mark this moment"), "M"),
    "pause": (sayable("Pause or go on"), "P"),
}


class ThePage(Page):
    """Two faces: setting up, and recording."""

    CARES = Changed.PEOPLE | Changed.VARIETIES
    DEEDS = (
        Deed("record.start", "Start recording", "Ctrl+R", page="record", needs="writable"),
        Deed("record.stop", "Stop recording", "Ctrl+.", page="record", needs="recording"),
        Deed("record.test", "Test the microphone", "Ctrl+T", page="record", needs="writable"),
        Deed("record.speaker", "Window for the speaker", "W", page="record", needs="recording"),
        Deed("record.countdown", "Count down before each prompt", "C", page="record", needs="recording"),
        Deed("record.hear", "Play the speaker their answer", "H", page="record", needs="recording"),
        Deed("record.right", "It was the right item", "I", page="record", needs="recording"),
        *(Deed(f"record.{key}", title, keys, page="record", needs="recording") for key, (title, keys) in SESSION_KEYS.items()),
    )

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.recording = recording_of(desk)
        self._setup = RecordSetup(desk, self)
        self._stage = RecordStage(desk, self.recording, self)
        self._faces = QStackedLayout(self)
        self._faces.addWidget(self._setup)
        self._faces.addWidget(self._stage)
        self._setup.start.connect(self._on_start)
        self._setup.take_over.connect(self.recording.take_over)
        self._setup.mend.connect(self.recording.close_left_behind)
        self._stage.stop.connect(self.recording.stop)
        self.recording.changed.connect(self._on_changed)
        self.recording.ended.connect(self._on_ended)
        desk.settings_changed.connect(self._stage.dress)

    def refresh(self) -> None:
        store = self.desk.store
        if store is None:
            return
        db = store.reader()
        speakers, varieties = [p.code for p in people.persons(db)], [v.name for v in people.varieties(db)]
        self._setup.offer(speakers, varieties, consent.allowed_purposes(db), writable=not store.read_only)
        if self.recording.session is None and not store.read_only:
            self._setup.left_behind(*self.recording.left_behind())

    def do(self, deed: str) -> None:
        key = deed.removeprefix("record.")
        if key == "start":
            if self._setup.ready:
                self._on_start(self._setup.wanted())
        elif key == "stop":
            self.recording.stop()
        elif key == "test":
            if self._setup.ready and self.recording.session is None:
                self._setup.mic.test()
        elif key == "speaker":
            self._stage.show_to_speaker()
        elif key == "countdown":
            self._stage.count_down()
        elif key == "hear":
            self._stage.hear_answer()
        elif key == "right":
            self.recording.dismiss_doubt()
        else:
            before = self.recording.look()
            if self.recording.press(key) and before is not None:
                self._stage.pressed(key, SESSION_KEYS[key][0], before.view)

    def may_close(self) -> bool:
        """Closing the window never ends a recording: the recorder goes on, and the next start finds it."""
        if self._setup.consent.busy_with_it:
            self.desk.say(say("Consent is being recorded. Stop and keep it first."), "look")
            return False
        self._setup.close_sound()
        self._stage.follow(False)
        self.recording.leave()
        return True

    @Slot(object)
    def _on_start(self, wanted: Wanted) -> None:
        self.recording.start(wanted)

    @Slot()
    def _on_changed(self) -> None:
        self._setup.set_busy(self.recording.busy)
        running = self.recording.session is not None
        self._faces.setCurrentWidget(self._stage if running else self._setup)
        self._stage.follow(running)

    @Slot(object)
    def _on_ended(self, outcome: Outcome) -> None:
        seconds = outcome.frames / outcome.rate
        lost = sum(len(gap) for gap in outcome.gaps) / outcome.rate
        text = say(
            "{session}: {minutes} min recorded, {takes} takes. Ctrl+3 reviews them.",
            session=outcome.session,
            minutes=f"{seconds / 60:.1f}",
            takes=len(outcome.segments),
        )
        if outcome.unanswered:
            some = ", ".join(outcome.unanswered[:NAMED]) + (" …" if len(outcome.unanswered) > NAMED else "")
            text += " " + say("Without an answer ({count}): {prompts}.", count=f"{len(outcome.unanswered):,}", prompts=some)
        if lost:
            text += " " + say("{seconds} s are missing where the microphone was away.", seconds=f"{lost:.1f}")
        self.desk.say(text, "look" if lost else "info")
        self.refresh()
