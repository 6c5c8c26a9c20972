"""While recording: the prompt, the clock, the last ten seconds of sound, level, warnings. Everything is pulled by a timer; nothing waits."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from fieldapp.elicitation.sitting import View
from fieldapp.gui.desk import Desk
from fieldapp.gui.growing_sound import GrowingSound
from fieldapp.gui.recording import Recording
from fieldapp.gui.widgets.live_lines import LiveLines
from fieldapp.gui.widgets.meter import FLOOR_DB, Meter
from fieldapp.gui.widgets.nearby_lines import NearbyLines
from fieldapp.gui.widgets.speaker_window import SpeakerWindow
from fieldapp.gui.widgets.spectrogram import Spectrogram, Tile
from fieldapp.gui.widgets.timeline import Timeline, clock
from fieldapp.gui.widgets.waveform import Waveform
from fieldapp.gui.words import say, sayable, tell
from fieldapp.model import Item, Span
from fieldapp.session.running import Look

DRAW_MS, TEXT_MS = 66, 25
SHOWN_S = 10
SIDE_PX, MARGIN_PX = 280, 16
PICTURE_PX = 220
BECAME = {"skip": sayable("skipped"), "discard": sayable("discarded"), "mark": sayable("⚑ marked"), "best": sayable("★ good")}
"""What a key makes of a take, in the list of takes."""
NO_TAKE = ("skip", "discard", "back")


class RecordStage(QWidget):
    """The sound is the stage; controls stay out of its way."""

    stop = Signal()

    def __init__(self, desk: Desk, recording: Recording, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._recording = desk, recording
        self._sound: GrowingSound | None = None
        self._shown: Item | None = None
        self._takes_seen: dict[tuple[int, int, str], QListWidgetItem] = {}
        self._speaker = SpeakerWindow(desk.colours, self.window())
        self._speaker.hear.connect(self.hear_answer)
        self._timeline = Timeline(48_000, SHOWN_S * 48_000, self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 16)
        outer.setSpacing(12)
        outer.addLayout(self._head())
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(self._prompt_panel(), 1)
        middle.addWidget(self._side_panel())
        outer.addLayout(middle, 3)
        self._wave = Waveform(self._timeline, desk.colours, parent=self)
        self._tones = Spectrogram(self._timeline, desk.colours, self._compute, parent=self)
        self._wave.shows_cursor = self._tones.shows_cursor = False
        outer.addWidget(self._wave, 1)
        outer.addWidget(self._tones, 2)
        self._live = LiveLines(desk.colours, self)
        outer.addWidget(self._live)
        hints = QLabel(say("Space next   R again   S skip   B back   D discard   2 second answer   A other pronunciation"), self)
        hints.setText(hints.text() + "   " + say("G good   M mark   P pause   H hear the answer   W for the speaker   Ctrl+. stop"))
        hints.setWordWrap(True)
        hints.setProperty("role", "muted")
        outer.addWidget(hints)
        self._timer = QTimer(self)
        self._timer.setInterval(DRAW_MS)
        self._timer.timeout.connect(self._on_draw)
        self._text_timer = QTimer(self)  # text is there as soon as it is known; drawing the sound so often would be a waste
        self._text_timer.setInterval(TEXT_MS)
        self._text_timer.timeout.connect(self._on_text)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._who = QLabel(self)
        self._who.setProperty("role", "heading")
        self._badge = QLabel("● REC", self)
        self._badge.setProperty("role", "recording")
        self._clock = QLabel("0:00.0", self)
        self._clock.setProperty("role", "clock")
        self._clock.setAccessibleName(say("Time recorded"))
        button = QPushButton(say("Stop"), self)
        button.setToolTip("Ctrl+.")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Space is for the next prompt and must never press a button
        button.clicked.connect(self.stop)
        row.addWidget(self._who)
        row.addStretch()
        for widget in (self._badge, self._clock, button):
            row.addWidget(widget)
        return row

    def _prompt_panel(self) -> QFrame:
        panel = QFrame(self)
        panel.setObjectName("panel")
        row = QHBoxLayout(panel)
        row.setContentsMargins(32, 24, 32, 24)
        words = QVBoxLayout()
        self._place = QLabel(panel)
        self._place.setProperty("role", "muted")
        self._prompt = QLabel(panel)
        self._prompt.setProperty("role", "prompt")
        self._prompt.setWordWrap(True)
        self._gloss = QLabel(panel)
        self._gloss.setWordWrap(True)
        self._gloss.setProperty("role", "heading")
        words.addWidget(self._place)
        words.addStretch()
        for label in (self._prompt, self._gloss):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            words.addWidget(label)
        words.addStretch()
        row.addLayout(words, 1)
        self._picture = QLabel(panel)
        self._picture.setAccessibleName(say("Picture"))
        row.addWidget(self._picture)
        return panel

    def _side_panel(self) -> QFrame:
        panel = QFrame(self)
        panel.setObjectName("panel")
        panel.setFixedWidth(SIDE_PX)
        column = QVBoxLayout(panel)
        column.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        self._device = QLabel(panel)
        self._device.setProperty("role", "muted")
        self._device.setWordWrap(True)
        self._meter = Meter(self._desk.colours, panel)
        self._level = QLabel(panel)
        self._level.setProperty("role", "muted")
        self._warnings = QLabel(panel)
        self._warnings.setWordWrap(True)
        self._warnings.setProperty("role", "look")
        self._warnings.hide()
        self._did = QLabel(panel)
        self._did.setProperty("role", "muted")
        self._did.setWordWrap(True)
        heading = QLabel(say("Takes"), panel)
        heading.setProperty("role", "heading")
        self._takes = QListWidget(panel)
        self._takes.setAccessibleName(say("Takes"))
        self._takes.setProperty("role", "plain")
        self._takes.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys belong to the prompts
        for widget in (self._device, self._meter, self._level, self._warnings, heading):
            column.addWidget(widget)
        column.addWidget(self._takes, 1)
        self._nearby = NearbyLines(SIDE_PX - 2 * MARGIN_PX, panel)
        column.addWidget(self._nearby)
        column.addWidget(self._did)
        return panel

    def follow(self, running: bool) -> None:
        """Begin or stop drawing what is recorded."""
        if running and not self._timer.isActive():
            self._sound, self._shown = None, None
            self._did.clear()
            self._takes.clear()
            self._takes_seen.clear()
            session = self._recording.session
            self._who.setText(session.plan.session.name if session is not None else "")
            self._timer.start()
            self._text_timer.start()
            self.setFocus()
        elif not running:
            self._timer.stop()
            self._text_timer.stop()
            self._speaker.close()
            for widget in (self._wave, self._tones):
                widget.set_sound(None)

    def show_to_speaker(self) -> None:
        """Open or close the window for the speaker."""
        if self._speaker.isVisible():
            self._speaker.close()
        else:
            self._speaker.open()
        self._did.setText(say("The window for the speaker is open: W closes it, C counts down.") if self._speaker.isVisible() else "")

    @Slot()
    def hear_answer(self) -> None:
        """Play the speaker their last answer."""
        self._recording.hear_answer()
        self._did.setText(say("The last answer is played; the session waits: P goes on."))

    def count_down(self) -> None:
        """Whether the speaker sees a count-down before each prompt."""
        self._speaker.counts = not self._speaker.counts
        self._did.setText(say("Each prompt is counted down.") if self._speaker.counts else say("No count-down."))

    def pressed(self, key: str, title: str, before: View) -> None:
        """Show that a key was heard, and what it made of the take that was under way."""
        self._did.setText(say("Last key: {key} at {time}", key=say(title), time=self._clock.text()))
        if before.place is None:
            return
        row = self._row_of(before, before.place)
        if key in BECAME and say(BECAME[key]) not in row.text():
            row.setText(f"{row.text()}   {say(BECAME[key])}")
        if key in NO_TAKE:  # what follows has the same number, and a row of its own
            del self._takes_seen[before.place, before.take, before.answer]

    @Slot()
    def dress(self) -> None:
        """Another theme."""
        for widget in (self._wave, self._tones):
            widget.set_colours(self._desk.colours)
        self._meter.colours = self._live.colours = self._desk.colours

    @Slot()
    def _on_draw(self) -> None:
        look = self._recording.look()
        if look is None:
            return
        self._draw_state(look)
        self._draw_prompt(look)
        self._draw_takes(look)
        self._draw_sound(look)
        self._nearby.show_nearby(look.nearby)

    @Slot()
    def _on_text(self) -> None:
        look = self._recording.look()
        if look is not None:
            self._live.show_text(look.text)

    def _draw_state(self, look: Look) -> None:
        rate = self._recording.session.plan.master.rate if self._recording.session is not None else 48_000
        self._clock.setText(clock(look.frames, rate))
        self._badge.setText("● REC" if not (look.ended or look.lost) else say("not recording"))
        levels = look.levels
        self._device.setText(str(levels.get("device", "")))
        self._meter.show_levels(levels.get("rms", ()), levels.get("held", ()), clipped=bool(levels.get("clipped")))
        loudest = max(levels.get("peak", ()), default=FLOOR_DB)
        self._level.setText(say("{level} dB", level=f"{loudest:.0f}") if loudest > FLOOR_DB else say("silence"))
        sentences = [text for text in (look.failed, look.ended, look.lost) if text] + [n.sentence for n in look.warnings]
        self._warnings.setText("\n\n".join(map(tell, sentences)))
        self._warnings.setVisible(bool(sentences))

    def _draw_prompt(self, look: Look) -> None:
        item, view = self._recording.item, look.view
        place = say("{place} of {count}", place=(view.place or 0) + 1, count=view.count) if view.place is not None else ""
        take = say("take {take}", take=view.take) if view.place is not None else ""
        state = say("paused") if view.paused else say("all prompts are done: Ctrl+. stops") if view.count and view.place is None else ""
        self._place.setText("   ".join(part for part in (place, take, view.answer, state) if part))
        if item is self._shown and self._prompt.text():
            return
        self._shown = item
        self._prompt.setText(item.text if item else "" if view.count else say("free conversation"))
        self._gloss.setText("  ·  ".join(gloss for gloss in item.gloss.values() if gloss != item.text) if item else "")
        store = self._desk.store
        picture = QPixmap(str(store.folder / item.picture)) if item and item.picture and store is not None else QPixmap()
        self._speaker.show_item(item.id if item else "", item.text if item else "", picture)
        self._picture.setPixmap(picture if picture.isNull() else picture.scaledToWidth(PICTURE_PX, Qt.TransformationMode.SmoothTransformation))

    def _draw_takes(self, look: Look) -> None:
        """One line a take, the newest on top."""
        if look.view.place is not None:
            self._row_of(look.view, look.view.place)

    def _row_of(self, view: View, place: int) -> QListWidgetItem:
        key = (place, view.take, view.answer)
        if key not in self._takes_seen:
            plan = self._recording.session.plan if self._recording.session is not None else None
            item = plan.items.get(plan.course.topics[place]) if plan is not None else None
            parts = (f"{place + 1}", item.text if item is not None else "", say("take {take}", take=view.take) if view.take > 1 else "", view.answer)
            self._takes_seen[key] = QListWidgetItem("   ".join(part for part in parts if part))
            self._takes.insertItem(0, self._takes_seen[key])
        return self._takes_seen[key]

    def _draw_sound(self, look: Look) -> None:
        if self._sound is None:
            self._sound = self._recording.sound
            if self._sound is None:
                return
            self._timeline.rate = self._sound.rate
            for widget in (self._wave, self._tones):
                widget.set_sound(self._sound)
        frames = self._sound.frames
        window = SHOWN_S * self._timeline.rate
        self._timeline.frames = max(frames, window)
        start = max(0, frames - window)
        self._timeline.show(Span(start, start + window))

    def _compute(self, work: Callable[[], Tile], done: Callable[[Tile], None]) -> None:
        self._desk.run_behind(lambda _: work(), done, lambda _: None)
