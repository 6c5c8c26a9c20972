"""What is spoken into the microphone on the find page is looked for in the fieldbook, and its sound is not kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
import soxr
from PySide6.QtWidgets import QListView, QPushButton
from pytestqt.qtbot import QtBot
from speech.sounds import real_speech

from e2e.virtual_mic import VirtualMic
from fieldapp.cli import main
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.widgets.ask_bar import AskBar
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.speech.random_whisper import make
from fieldapp.store import segments, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = [pytest.mark.gui, pytest.mark.e2e, pytest.mark.slow]
RATE, SECONDS = 16_000, 3


def heard_book(folder: Path, speech: Path, model: Path) -> None:
    """One segment of real speech with its vectors."""
    with Store.create(folder, "book") as store:
        (folder / "audio" / "talk.wav").write_bytes(speech.read_bytes())

        def work(tx: Transaction) -> None:
            session = sessions.ensure_session(tx, "talk")
            length = RATE * SECONDS
            master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/talk.wav", rate=RATE, channels=1, bits=16, frames=length)
            sessions.add_recording(tx, master)
            segments.add_segments(tx, [Segment(id=SegmentId(new_id()), recording=master.id, span=Span(0, length))])

        store.do(work)
    assert main(["model", "add", str(model), "--name", "mini"]) == 0
    assert main(["embed", str(folder), "--model", "mini", "--device", "cpu"]) == 0


def test_a_spoken_query_finds_what_sounds_like_it(virtual_mic: VirtualMic, qtbot: QtBot, tmp_path: Path, dev_data: Path) -> None:
    talk = real_speech(dev_data, 1)[0][: RATE * SECONDS]
    soundfile.write(tmp_path / "talk.wav", talk, RATE)
    soundfile.write(tmp_path / "said.wav", soxr.resample(talk, RATE, 48_000), 48_000)
    heard_book(tmp_path / "book", tmp_path / "talk.wav", make(tmp_path / "mini"))
    window = MainWindow(Desk(Settings(model="mini"), tmp_path / "settings.json"))
    qtbot.addWidget(window)
    window.desk.open(tmp_path / "book")
    window.show()
    window.show_page("find")
    bar, hits = window.page.findChild(AskBar), window.page.findChild(QListView, "hits")
    assert isinstance(bar, AskBar)
    assert isinstance(hits, QListView)
    with qtbot.waitSignal(bar.recording.levels, timeout=30_000):
        window.actions_table.action("find.speak").trigger()
    assert any(one.text() == "Speak now; press again to end" for one in bar.findChildren(QPushButton))
    virtual_mic.play(tmp_path / "said.wav")
    qtbot.wait(SECONDS * 1000)
    with qtbot.waitSignal(bar.sounded, timeout=30_000) as sounded:
        window.actions_table.action("find.speak").trigger()
    qtbot.waitUntil(lambda: hits.model().rowCount() == 1, timeout=30_000)
    assert bar.mode == "hybrid"
    assert any(one.text() == "Speak" for one in bar.findChildren(QPushButton))
    assert not sounded.args[0].exists()
    window.close()
