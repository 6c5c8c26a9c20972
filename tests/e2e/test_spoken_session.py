"""A whole session in the real window on a virtual screen: prompts are answered aloud into a virtual microphone, keys and a mouse do the rest.

Ten prompts with a redo, a skip and an unplugged microphone; then review, correction and export. What counts is what lies on the disk.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from e2e.recorders import recorder_ends_with, until
from e2e.test_real_window import keys, screen
from e2e.virtual_mic import VirtualMic
from fieldapp import paths
from fieldapp.audio.growing import GrowingMaster
from fieldapp.prompts import read_prompts
from fieldapp.store import texts
from fieldapp.store.rows import EVENT, RECORDING, SEGMENT
from fieldapp.store.store import Store

pytestmark = [pytest.mark.gui, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]
__all__ = ["screen"]
PROMPTS, AGAIN, SKIPPED, UNPLUGGED = 10, 3, 5, 7
PATIENCE_S = 90.0
WAVE = (800, 150)
"""Where the sound of Review is drawn at 1280x800."""


def say(word: str, path: Path) -> Path:
    """Somebody says a word."""
    subprocess.run(["espeak-ng", "-v", "en", "-w", str(path), word], check=True, timeout=60)
    return path


class Book:
    """What is on the disk while the window works."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def happened(self) -> list[str]:
        """What the keys did."""
        with Store.open(self.folder, read_only=True) as store:
            return [event.kind for event in EVENT.each(store.reader(), "1 ORDER BY frame, pk")]

    def events(self, kind: str) -> int:
        """How often something happened."""
        return self.happened().count(kind)

    def frames(self) -> int:
        """Recorded by now, gaps included."""
        with Store.open(self.folder, read_only=True) as store:
            masters = list(RECORDING.each(store.reader()))
        return GrowingMaster(self.folder / masters[0].path.removesuffix(".wav")).frames if masters else 0

    def texts(self) -> list[str]:
        """What a person confirmed, in the order of the segments."""
        with Store.open(self.folder, read_only=True) as store:
            db = store.reader()
            found = [one for segment in SEGMENT.each(db, "1 ORDER BY start") for one in texts.texts(db, segment.id)]
        return [one.text for one in found if one.state == "confirmed"]

    def closed(self) -> bool:
        with Store.open(self.folder, read_only=True) as store:
            return bool(list(SEGMENT.each(store.reader())))


def waits(book: Book, until_true: Callable[[], object]) -> None:
    """Until something is true; if it never is, what happened is told."""
    try:
        until(until_true, PATIENCE_S)
    except AssertionError as trouble:
        raise AssertionError(f"{trouble}; {book.happened()}, {book.texts()}") from trouble


def record(window: dict[str, str], mic: VirtualMic, book: Book, tmp_path: Path) -> None:
    words = [item.text for item in read_prompts(paths.resource("promptlists", "swadesh-100.csv")).items[:PROMPTS]]
    keys(window, "ctrl+2", "=W1", "Tab", "=Wu", "Tab", "Down", "ctrl+r")
    waits(book, lambda: book.events("prompt") == 1)
    for number, word in enumerate(words, 1):
        if number == UNPLUGGED:
            parts = len(list((book.folder / "audio").glob("*.wav")))
            mic.unplug()
            time.sleep(1.5)
            mic.replug()
            waits(book, lambda parts=parts: len(list((book.folder / "audio").glob("*.wav"))) > parts)  # type: ignore[misc]
        for key in {AGAIN: ("r", "space"), SKIPPED: ("s",)}.get(number, ("space",)):
            enough = book.frames() + 24_000
            if key != "s":
                mic.play(say(word, tmp_path / "said.wav")).wait()
            waits(book, lambda enough=enough: book.frames() > enough)  # type: ignore[misc]
            keys(window, key)
        waits(book, lambda number=number: book.events("prompt") == number + 1)  # type: ignore[misc]
    keys(window, "ctrl+period")
    waits(book, book.closed)


def review(window: dict[str, str], book: Book) -> None:
    keys(window, "ctrl+3")
    time.sleep(2)
    for number in range(PROMPTS):
        keys(window, "ctrl+a", f"=answer {number}", "Return", breath=0.1)  # in place of what the machine wrote, if it wrote anything
        waits(book, lambda number=number: len(book.texts()) == number + 1)  # type: ignore[misc]
    subprocess.run(["xdotool", "mousemove", *map(str, WAVE), "click", "1"], env=window, check=True, timeout=20)
    keys(window, "ctrl+a", "=mended", "Return")
    waits(book, lambda: "mended" in book.texts())


def export(window: dict[str, str], written: Path) -> None:
    keys(window, "ctrl+6", "Down", "Down", "Down", "Tab", "Tab", "Down", "Down", "Down", "Down", "ctrl+Return")
    until(written.is_file, PATIENCE_S)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng, which answers aloud, is not installed")
def test_ten_prompts_are_answered_aloud_reviewed_corrected_and_exported(virtual_mic: VirtualMic, screen: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "Suzhou"
    Store.create(folder, "Suzhou").close()
    with recorder_ends_with(folder):
        window = subprocess.Popen([sys.executable, "-m", "fieldapp", str(folder)], env=screen)
        try:
            seek = ["xdotool", "search", "--onlyvisible", "--name", "Suzhou"]
            shown = until(lambda: subprocess.run(seek, env=screen, capture_output=True, text=True, timeout=20, check=False).stdout.split("\n")[0], PATIENCE_S)
            subprocess.run(["xdotool", "windowfocus", shown], env=screen, check=True, timeout=20)
            time.sleep(1)
            record(screen, virtual_mic, Book(folder), tmp_path)
            review(screen, Book(folder))
            export(screen, tmp_path / "Suzhou-export" / "segments.csv")
            keys(screen, "ctrl+q")
            assert window.wait(60) == 0
        finally:
            if window.poll() is None:
                window.kill()
                window.wait(20)
    with Store.open(folder, read_only=True) as store:
        db = store.reader()
        masters = sorted(RECORDING.each(db), key=lambda one: one.first_frame)
        found = [(segment.take, segment.state, segment.span) for segment in SEGMENT.each(db, "1 ORDER BY start")]
        happened = [event.kind for event in EVENT.each(db, "1 ORDER BY frame")]
    assert [happened.count(kind) for kind in ("take", "redo", "skip", "gap")] == [PROMPTS - 1, 1, 1, 1]
    assert len(masters) == 2
    sound = np.zeros(masters[-1].first_frame + masters[-1].frames, np.float32)
    for master in masters:
        heard = soundfile.read(folder / master.path, dtype="float32", always_2d=True)[0][:, 0]
        assert len(heard) == master.frames
        sound[master.first_frame : master.first_frame + master.frames] = heard
    assert [(take, state) for take, state, _ in found] == [(2 if number == AGAIN else 1, "checked") for number in range(PROMPTS)]
    assert all(np.abs(sound[span.start : span.stop]).max() > 0.05 for _, _, span in found), "a take without the voice"
    with (tmp_path / "Suzhou-export" / "segments.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row["transcription"] for row in csv.DictReader(file)]
    assert len(rows) == PROMPTS
    assert "mended" in rows
    assert sum(row.startswith("answer ") for row in rows) == PROMPTS - 1
