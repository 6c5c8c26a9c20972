"""Playing on the review page: a span, looped, slower, stopped and taken up again a little earlier. GUI thread; a timer asks where the ear is."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from fieldapp.audio.render import Clip, Position
from fieldapp.gui.desk import Desk
from fieldapp.gui.review.recorded import RecordedSound
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.model import Span

SPEEDS = (0.5, 0.75, 1.0)
BACKSTEP_S = 0.8
LOOK_MS = 33
PATIENCE_TICKS = 90  # opening a loudspeaker may take seconds


class Playback(QObject):
    """One at a time; `changed` when it starts, stops or its manner changes."""

    changed = Signal()

    def __init__(self, desk: Desk, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._timeline = desk, timeline
        self.sound: RecordedSound | None = None
        self.playing = False
        self.loop = False
        self.speed = 1.0
        self._clips: list[Clip] = []
        self._stopped: int | None = None
        self._silent_ticks = 0
        self._heard = False
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._on_look)

    def toggle(self, span: Span) -> None:
        """Play a span; while it plays, pause; paused inside it, go on from a moment before."""
        if self.playing:
            self.pause()
            return
        start = span.start
        if self._stopped is not None and span.start < self._stopped < span.stop:
            start = max(span.start, self._stopped - round(BACKSTEP_S * self._timeline.rate))
        self.play(span, start)

    def play(self, span: Span, start: int | None = None) -> None:
        """Play a span, from a place in it."""
        if self.sound is None or not len(span):
            return
        self._clips = self.sound.clips(span)
        self._desk.listening.play(self._clips, loop=self.loop, speed=self.speed, start=self._position(span.start if start is None else start))
        self.playing, self._heard, self._silent_ticks, self._stopped = True, False, 0, None
        self._timer.start()
        self.changed.emit()

    def pause(self) -> None:
        """Stop, and remember where."""
        if self.playing:
            self._desk.listening.pause()
            self._stopped = self._timeline.cursor
            self._end()

    def forget(self) -> None:
        """The next toggle starts from the beginning."""
        self._stopped = None

    def set_loop(self, loop: bool) -> None:
        """From the next time on."""
        self.loop = loop
        self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """From now on."""
        self.speed = speed
        if self.playing:
            self._desk.listening.change_speed(speed)
        self.changed.emit()

    def _position(self, frame: int) -> Position | None:
        for number, clip in enumerate(self._clips):
            assert self.sound is not None
            inside = frame - self.sound.frame_of(clip, 0)
            if inside < clip.span.stop:
                return Position(number, max(inside, clip.span.start))
        return None

    def _end(self) -> None:
        self._timer.stop()
        self.playing = False
        self.changed.emit()

    @Slot()
    def _on_look(self) -> None:
        where: list[Position | None] = [None]

        def look() -> None:
            where[0] = self._desk.listening.position

        if not self._desk.attempt(look):
            self._end()
            return
        position = where[0]
        if position is None:
            self._silent_ticks += 1
            if self._heard or self._silent_ticks > PATIENCE_TICKS:
                self._end()
        elif self.sound is not None and position.clip < len(self._clips):
            self._heard = True
            frame = self.sound.frame_of(self._clips[position.clip], position.frame)
            self._timeline.set_cursor(frame)
            self._timeline.follow(frame)
