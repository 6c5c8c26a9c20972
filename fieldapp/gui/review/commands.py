"""What the deeds of the review page do. GUI thread; everything that changes the fieldbook goes through `Edits`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from fieldapp.gui.review.lines import TIERS, Line
from fieldapp.gui.review.playing import SPEEDS
from fieldapp.gui.review.shown import WHOLE
from fieldapp.gui.words import say
from fieldapp.model import Span

if TYPE_CHECKING:
    from fieldapp.gui.pages.review import ThePage

NUDGE_S = 0.005
CURSOR_S = 0.05
ZOOM_STEP = 0.5


class ReviewCommands(QObject):
    """One method a deed, `_do_` and its name."""

    def __init__(self, page: ThePage) -> None:
        super().__init__(page)
        self._page = page
        self._marked: int | None = None

    def do(self, name: str) -> None:
        """Carry out a deed."""
        if name.startswith("tier"):
            self._tier(int(name.removeprefix("tier")))
        else:
            getattr(self, f"_do_{name}")()

    def takes(self) -> list[Line]:
        """The takes of the current prompt by the same speaker in this recording."""
        line = self._line
        if line is None or not line.item:
            return []
        same = self._page.shown.lines.of_item(line.item)
        return sorted((one for one in same if one.speaker == line.speaker), key=lambda one: (one.take, one.span))

    @Slot(str)
    def choose_take(self, segment: str) -> None:
        """Go to a take and let it be heard."""
        self._page.go(segment)
        self._do_play()

    @Slot(str, str, int, bool)
    def drop_edge(self, segment: str, edge: str, frame: int, alone: bool) -> None:
        """A boundary was dragged, or the whole segment by so many frames."""
        if edge == WHOLE and self.writable():
            self._page.edits.move(segment, frame, self._page.stage.timeline.frames)
        elif self.writable():
            self._page.edits.edge(segment, edge, frame=frame, end=self._page.stage.timeline.frames, alone=alone)

    @property
    def _line(self) -> Line | None:
        return self._page.shown.line

    def writable(self) -> bool:
        """Whether anything can be changed here; says why not."""
        store = self._page.desk.store
        if store is not None and store.read_only:
            self._page.desk.say(store.read_only_reason, "look")
        return store is not None and not store.read_only

    def _do_play(self) -> None:
        stage = self._page.stage
        line = self._line
        span = stage.timeline.selection or (line.span if line is not None else Span(0, stage.timeline.frames))
        stage.playback.toggle(span)

    def _do_play_on(self) -> None:
        timeline, line = self._page.stage.timeline, self._line
        stop = line.span.stop if line is not None and timeline.cursor < line.span.stop else timeline.frames
        self._page.stage.playback.play(Span(min(timeline.cursor, stop), stop))

    def _do_loop(self) -> None:
        self._page.stage.playback.set_loop(not self._page.stage.playback.loop)

    def _do_slower(self) -> None:
        self._speed(-1)

    def _do_faster(self) -> None:
        self._speed(1)

    def _do_speed(self) -> None:
        playback = self._page.stage.playback
        playback.set_speed(SPEEDS[SPEEDS.index(playback.speed) - 1])  # full, three quarters, half, full

    def _speed(self, step: int) -> None:
        playback = self._page.stage.playback
        playback.set_speed(SPEEDS[min(max(0, SPEEDS.index(playback.speed) + step), len(SPEEDS) - 1)])

    def _tier(self, number: int) -> None:
        self._page.shown.set_tier(TIERS[number - 1])
        self._page.stage.field.setFocus()

    def _do_next(self) -> None:
        self._page.shown.choose(self._page.shown.current + 1)

    def _do_previous(self) -> None:
        self._page.shown.choose(self._page.shown.current - 1)

    def _do_next_to_check(self) -> None:
        """The next one of the queue while the queue is shown, else of this recording, else of the next one that has any."""
        page, line = self._page, self._line
        done = line.segment if line is not None else ""
        if page.side.shown == "queue":
            self._next_in_queue(done)
            return
        place = page.shown.unchecked_after(page.shown.current)
        if place >= 0:
            page.shown.choose(place)
            return
        if page.when_whole(self._do_next_to_check):
            return
        before = next((number for number, one in enumerate(page.headings) if one.recording == page.recording), -1)
        later = next((one for one in page.headings[before + 1 :] if one.to_check), None)
        if later is not None:
            page.open(later.recording)
        else:
            page.desk.say(say("Nothing after this is left to check. Ctrl+6 hands it over."))

    def _next_in_queue(self, done: str) -> None:
        page = self._page
        places = [number for number, one in enumerate(page.queue) if one.segment == done]
        rest = page.queue[places[0] + 1 :] if places else page.queue
        if rest:
            page.open(rest[0].recording, rest[0].segment)
        else:
            page.desk.say(say("Nothing after this is left to check. Ctrl+6 hands it over."))

    def _do_field(self) -> None:
        self._page.stage.field.setFocus()

    def _do_symbols(self) -> None:
        self._page.writing.toggle_symbols()

    def _do_keyboard(self) -> None:
        self._page.writing.next_keyboard()

    def _do_fonts(self) -> None:
        self._page.writing.choose_fonts()

    def _do_recordings(self) -> None:
        self._side("recordings")

    def _do_segments(self) -> None:
        self._side("segments")

    def _do_queue(self) -> None:
        self._side("queue")

    def _do_table(self) -> None:
        self._side("segments" if self._page.side.shown == "table" else "table")

    def _side(self, name: str) -> None:
        self._page.side.view(name)
        self._page.side.focus()

    def _do_cursor_earlier(self) -> None:
        self._cursor(-1)

    def _do_cursor_later(self) -> None:
        self._cursor(1)

    def _cursor(self, way: int) -> None:
        timeline = self._page.stage.timeline
        timeline.set_cursor(timeline.cursor + way * round(CURSOR_S * timeline.rate))
        timeline.follow(timeline.cursor)
        self._page.stage.playback.forget()

    def _do_mark(self) -> None:
        """Select from here to where it is pressed again; works while it plays."""
        timeline = self._page.stage.timeline
        begun, self._marked = self._marked, None
        if begun is None or begun == timeline.cursor:
            self._marked = timeline.cursor
            timeline.select(None)
            self._page.desk.say(say("Marked. Go on playing or move the cursor, then mark the other end."))
        else:
            timeline.select(Span(min(begun, timeline.cursor), max(begun, timeline.cursor)))

    def _do_zoom_in(self) -> None:
        self._zoom(ZOOM_STEP)

    def _do_zoom_out(self) -> None:
        self._zoom(1 / ZOOM_STEP)

    def _zoom(self, factor: float) -> None:
        timeline = self._page.stage.timeline
        at = timeline.pixel_of(timeline.cursor)
        timeline.zoom(factor, at if 0 <= at <= timeline.width else timeline.width / 2)

    def _do_zoom_segment(self) -> None:
        if self._line is not None:
            self._page.show_span(self._line.span, 0)

    def _do_zoom_all(self) -> None:
        self._page.stage.timeline.show_all()

    def _do_earlier(self) -> None:
        self._page.stage.timeline.scroll(-0.9 * self._page.stage.timeline.width)

    def _do_later(self) -> None:
        self._page.stage.timeline.scroll(0.9 * self._page.stage.timeline.width)

    def _do_confirm(self) -> None:
        if self._line is not None and self.writable():
            self._page.typing.confirm()
            self._done()

    def _do_reject(self) -> None:
        if self._line is not None and self.writable():
            self._page.typing.keep()
            self._page.edits.state(self._line.segment, "rejected")
            self._done()

    def _done(self) -> None:
        self._page.stage.field.setFocus()
        self.go_on()

    def go_on(self) -> None:
        """One more is done: the next to check is played."""
        self._page.confirmed()
        before = self._page.shown.line
        self._do_next_to_check()
        if self._page.shown.line is not before:
            self._do_play()

    def _do_create(self) -> None:
        page = self._page
        span = page.stage.timeline.selection
        if span is None or not len(span):
            page.desk.say(say("Drag over the waveform first, or mark both ends with F7: a new segment is made of what is selected."), "look")
        elif self.writable():
            page.typing.keep()
            made = page.edits.create(page.recording, span, self._line)
            page.stage.timeline.select(None)
            page.choose_when_there(made)

    def _do_split(self) -> None:
        line, cursor = self._line, self._page.stage.timeline.cursor
        if line is not None and self.writable():
            self._page.typing.keep()
            self._page.edits.split(line.segment, cursor)

    def _do_merge(self) -> None:
        shown, line = self._page.shown, self._line
        later = shown.lines[shown.current + 1] if line is not None and shown.current + 1 < len(shown.lines) else None
        if line is None or later is None:
            self._page.desk.say(say("There is no next segment to merge with."), "look")
        elif self.writable():
            self._page.typing.keep()
            self._page.edits.merge(line.segment, later.segment)

    def _do_delete(self) -> None:
        if self._line is not None and self.writable():
            self._page.typing.keep()
            self._page.edits.delete(self._line.segment)

    def _do_start_earlier(self) -> None:
        self._nudge("start", -1)

    def _do_start_later(self) -> None:
        self._nudge("start", 1)

    def _do_stop_earlier(self) -> None:
        self._nudge("stop", -1)

    def _do_stop_later(self) -> None:
        self._nudge("stop", 1)

    def _nudge(self, edge: str, way: int) -> None:
        timeline = self._page.stage.timeline
        if self._line is not None and self.writable():
            self._page.edits.edge(self._line.segment, edge, by=way * round(NUDGE_S * timeline.rate), end=timeline.frames)

    def _do_move_earlier(self) -> None:
        self._move(-1)

    def _do_move_later(self) -> None:
        self._move(1)

    def _move(self, way: int) -> None:
        timeline = self._page.stage.timeline
        if self._line is not None and self.writable():
            self._page.edits.move(self._line.segment, way * round(NUDGE_S * timeline.rate), timeline.frames)

    def _do_snap(self) -> None:
        line, sound = self._line, self._page.sound
        if line is not None and sound is not None and self.writable():
            self._page.edits.snap(line, sound)

    def _do_aloud(self) -> None:
        if self._line is not None and self.writable():
            self._page.typing.keep()
            self._page.speaking.ask()

    def _do_best(self) -> None:
        if self._line is not None and self.writable():
            self._page.edits.best(self._line.segment)
