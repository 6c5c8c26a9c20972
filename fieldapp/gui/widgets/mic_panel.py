"""Which microphone, and whether it sounds right: five seconds recorded, measured and played back. GUI thread."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from fieldapp.audio.devices import Device, fresh_devices
from fieldapp.audio.quality import CLIPPED, DEAD, HUM, ONE_SIDED, TOO_QUIET, Quality
from fieldapp.audio.render import Clip
from fieldapp.gui.desk import Desk
from fieldapp.gui.short_recording import Heard
from fieldapp.gui.theme import set_role
from fieldapp.gui.widgets.meter import Meter
from fieldapp.gui.widgets.short_panel import ShortPanel
from fieldapp.gui.words import say, sayable, tell, told
from fieldapp.model import Span

TEST_S = 5.0
NOISY_SNR_DB = 20.0
ODD = {
    CLIPPED: sayable("It is clipped: turn the recording level down a little."),
    TOO_QUIET: sayable("The voice is very quiet: move the microphone nearer or turn the level up."),
    DEAD: sayable("No sound arrives at all: check the cable, the mute switch and the chosen microphone."),
    HUM: sayable("There is a hum: run the laptop on its battery, or move cables away from power supplies."),
    ONE_SIDED: sayable("Only one channel carries sound: check the other microphone or its cable."),
}


class MicPanel(ShortPanel):
    """Chosen microphones are remembered in the settings."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(desk, say("Microphone"), 12, parent)
        self._heard: Heard | None = None
        self._asked = False
        self.recording.levels.connect(self._on_levels)
        self.recording.heard.connect(self._on_heard)
        self.recording.failed.connect(self._on_failed)
        self._devices = QComboBox(self)
        self._devices.setAccessibleName(say("Microphone"))
        self._devices.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._devices.addItem(say("the system's own choice"), "")
        self._devices.activated.connect(self._on_device)
        self._meter = Meter(desk.colours, self)
        self._said = QLabel(say("Speak for five seconds as the speaker will; it is measured and played back."), self)
        self._said.setWordWrap(True)
        self._said.setProperty("role", "muted")
        row = QHBoxLayout()
        self._test = QPushButton(say("Test it: 5 seconds"), self)
        self._test.clicked.connect(self.test)
        self._again = QPushButton(say("Hear it again"), self)
        self._again.clicked.connect(self._play)
        self._again.hide()
        self._look = QPushButton(say("Look for microphones"), self)
        self._look.clicked.connect(self.look)
        for button in (self._test, self._again, self._look):
            row.addWidget(button)
        row.addStretch()
        for widget in (self._devices, self._meter, self._said):
            self.rows.addWidget(widget)
        self.rows.addLayout(row)
        desk.settings_changed.connect(self._on_settings)

    @property
    def device(self) -> str:
        """The chosen one; empty for the system's own choice."""
        return str(self._devices.currentData() or "")

    def first_look(self) -> None:
        """Look for microphones once."""
        if not self._asked:
            self.look()

    @Slot()
    def look(self) -> None:
        """Look which microphones there are now, in a process of its own."""
        self._asked = True
        self._desk.run(lambda _: fresh_devices()["input"], self._on_devices, lambda trouble: self._said.setText(told(trouble)))

    @Slot()
    def test(self) -> None:
        """Record five seconds."""
        self._show_busy(True)
        self._said.setText(say("Speak now ..."))
        set_role(self._said, "recording")
        self.recording.start(self.device, TEST_S)

    def close_sound(self) -> None:
        """The window closes: remove what was recorded for the test."""
        self.recording.clear()

    def _on_devices(self, found: list[Device]) -> None:
        wanted = self.device or self._desk.settings.input_device
        while self._devices.count() > 1:
            self._devices.removeItem(1)
        for device in found:
            name = f"{device.name} @ {device.host}"
            self._devices.addItem(name, name)
        at = self._devices.findData(wanted)
        if wanted and at < 0:
            self._devices.addItem(say("{name} (not there now)", name=wanted), wanted)
            at = self._devices.count() - 1
        self._devices.setCurrentIndex(max(0, at))

    @Slot()
    def _on_device(self) -> None:
        self._desk.change_settings(replace(self._desk.settings, input_device=self.device))

    @Slot()
    def _on_settings(self) -> None:
        self._meter.colours = self._desk.colours

    @Slot(object)
    def _on_levels(self, levels: dict[str, object]) -> None:
        self._meter.show_levels(levels.get("rms", ()), levels.get("held", ()), clipped=bool(levels.get("clipped")))  # type: ignore[arg-type]  # the recorder's own lists

    @Slot(object)
    def _on_heard(self, heard: Heard) -> None:
        self._heard = heard
        self._show_busy(False)
        sentence, good = verdict(heard.quality)
        self._said.setText(" ".join(part for part in (sentence, tell(heard.warning)) if part))
        set_role(self._said, "muted" if good and not heard.warning else "look")
        self._again.show()
        self._play()

    @Slot(str)
    def _on_failed(self, why: str) -> None:
        self._show_busy(False)
        self._said.setText(why)
        set_role(self._said, "look")

    @Slot()
    def _play(self) -> None:
        if self._heard is not None:
            self._desk.listening.play([Clip(self._heard.path, Span(0, self._heard.frames))])

    def _show_busy(self, busy: bool) -> None:
        if busy:
            self.rest_keyboard(self._test)
        for widget in (self._test, self._again, self._look, self._devices):
            widget.setEnabled(not busy)
        self.busy.emit(busy)
        if not busy:
            self.give_keyboard_back()


def verdict(quality: Quality) -> tuple[str, bool]:
    """What the test says, in a sentence, and whether all is well."""
    odd = [say(ODD[kind]) for kind in quality.kinds if kind in ODD]
    if not odd and quality.snr_db < NOISY_SNR_DB:
        odd = [say("The room is loud beside the voice: go nearer, close windows, switch fans off.")]
    peak, noise, snr = (f"{level:.0f}" for level in (quality.peak_db, quality.noise_db, quality.snr_db))
    measured = say("Loudest {peak} dB, room {noise} dB, voice {snr} dB above it.", peak=peak, noise=noise, snr=snr)
    return " ".join([*(odd or [say("Sounds good.")]), measured]), not odd
