"""Spoken consent: explain, let them answer, and the recording is kept in the fieldbook as the evidence. GUI thread."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QWidget

from fieldapp.errors import AudioError
from fieldapp.gui.desk import Desk
from fieldapp.gui.short_recording import Heard
from fieldapp.gui.theme import set_role
from fieldapp.gui.widgets.meter import Meter
from fieldapp.gui.widgets.short_panel import ShortPanel
from fieldapp.gui.words import say, sayable
from fieldapp.model import Consent, ConsentId, Recording, RecordingId, new_id
from fieldapp.session.plan import ascii_stem
from fieldapp.store import consent, people, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

LONGEST_S = 600.0
ASKED = (
    ("archive", sayable("keeping it in an archive")),
    ("share", sayable("sharing it with colleagues")),
    ("publish", sayable("publishing it")),
    ("train", sayable("training a model")),
)


class ConsentPanel(ShortPanel):
    """What is ticked when it stops is what was allowed."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(desk, say("Spoken consent"), 8, parent)
        self._code = self._device = ""
        self._keeping = False
        self.recording.levels.connect(self._on_levels)
        self.recording.heard.connect(self._on_heard)
        self.recording.failed.connect(self._on_failed)
        self._said = QLabel(self)
        self._said.setWordWrap(True)
        self.rows.addWidget(self._said)
        self._boxes = []
        for name, title in ASKED:
            box = QCheckBox(say(title), self)
            box.setProperty("purpose", name)
            self._boxes.append(box)
            self.rows.addWidget(box)
        self._meter = Meter(desk.colours, self)
        self._meter.hide()
        self.rows.addWidget(self._meter)
        row = QHBoxLayout()
        self._button = QPushButton(say("Record the answer"), self)
        self._button.clicked.connect(self._on_button)
        row.addWidget(self._button)
        row.addStretch()
        self.rows.addLayout(row)
        desk.settings_changed.connect(self._on_settings)
        self.ask(code="", device="")

    def ask(self, *, code: str, device: str, allowed: int = 0) -> None:
        """Whom it is about, which microphone hears them, and how many purposes they have allowed already."""
        self._code, self._device = code, device
        self._button.setEnabled(bool(code) and not self._keeping)
        if not self.recording.running:
            if not code:
                self._tell(say("Say above who speaks; then what they allow can be recorded here."))
            elif allowed:
                self._tell(say("{code} has allowed {count} purposes; People shows them. Record an answer again if that changes.", code=code, count=allowed), "")
            else:
                self._tell(say("Explain what the recordings are for, tick what {code} allows, and record the answer.", code=code))

    @property
    def busy_with_it(self) -> bool:
        """Whether an answer is being recorded or kept."""
        return self.recording.running or self._keeping

    def close_sound(self) -> None:
        """The window closes."""
        self.recording.clear()

    @Slot()
    def _on_button(self) -> None:
        if self.recording.running:
            self.recording.finish()
            return
        self.recording.start(self._device, LONGEST_S)
        self._button.setText(say("Stop and keep it"))
        self._meter.show()
        self._tell(say("Recording the consent of {code} ...", code=self._code), "recording")
        self.busy.emit(True)

    @Slot(object)
    def _on_levels(self, levels: dict[str, object]) -> None:
        self._meter.show_levels(levels.get("rms", ()), levels.get("held", ()), clipped=bool(levels.get("clipped")))  # type: ignore[arg-type]  # the recorder's own lists

    @Slot(object)
    def _on_heard(self, heard: Heard) -> None:
        store, code = self._desk.store, self._code
        self._rest()
        allowed = [str(box.property("purpose")) for box in self._boxes if box.isChecked()]
        if store is None:
            return

        def kept(_: None) -> None:
            over()
            count = len(allowed)
            self._tell(say("Kept. {count} purposes are allowed; People shows and changes them.", count=count), "" if count else "look")

        def failed(trouble: Exception) -> None:
            over()
            self._desk.fail(trouble)

        def over() -> None:
            self._keeping = False
            self._button.setEnabled(bool(self._code))
            self.give_keyboard_back()
            self.recording.clear()

        self._keeping = True
        self.rest_keyboard(self._button)
        self._button.setEnabled(False)
        self._desk.run(lambda _: keep_evidence(store, code, allowed, heard), kept, failed)

    @Slot(str)
    def _on_failed(self, why: str) -> None:
        self._rest()
        self._tell(why, "look")

    @Slot()
    def _on_settings(self) -> None:
        self._meter.colours = self._desk.colours

    def _rest(self) -> None:
        self._button.setText(say("Record the answer"))
        self._meter.hide()
        self.busy.emit(False)

    def _tell(self, text: str, role: str = "muted") -> None:
        self._said.setText(text)
        set_role(self._said, role)


def keep_evidence(store: Store, code: str, allowed: list[str], heard: Heard) -> None:
    """Put the sound into the fieldbook and note what was allowed, with it as evidence."""
    now = datetime.now()
    stem = ascii_stem(f"{now:%Y-%m-%d-%H%M%S}-{code}-consent")
    path = f"audio/{stem}.wav"
    try:
        shutil.copyfile(heard.path, store.folder / path)
        with (store.folder / path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as trouble:
        raise AudioError(f"{store.folder / path} cannot be written: {trouble.strerror}.", "Is there room on the disk?") from trouble

    def work(tx: Transaction) -> None:
        person = people.ensure_person(tx, code)
        session = sessions.ensure_session(tx, stem)
        sessions.take_part(tx, session.id, person.id)
        sound = Recording(
            id=RecordingId(new_id()),
            session=session.id,
            path=path,
            rate=heard.rate,
            channels=heard.channels,
            bits=heard.bits,
            frames=heard.frames,
            started=now.astimezone().isoformat(timespec="milliseconds"),
            role=sessions.CONSENT_ROLE,
            sha256=digest,
            bytes=(store.folder / path).stat().st_size,
            metadata={"device": heard.device},
        )
        sessions.add_recording(tx, sound)
        for purpose in allowed:
            consent.give(tx, Consent(id=ConsentId(new_id()), person=person.id, purpose=purpose, allowed=True, evidence=path))

    try:
        store.do(work)
    except BaseException:
        (store.folder / path).unlink(missing_ok=True)
        raise
