"""The review page: listen, type, confirm, go on; cut and mend segments. Lists at the side, the sound as the stage, one typing field.

Everything is read in the background and shown when it is there; what a person types or where the cursor stands is never touched by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedLayout, QWidget

from fieldapp.errors import FieldError
from fieldapp.gui.desk import Desk
from fieldapp.gui.pages import Page
from fieldapp.gui.review.commands import ReviewCommands
from fieldapp.gui.review.deeds import DEEDS
from fieldapp.gui.review.edits import Edits
from fieldapp.gui.review.keeping_up import KeepingUp
from fieldapp.gui.review.lines import Answer, Heading, Line
from fieldapp.gui.review.pace import Pace
from fieldapp.gui.review.reading import Opened, Read
from fieldapp.gui.review.recorded import RecordedSound
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.review.speaking import Speaking
from fieldapp.gui.review.tabling import Tabling
from fieldapp.gui.review.typing import Typing
from fieldapp.gui.review.writing import Writing
from fieldapp.gui.widgets.empty_page import EmptyPage
from fieldapp.gui.widgets.review_side import ReviewSide
from fieldapp.gui.widgets.review_stage import ReviewStage
from fieldapp.gui.words import say, told
from fieldapp.model import Changed, Span

FIRST_VIEW_S = 12
ROOM_AROUND = 0.6


class ThePage(Page):
    """Which recording and segment are open, and what happens when the fieldbook changes."""

    CARES = Changed.SEGMENTS | Changed.ANNOTATIONS | Changed.RECORDINGS | Changed.SESSIONS | Changed.PEOPLE
    DEEDS = DEEDS

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.shown = Shown(self)
        self.pace = Pace()
        self.queue: list[Line] = []
        self.headings: list[Heading] = []
        self.sound: RecordedSound | None = None
        self._made = ""
        self._when_whole: Callable[[], None] | None = None
        self.side = ReviewSide(desk.colours, self)
        self.stage = ReviewStage(desk, self.shown, self)
        self.edits = Edits(desk)
        self.typing = Typing(self.stage.field, self.edits, self)
        self.book = KeepingUp(desk, self.typing, self)
        self.writing = Writing(desk, self.shown, self.stage)
        self.answers: Mapping[str, Sequence[Answer]] = {}
        self.speaking = Speaking(desk, self.shown, self.stage, lambda: self.answers)
        self._commands = ReviewCommands(self)
        self._build()
        self.tabling = Tabling(desk, self.shown, self.side, self._split, self.typing, self.writing)
        self.tabling.go_on = self._commands.go_on
        self._connect()
        self._on_settings()

    def _build(self) -> None:
        faces = QStackedLayout(self)
        empty = EmptyPage(
            say("Nothing to review yet"), say("Record a session (Ctrl+2), or import recordings. Here they are listened to, typed and checked."), self
        )
        full = QWidget(self)
        row = QHBoxLayout(full)
        row.setContentsMargins(16, 16, 16, 12)
        split = self._split = QSplitter(Qt.Orientation.Horizontal, full)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        self.side.setContentsMargins(0, 0, 12, 0)
        self.stage.setContentsMargins(12, 0, 0, 0)
        split.addWidget(self.side)
        split.addWidget(self.stage)
        split.setStretchFactor(1, 1)
        row.addWidget(split)
        faces.addWidget(empty)
        faces.addWidget(full)
        self._faces = faces

    def _connect(self) -> None:
        self.side.recording_chosen.connect(lambda recording: self.open(recording))
        self.side.segment_chosen.connect(self.go)
        self.side.queued_chosen.connect(self._on_queued)
        self.shown.chosen.connect(self._on_chosen)
        self.shown.tier_chosen.connect(self._show_line)
        self.book.opened.connect(self._on_opened)
        self.book.read.connect(self._on_read)
        self.book.nothing.connect(lambda: self._faces.setCurrentIndex(0))
        self.shown.edge_dropped.connect(self._commands.drop_edge)
        self.stage.asked.connect(self.do)
        self.stage.takes.take_chosen.connect(self._commands.choose_take)
        self.stage.field.play.connect(lambda: self.do("review.play"))
        self.stage.field.play_on.connect(lambda: self.do("review.play_on"))
        self.stage.field.confirm.connect(lambda: self.do("review.confirm"))
        self.stage.field.leave.connect(self.side.focus)
        self.side.entered.connect(self.stage.field.setFocus)
        self.side.table.refused.connect(self._commands.writable)
        for widget in (self.stage.wave, self.stage.tones, self.stage.tiers):
            widget.clicked.connect(self._on_clicked)
        self.desk.settings_changed.connect(self._on_settings)
        self.desk.fieldbook_changed.connect(self._on_fieldbook)
        self.desk.closing.connect(self._keep)

    def do(self, deed: str) -> None:
        self._commands.do(deed.removeprefix("review."))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        (self.stage.field if self.stage.field.isEnabled() else self.stage).setFocus()  # the stage hands it on as soon as there is something to type

    def leave(self) -> bool:
        if not self.speaking.may_leave():
            return False
        self._keep()
        self.stage.playback.pause()
        return True

    @Slot()
    def _keep(self) -> None:
        """Nothing typed is lost, wherever it was."""
        self.side.table.keep()
        self.typing.keep()

    def may_close(self) -> bool:
        if self.sound is not None:
            self.sound.close()
            self.sound = None
        return True

    @property
    def recording(self) -> str:
        """The open one."""
        return self.book.recording

    def refresh(self) -> None:
        wanted, self.desk.to_review = self.desk.to_review, None
        if wanted is not None:
            self.open(*wanted)
        if wanted is None or wanted[0] == self.recording:
            self.book.look()

    def open(self, recording: str, segment: str = "") -> None:
        """Open a recording, at a segment if one is named."""
        if recording == self.recording:
            self.go(segment)
        else:
            self.book.open(recording, segment)

    def go(self, segment: str) -> None:
        """Make a segment of the open recording the current one."""
        place = self.shown.place(segment)
        if place < 0 and segment:
            self.when_whole(lambda: self.shown.choose(self.shown.place(segment)))
        self.shown.choose(place)

    def when_whole(self, do: Callable[[], None]) -> bool:
        """Do something when all segments are there, if they are still being read; the latest wish counts. Whether it has to wait."""
        self._when_whole = None if self.book.whole else do
        return not self.book.whole

    def choose_when_there(self, segment: str) -> None:
        """A segment that is being made becomes the current one as soon as it is read."""
        self._made = segment

    @Slot(object, str)
    def _on_opened(self, found: Opened, segment: str) -> None:
        """Another recording, as it is first seen."""
        first = self._faces.currentIndex() != 1
        self._faces.setCurrentIndex(1)
        self._keep()
        self._let_go()
        self._when_whole = None
        sound = self.sound = found.sound
        self.shown.current = -1
        self.shown.show(found.lines)
        place = self.shown.place(segment)
        self.shown.choose(place if place >= 0 else max(0, self.shown.unchecked_after(-1)))
        self.stage.show_sound(sound)
        self.stage.timeline.show_all()
        heading, line = found.heading, self.shown.line
        self.stage.show_title(heading.name, " · ".join(part for part in (heading.session, heading.date, heading.speakers) if part))
        if line is not None and sound.frames > FIRST_VIEW_S * sound.rate:
            self.show_span(line.span, FIRST_VIEW_S * sound.rate)
        if line is not None:
            self.stage.timeline.set_cursor(line.span.start)
        self.side.show_lines(found.lines, line.segment if line is not None else "")
        self.tabling.show(fresh=True)
        self._show_line()
        if first:
            self.stage.field.setFocus()
        self.desk.run_behind(lambda _: sound.load_overviews(), lambda _: self.stage.show_overview(), self._no_overview)

    @Slot(object)
    def _on_read(self, found: Read) -> None:
        self.headings, self.queue, self.answers = found.headings, found.queue, found.answers
        self.shown.show(found.lines)
        if self.shown.place(self._made) >= 0:
            self.go(self._made)
            self._made = ""
        line = self.shown.line
        current = line.segment if line is not None else ""
        self.side.show_headings(found.headings, self.recording)
        self.side.show_lines(found.lines, current)
        self.side.show_queue(found.queue, current)
        self.tabling.show()
        self._show_line()
        self._show_left(found.left)
        then, self._when_whole = self._when_whole, None
        if then is not None:
            then()

    def _no_overview(self, trouble: Exception) -> None:
        if isinstance(trouble, FieldError):
            self.desk.say(told(trouble), "look")
        else:
            raise trouble

    def show_span(self, span: Span, width: int) -> None:
        """Bring a span to the middle of the view, at least `width` frames around it."""
        wide = max(width, round(len(span) * (1 + ROOM_AROUND)))
        start = max(0, (span.start + span.stop - wide) // 2)
        self.stage.timeline.show(Span(start, start + wide))

    @Slot(str)
    def _on_chosen(self, segment: str) -> None:
        line = self.shown.line
        self._when_whole = None
        if line is None:
            return
        self.stage.playback.pause()
        self.stage.playback.forget()
        timeline = self.stage.timeline
        timeline.select(None)
        timeline.set_cursor(line.span.start)
        seen = timeline.visible()
        if line.span.start < seen.start or line.span.stop > seen.stop:
            self.show_span(line.span, len(seen))
        self.side.mark(self.recording, segment)
        self._show_line()

    @Slot()
    def _show_line(self) -> None:
        line = self.shown.line
        tier = self.shown.tier
        self.typing.show(line, tier, self.shown.language(tier))
        text = line.texts.get(tier) if line is not None else None
        self.stage.show_text(text)
        self.stage.show_prompt(line)
        segment = line.segment if line is not None else ""
        self.stage.takes.show_takes(self._commands.takes(), segment, self.answers.get(segment, ()))

    @Slot(int)
    def _on_clicked(self, frame: int) -> None:
        place = self.shown.at(frame)
        if place >= 0 and self.shown.lines[place].span.stop > frame:
            self.shown.choose(place)
        self.stage.timeline.set_cursor(frame)
        self.stage.playback.forget()

    @Slot(str)
    def _on_queued(self, segment: str) -> None:
        line = next((one for one in self.queue if one.segment == segment), None)
        if line is not None:
            self.open(line.recording, segment)

    def _show_left(self, left: int) -> None:
        seconds = self.pace.left(left)
        text = say("{count} to check ({keys})", count=f"{left:,}", keys="Ctrl+Shift+K") if left else say("everything is checked")
        if left and seconds is not None:
            text += " · " + say("about {minutes} min at your pace", minutes=max(1, round(seconds / 60)))
        self.stage.show_left(text)

    def confirmed(self) -> None:
        """One more is done: the pace is taken."""
        self.pace.confirmed(time.monotonic())

    @Slot()
    def _on_settings(self) -> None:
        self.stage.dress()
        self.side.dress(self.desk.colours, self.desk.fonts)
        self.tabling.dress()

    @Slot()
    def _on_fieldbook(self) -> None:
        self.stage.show_sound(None)
        self._let_go()
        self.book.forget()
        self.shown.current = -1
        self.shown.show([])
        self.tabling.show(fresh=True)
        self.typing.show(None, self.shown.tier, "")

    def _let_go(self) -> None:
        """Closing waits for tiles that are being read, so somebody else does it."""
        sound, self.sound = self.sound, None
        if sound is not None:
            self.desk.run_behind(lambda _: sound.close(), lambda _: None)
