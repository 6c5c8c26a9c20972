"""The stage of the review page: overview, waveform, spectrogram with pitch, tiers, takes, typing field, controls. Layout and looks only.

What a button means is said by the page: every button names one of its deeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from fieldapp.gui.desk import Desk
from fieldapp.gui.review.backlog import Backlog
from fieldapp.gui.review.lines import TIERS, Line, Text
from fieldapp.gui.review.near_sound import NearSound
from fieldapp.gui.review.playing import Playback
from fieldapp.gui.review.recorded import RecordedSound
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.tiers import tier_name
from fieldapp.gui.widgets.labels import CutLabel
from fieldapp.gui.widgets.line_text import about_text
from fieldapp.gui.widgets.minimap import Minimap
from fieldapp.gui.widgets.pitch_view import PitchScale, PitchTones
from fieldapp.gui.widgets.segment_marks import SegmentWave
from fieldapp.gui.widgets.takes_row import TakesRow
from fieldapp.gui.widgets.tier_rows import TierNames, TierRows
from fieldapp.gui.widgets.timeline import Timeline, clock
from fieldapp.gui.widgets.typing_field import TypingField
from fieldapp.gui.words import say, sayable

T = TypeVar("T")
PLAY, PAUSE = sayable("▶ Play"), sayable("‖ Pause")
ROOMY_LINES, ROOMY_WIDE_LINES, LEAST_WIDE_LINES = 34, 40, 24


class ReviewStage(QWidget):
    """Everything right of the lists."""

    asked = Signal(str)
    keyboard_chosen = Signal(str)

    def __init__(self, desk: Desk, shown: Shown, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._shown = desk, shown
        self.timeline = Timeline(48_000, 1, self)
        self.playback = Playback(desk, self.timeline, self)
        self.field = TypingField(self)
        self.field.setPlaceholderText(say("No text yet: type it here, Enter confirms."))
        self._spared: list[QWidget] = []
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._head())
        self._build_sound(column)
        self.takes = TakesRow(self)
        self.takes.best_chosen.connect(lambda: self.asked.emit("review.best"))
        column.addWidget(self.takes)
        column.addLayout(self._sources())
        column.addLayout(self._tier_buttons())
        column.addWidget(self.field)
        column.addLayout(self._controls())
        hint = QLabel(
            say("Tab plays   Shift+Tab from the cursor   Enter confirms and goes on   Ctrl+↓ ↑ next, previous   Alt+1–5 tiers   F4 symbols   Esc lists"),
            self,
        )
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self._spared.append(hint)
        column.addWidget(hint)
        shown.changed.connect(self._on_shown)
        self.playback.changed.connect(self._on_playing)
        self.timeline.cursor_moved.connect(self._on_cursor)
        self._on_playing()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._title, self._where, self._left = QLabel(self), CutLabel(self), QLabel(self)
        self._title.setProperty("role", "heading")
        self._left.setProperty("role", "muted")
        self._where.setProperty("role", "muted")
        for label in (self._title, self._where):
            row.addWidget(label)
        row.setStretch(1, 1)
        row.addWidget(self._left)
        return row

    def _build_sound(self, column: QVBoxLayout) -> None:
        colours = self._desk.colours
        self.minimap = Minimap(self.timeline, self._shown, colours, self._run_behind, self)
        self.wave = SegmentWave(self.timeline, colours, parent=self)
        self._backlog = Backlog(self._desk, lambda: self.tones.ask_again())
        self.tones = PitchTones(self.timeline, colours, self._backlog.run, parent=self)
        self.tones.set_sound(None)
        self.tiers = TierRows(self.timeline, colours, self)
        self._names = TierNames(self.tiers, [tier_name(tier) for tier in TIERS], self)
        for widget in (self.wave, self.tones, self.tiers):
            widget.follow(self._shown)
        grid = self._grid = QGridLayout()
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.minimap, 0, 1)
        grid.addWidget(self.wave, 1, 1)
        self._scale = PitchScale(self.tones, self)
        grid.addWidget(self._scale, 2, 0)
        grid.addWidget(self.tones, 2, 1)
        grid.addWidget(self._names, 3, 0)
        grid.addWidget(self.tiers, 3, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(1, 2)
        grid.setRowStretch(2, 3)
        column.addLayout(grid, 1)

    def _sources(self) -> QHBoxLayout:
        """Which prompt was asked, and where the text comes from. Of a list that was answered word by word nobody remembers which word this is."""
        row = QHBoxLayout()
        self.prompt, self._about = CutLabel(self), CutLabel(self)
        self._about.setProperty("role", "muted")
        self._about.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.prompt, 1)
        row.addWidget(self._about, 1)
        return row

    def _tier_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self._tier_group = QButtonGroup(self)
        for number, tier in enumerate(TIERS):
            button = self._button(tier_name(tier), f"review.tier{number + 1}", checkable=True)
            self._spared.append(button)
            self._tier_group.addButton(button, number)
            row.addWidget(button)
        row.addStretch()
        self._keyboards = QComboBox(self)
        self._keyboards.setAccessibleName(say("Keyboard of this tier"))
        self._keyboards.setToolTip(say("What keys make in this tier"))
        self._keyboards.view().setAccessibleName(say("Keyboard of this tier"))
        self._keyboards.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._keyboards.addItem(say("keys as they are"), "")
        self._keyboards.activated.connect(self._on_keyboard)
        symbols = self._button("ə ŋ ʰ", "review.symbols")
        symbols.setAccessibleName(say("Phonetic symbols"))
        symbols.setToolTip(say("Phonetic symbols (F4)"))
        for widget in (self._keyboards, symbols):
            self._spared.append(widget)
            row.addWidget(widget)
        return row

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self._play = self._button(say(PLAY), "review.play")
        self._loop = self._button(say("Loop"), "review.loop", checkable=True)
        row.addWidget(self._play)
        row.addWidget(self._loop)
        self._speed = self._button("1×", "review.speed")
        row.addWidget(self._speed)
        row.addSpacing(12)
        for text, deed in (
            (say("New"), "create"),
            (say("Split"), "split"),
            (say("Merge"), "merge"),
            (say("Snap"), "snap"),
            (say("Delete"), "delete"),
            (say("Aloud"), "aloud"),
        ):
            button = self._button(text, f"review.{deed}")
            self._spared.append(button)
            row.addWidget(button)
        row.addStretch()
        row.addWidget(self._button(say("Reject"), "review.reject"))
        confirm = QPushButton(say("Confirm"), self)
        confirm.setProperty("role", "primary")
        confirm.setToolTip(say("Enter"))
        confirm.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        confirm.clicked.connect(lambda: self.asked.emit("review.confirm"))
        row.addWidget(confirm)
        return row

    def _button(self, text: str, deed: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setProperty("role", "tool")
        button.setAccessibleName(text)
        button.setCheckable(checkable)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard in the typing field
        button.clicked.connect(lambda: self.asked.emit(deed))
        return button

    def offer_keyboards(self, names: Sequence[str]) -> None:
        """The keyboards there are."""
        for name in names:
            self._keyboards.addItem(name, name)

    def show_keyboard(self, name: str) -> None:
        """The one the current tier is typed with; empty for none."""
        self._keyboards.setCurrentIndex(max(0, self._keyboards.findData(name)))

    def add_panel(self, panel: QWidget, *, high: bool) -> None:
        """Something between the sound and the text, as high as there is room or only as it needs."""
        self._column.insertWidget(2, panel, 3 if high else 0)

    def make_room(self, *, needed: bool) -> None:
        """While a panel is shown, spectrogram and tiers make room for it; the waveform and the text stay."""
        for widget in (self.tones, self._scale, self.tiers, self._names):
            widget.setVisible(not needed)
        self._grid.setRowStretch(2, 0 if needed else 3)

    def show_sound(self, sound: RecordedSound | None) -> None:
        """Another recording."""
        self.playback.pause()
        self.playback.forget()
        self.playback.sound = sound
        self._backlog.forget()
        if sound is not None:
            self.timeline.rate, self.timeline.frames = sound.rate, sound.frames
            self.timeline.select(None)
            self.timeline.set_cursor(0)
        self.wave.set_sound(NearSound(sound, self._run_behind, self.wave.update) if sound is not None else None)
        for widget in (self.tones, self.minimap):
            widget.set_sound(sound)

    def _run_behind(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        self._desk.run_behind(lambda _: work(), done)

    def show_overview(self) -> None:
        """The overviews are there."""
        self.wave.update()
        self.minimap.redraw()

    def show_title(self, title: str, where: str) -> None:
        """Which recording."""
        self._title.setText(title)
        self._where.setText(where)

    def show_left(self, text: str) -> None:
        """How much is still to be checked."""
        self._left.setText(text)

    def show_text(self, text: Text | None) -> None:
        """Where the text in the field comes from."""
        replaced = say("Ctrl+A and typing replaces it") if text is not None and text.draft else ""
        self._about.setText(" · ".join(part for part in (about_text(text) if text is not None else "", replaced) if part))
        self.field.show_draft(text is not None and text.draft)

    def show_prompt(self, line: Line | None) -> None:
        """What was asked, and whether somebody wanted it to be looked at."""
        asked = say("Prompt: {prompt}", prompt=line.prompt) if line is not None and line.prompt else ""
        marked = say("⚑ marked while recording") if line is not None and line.marked else ""
        self.prompt.setText("   ".join(part for part in (asked, marked) if part))

    def minimumSizeHint(self) -> QSize:
        """Without what is spared: the table beside it may take the room."""
        wanted = super().minimumSizeHint()
        return QSize(min(wanted.width(), LEAST_WIDE_LINES * self.fontMetrics().height()), wanted.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        """Where there is little room for the size of the text, the sound comes first: what has a key and stands in the palette is spared."""
        line = self.fontMetrics().height()
        roomy = self.height() >= ROOMY_LINES * line and self.width() >= ROOMY_WIDE_LINES * line
        for widget in getattr(self, "_spared", ()):  # Qt tells of its font before the stage is built
            widget.setVisible(roomy)
        if hasattr(self, "_play"):
            self._keep_play_still()

    def _keep_play_still(self) -> None:
        """Play and pause take the same room, else what stands beside moves whenever one becomes the other."""
        now, wide = self._play.text(), 0
        for text in (say(PLAY), say(PAUSE)):
            self._play.setText(text)
            wide = max(wide, self._play.sizeHint().width())
        self._play.setText(now)
        self._play.setMinimumWidth(wide)

    @Slot()
    def dress(self) -> None:
        """Another theme."""
        for widget in (self.wave, self.tones, self.tiers, self.minimap):
            widget.set_colours(self._desk.colours)
        self.tiers.set_fonts(self._desk.fonts)

    @Slot()
    def _on_keyboard(self) -> None:
        self.keyboard_chosen.emit(self._keyboards.currentData() or "")
        self.field.setFocus()

    @Slot()
    def _on_shown(self) -> None:
        self._tier_group.button(TIERS.index(self._shown.tier)).setChecked(True)
        self._names.update()

    @Slot()
    def _on_playing(self) -> None:
        self._play.setText(say(PAUSE) if self.playback.playing else say(PLAY))
        self._loop.setChecked(self.playback.loop)
        self._speed.setText(f"{self.playback.speed:g}×")
        self._speed.setAccessibleName(say("Speed {speed}", speed=f"{self.playback.speed:g}"))

    @Slot(int)
    def _on_cursor(self, frame: int) -> None:
        self.wave.setToolTip(clock(frame, self.timeline.rate, places=3))
