"""What is said into the microphone stands as a draft in the window, and in the fieldbook when it stops."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
import soxr
from pytestqt.qtbot import QtBot
from speech.sounds import real_speech

from e2e.recorders import recorder_ends_with
from e2e.virtual_mic import VirtualMic
from fieldapp import paths
from fieldapp.cli import main
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.record import ThePage
from fieldapp.gui.recording import Wanted
from fieldapp.gui.widgets.live_lines import LiveLines
from fieldapp.settings import Settings
from fieldapp.speech.random_whisper import make
from fieldapp.store.rows import ANNOTATION

pytestmark = [pytest.mark.gui, pytest.mark.e2e, pytest.mark.slow]


def test_drafts_are_shown_while_somebody_speaks(virtual_mic: VirtualMic, qtbot: QtBot, tmp_path: Path, dev_data: Path) -> None:
    assert main(["model", "add", str(make(tmp_path / "mini")), "--name", "mini"]) == 0
    assert (paths.models() / "mini").is_dir()
    soundfile.write(tmp_path / "talk.wav", soxr.resample(real_speech(dev_data, 1)[0][: 16_000 * 4], 16_000, 48_000), 48_000)
    with recorder_ends_with(tmp_path / "book"):
        window = MainWindow(Desk(Settings(model="mini", spoken_language="en"), tmp_path / "settings.json"))
        qtbot.addWidget(window)
        window.desk.create(tmp_path / "book", "book")
        window.show()
        window.show_page("record")
        page = window.page
        assert isinstance(page, ThePage)
        page.recording.start(Wanted(speaker="W1"))
        qtbot.waitUntil(lambda: page.recording.session is not None, timeout=30_000)
        virtual_mic.play(tmp_path / "talk.wav")
        lines = page.findChild(LiveLines)
        assert lines is not None
        qtbot.waitUntil(lambda: len(lines.accessibleDescription().split("\n")) > 2, timeout=30_000)
        assert lines.isVisible()
        shown = lines.accessibleDescription().split("\n")[0]
        window.actions_table.action("record.stop").trigger()
        qtbot.waitUntil(lambda: page.recording.session is None and not page.recording.busy, timeout=30_000)
        assert window.desk.store is not None
        kept = [text.text for text in ANNOTATION.each(window.desk.store.reader())]
        window.close()
    assert shown in kept
