"""Oral annotation on the review page: from the current segment on each is played, and Space records what is said to it. GUI thread.

The answers are a recording like any other, made by the recorder's own process, so nothing that happens to the window takes them away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from PySide6.QtCore import QObject, QTimer, Slot

from fieldapp.gui.desk import Desk
from fieldapp.gui.recording import recording_of
from fieldapp.gui.review.lines import Answer, Line
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.widgets.oral_bar import OralBar
from fieldapp.gui.widgets.review_stage import ReviewStage
from fieldapp.gui.words import say, tell
from fieldapp.session.closing import Outcome
from fieldapp.session.oral import CAREFUL, heard_again
from fieldapp.session.respeaking import Phase, Respeaking
from fieldapp.store import people, segments

LOOK_MS = 66
MOST_AT_ONCE = 500


class Speaking(QObject):
    """`answers` gives what was answered so far, by segment."""

    def __init__(self, desk: Desk, shown: Shown, stage: ReviewStage, answers: Callable[[], Mapping[str, Sequence[Answer]]]) -> None:
        super().__init__(stage)
        self._desk, self._shown, self._stage, self._answers = desk, shown, stage, answers
        self._recording = recording_of(desk)
        self._bar: OralBar | None = None
        self._course: Respeaking | None = None
        self._wanted = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._on_look)
        self._recording.changed.connect(self._on_recording)
        self._recording.ended.connect(self._on_ended)
        stage.playback.changed.connect(self._on_playback)
        stage.takes.answer_chosen.connect(self.hear)

    @property
    def running(self) -> bool:
        """Whether answers are recorded, or are about to be."""
        return self._wanted or self._course is not None

    def ask(self) -> None:
        """Ask what shall be said aloud, and by whom."""
        store, line = self._desk.store, self._shown.line
        if store is None or line is None or self.running:
            return
        if self._recording.session is not None or self._recording.busy:
            self._desk.say(say("Something else is being recorded. Stop it first."), "look")
            return
        if self._bar is None:
            self._bar = OralBar(self._desk.colours, self._stage)
            self._bar.start.connect(self._on_start)
            self._bar.space.connect(self._on_space)
            self._bar.step.connect(self._on_step)
            self._bar.stop.connect(self.end)
            self._stage.add_panel(self._bar, high=False)
        self._bar.meter.colours = self._desk.colours
        self._bar.ask([person.code for person in people.persons(store.reader())], line.speaker)

    @Slot(str)
    def hear(self, segment: str) -> None:
        """Play an answer."""
        store = self._desk.store
        if store is not None:
            self._desk.run(lambda _: heard_again(store, segments.segment(store.reader(), segment)), self._desk.listening.play)

    @Slot()
    def end(self) -> None:
        """Enough; what was answered becomes segments."""
        self._stage.playback.pause()
        if self._course is not None:
            self._course = None
            self._timer.stop()
            self._recording.stop()
        elif not self._wanted and self._bar is not None:
            self._close()

    def may_leave(self) -> bool:
        """Whether the page may be left; says why not."""
        if self.running:
            self._desk.say(say("Answers are being recorded. End that first (Esc)."), "look")
        return not self.running

    @Slot(str, str)
    def _on_start(self, kind: str, speaker: str) -> None:
        assert self._bar is not None
        targets = self._targets(kind)
        self._wanted = True
        self._stage.playback.set_loop(False)
        self._bar.show_waiting()
        self._recording.annotate([line.segment for line in targets], kind, speaker)

    def _targets(self, kind: str) -> list[Line]:
        """The current segment and those after it that are not rejected and have no such answer yet."""
        done = {segment for segment, answers in self._answers().items() if any(answer.kind == kind for answer in answers)}
        lines, here = self._shown.lines, self._shown.current
        wanted = (lines[place] for place in range(here, len(lines)))
        return list(islice((line for line in wanted if line is lines[here] or (line.state != "rejected" and line.segment not in done)), MOST_AT_ONCE))

    @Slot()
    def _on_recording(self) -> None:
        """The microphone is open, or could not be opened."""
        session = self._recording.session
        if not self._wanted or self._recording.busy:
            return
        self._wanted = False
        if session is None:
            self._close()
            return
        self._course = Respeaking(self._recording.press, self._paused, self._play, self._hush)
        self._course.begin()
        self._timer.start()

    @Slot(object)
    def _on_ended(self, outcome: Outcome) -> None:
        if self._bar is None or not self._bar.isVisible():
            return
        self._course = None
        self._timer.stop()
        spoken = [segment for segment in outcome.segments if segment.metadata.get("oral")]
        kind = say("careful speech") if spoken and spoken[0].metadata["oral"] == CAREFUL else say("spoken translation")
        self._desk.say(say("{count} answers kept: {kind}.", count=len(spoken), kind=kind) if spoken else say("No answer was recorded."))
        self._close()

    @Slot(bool)
    def _on_space(self, pressed: bool) -> None:
        self._do(lambda course: (course.down if pressed else course.up)(time.monotonic()))

    @Slot(str)
    def _on_step(self, step: str) -> None:
        self._do(lambda course: getattr(course, step)())

    def _do(self, deed: Callable[[Respeaking], None]) -> None:
        if self._course is None:
            return
        deed(self._course)
        self._show()
        if self._course.phase is Phase.OVER:
            self.end()

    @Slot()
    def _on_playback(self) -> None:
        if self._course is not None and not self._stage.playback.playing:
            self._course.played()
            self._show()

    @Slot()
    def _on_look(self) -> None:
        look = self._recording.look()
        if look is None or self._bar is None:
            return
        self._bar.meter.show_levels(look.levels.get("rms", ()), look.levels.get("held", ()), clipped=bool(look.levels.get("clipped")))
        self._show()
        if look.failed or look.ended:
            self._desk.say(say("Recording ended: {why}", why=tell(look.failed or look.ended)), "look")
            self.end()

    def _show(self) -> None:
        look = self._recording.look()
        if self._course is not None and self._bar is not None and look is not None:
            self._bar.show_phase(self._course.phase, look.view.place if look.view.place is not None else look.view.count, look.view.count)

    def _paused(self) -> bool:
        look = self._recording.look()
        return look is not None and look.view.paused

    def _play(self) -> None:
        """The segment the session is at, on the stage."""
        look, session = self._recording.look(), self._recording.session
        if look is None or session is None or look.view.place is None:
            return
        place = self._shown.place(session.plan.course.topics[look.view.place])
        if place >= 0:
            self._shown.choose(place)
            self._stage.playback.play(self._shown.lines[place].span)

    def _hush(self) -> None:
        self._stage.playback.pause()

    def _close(self) -> None:
        assert self._bar is not None
        self._bar.hide()
        self._stage.field.setFocus()
