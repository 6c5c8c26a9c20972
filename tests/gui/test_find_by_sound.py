"""The find page asks as the command line does: by meaning and sound, with a voice or a hit; real words of a small fieldbook, heard by the tiny random model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListView, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from fieldapp import cli
from fieldapp.audio.render import Clip
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.widgets.ask_bar import AskBar
from fieldapp.gui.widgets.hits import EVIDENCE, ROLE
from fieldapp.model import Hit, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.store import people, saved, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def speech(dev_data: Path) -> list[Path]:
    return sorted((dev_data / "words" / "en").glob("*.ogg"))[:4]


@pytest.fixture
def model(mini_folder: Path) -> Path:
    return mini_folder


@pytest.fixture
def folder(speech: list[Path], tmp_path: Path) -> Path:
    """Four words, said by two people; nothing is heard yet."""
    made = tmp_path / "book"
    with Store.create(made, "Words") as store:
        sounds = [soundfile.read(path, dtype="float32", always_2d=True) for path in speech]
        rate = sounds[0][1]
        soundfile.write(made / "audio" / "words.flac", np.concatenate([sound.mean(axis=1) for sound, _ in sounds]), rate)
        edges = np.cumsum([0, *(len(sound) for sound, _ in sounds)]).tolist()

        def work(tx: Transaction) -> None:
            session = sessions.ensure_session(tx, "words")
            master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/words.flac", rate=rate, channels=1, bits=16, frames=edges[-1])
            sessions.add_recording(tx, master)
            for number, (start, stop) in enumerate(pairwise(edges)):
                speaker, variety = people.ensure_person(tx, f"W{number % 2}"), people.ensure_variety(tx, "Wu")
                made = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(start, stop), speaker=speaker.id, variety=variety.id)
                segments.add_segments(tx, [made])
                texts.set_text(tx, made.id, "transcription", f"word {number}")

        store.do(work)
    return made


@pytest.fixture
def heard(folder: Path, model: Path) -> Path:
    """The same, heard by an installed model."""
    assert cli.main(["model", "add", str(model)]) == 0
    assert cli.main(["embed", str(folder), "--model", "mini", "--device", "cpu"]) == 0
    return folder


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    made = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def on_find(window: MainWindow, folder: Path) -> None:
    window.desk.open(folder)
    window.show_page("find")


def bar(window: MainWindow) -> AskBar:
    found = window.page.findChild(AskBar)
    assert isinstance(found, AskBar)
    return found


def hits(window: MainWindow) -> QListView:
    found = window.page.findChild(QListView, "hits")
    assert isinstance(found, QListView)
    return found


def shown(window: MainWindow) -> list[Hit]:
    model = hits(window).model()
    return [model.index(row, 0).data(ROLE) for row in range(model.rowCount())]


def evidence(window: MainWindow) -> str:
    return str(hits(window).model().index(0, 0).data(EVIDENCE))


def says(window: MainWindow, words: str) -> bool:
    return any(words in label.text() for label in window.page.findChildren(QLabel) if label.isVisible())


def button(window: MainWindow, text: str) -> QPushButton:
    return next(one for one in window.page.findChildren(QPushButton) if one.text() == text)


def ask_like_word_2(window: MainWindow, qtbot: QtBot) -> None:
    bar(window).field.setText("2")
    qtbot.waitUntil(lambda: [hit.text for hit in shown(window)] == ["word 2"])
    button(window, "More like this").click()
    qtbot.waitUntil(lambda: len(shown(window)) == 3)


def test_the_four_ways_are_seen_and_chosen_by_keyboard(opened: MainWindow, folder: Path) -> None:
    on_find(opened, folder)
    assert [one.text() for one in bar(opened).findChildren(QToolButton) if one.text()][:4] == ["Words", "Meaning", "Sound", "Hybrid"]
    for key, mode in ((Qt.Key.Key_2, "meaning"), (Qt.Key.Key_3, "sound"), (Qt.Key.Key_4, "hybrid"), (Qt.Key.Key_1, "words")):
        QTest.keyClick(opened, key, Qt.KeyboardModifier.AltModifier)
        assert bar(opened).mode == mode
        assert [one.text().lower() for one in bar(opened).findChildren(QToolButton) if one.isChecked()] == [mode]


def test_more_like_a_hit_says_who_why_and_what_the_similarity_is_worth(opened: MainWindow, qtbot: QtBot, heard: Path) -> None:
    on_find(opened, heard)
    ask_like_word_2(opened, qtbot)
    assert bar(opened).mode == "hybrid"
    assert button(opened, "✕  Like “word 2” (W0)").isVisible()
    assert all(hit.speaker and hit.variety == "Wu" for hit in shown(opened))
    assert "by meaning: its sound lies near the query's in meaning · similarity " in evidence(opened)
    assert "by sound: sounds like the query from " in evidence(opened)
    assert "not calibrated yet" in evidence(opened)
    told = str(hits(opened).model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert "meaning of mini@" in told
    assert "1.  by " in told
    assert not hits(opened).grab().isNull()


def test_the_stretch_that_sounds_alike_is_played(opened: MainWindow, qtbot: QtBot, heard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Clip] = []
    on_find(opened, heard)
    monkeypatch.setattr(opened.desk.listening, "play", played.extend)
    ask_like_word_2(opened, qtbot)
    hit = shown(opened)[0]
    button(opened, "▶ Play").click()
    button(opened, "Play what sounds alike").click()
    assert played[0].span == hit.span
    assert hit.span.start <= played[1].span.start < played[1].span.stop <= hit.span.stop


def test_a_dropped_sound_is_a_query_and_can_be_forgotten(opened: MainWindow, qtbot: QtBot, heard: Path, speech: list[Path]) -> None:
    on_find(opened, heard)
    bar(opened).choose("sound")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(speech[1]))])
    drop = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    bar(opened).dropEvent(drop)
    qtbot.waitUntil(lambda: len(shown(opened)) == 4)
    assert shown(opened)[0].text == "word 1"
    next(one for one in opened.page.findChildren(QPushButton) if one.text().startswith("✕  A voice, ")).click()
    assert shown(opened) == []
    assert says(opened, "A search by sound needs a sound")


def test_a_query_that_is_silent_is_a_sentence(opened: MainWindow, qtbot: QtBot, heard: Path, tmp_path: Path) -> None:
    on_find(opened, heard)
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    bar(opened).sounded.emit(tmp_path / "silence.wav")
    qtbot.waitUntil(lambda: says(opened, "The query is silent."))


def test_without_vectors_or_a_model_the_page_says_what_makes_them(opened: MainWindow, qtbot: QtBot, folder: Path, speech: list[Path]) -> None:
    on_find(opened, folder)
    bar(opened).sounded.emit(speech[0])
    qtbot.waitUntil(lambda: says(opened, "fieldapp embed"))
    QTest.keyClick(opened, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    bar(opened).field.setText("sun")
    qtbot.waitUntil(lambda: says(opened, "There is no sentence encoder"))


def test_a_hit_goes_into_the_basket_once(opened: MainWindow, qtbot: QtBot, folder: Path) -> None:
    on_find(opened, folder)
    bar(opened).field.setText("3")
    qtbot.waitUntil(lambda: [hit.text for hit in shown(opened)] == ["word 3"])
    store = opened.desk.store
    assert store is not None
    for said in ("Put into the basket.", "It is in the basket already."):
        with qtbot.waitSignal(opened.desk.said, check_params_cb=lambda _level, text, said=said: text == said):
            button(opened, "Into the basket").click()
    assert saved.basket(store.reader()) == [shown(opened)[0].segment]
