"""Everybody can use every page: each thing one can operate has a name for screen readers, the tabulator reaches it, and no two shortcuts of a page clash."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)  # fmt: skip
from pytestqt.qtbot import QtBot

from fieldapp.gui import pages
from fieldapp.gui.actions import DEEDS, Deed, clashes
from fieldapp.gui.desk import Desk
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages import PAGES
from fieldapp.gui.widgets import mic_panel
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.settings import Settings
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

pytestmark = pytest.mark.gui
OPERATED = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QTabBar, QTextEdit)


def fill(tx: Transaction) -> None:
    session = sessions.ensure_session(tx, "S")
    master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S.wav", rate=16000, channels=1, bits=16, frames=64000)
    sessions.add_recording(tx, master)
    speaker = people.ensure_person(tx, "W1")
    people.ensure_variety(tx, "Wu")
    made = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(0, 16000), speaker=speaker.id)
    segments.add_segments(tx, [made])
    texts.set_text(tx, made.id, "transcription", "word")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(mic_panel, "fresh_devices", lambda: {"input": []})
    with Store.create(tmp_path / "book", "book") as store:
        soundfile.write(tmp_path / "book" / "audio" / "S.wav", np.zeros(64000, np.int16), 16000)
        store.do(fill)
    made = MainWindow(Desk(Settings(language="en"), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    made.desk.open(tmp_path / "book")
    yield made
    made.close()


def operated(page: QWidget) -> list[QWidget]:
    """What a person operates on a page, as it is now."""
    found = [one for one in page.findChildren(QWidget) if isinstance(one, OPERATED) and one.isVisible() and one.isEnabled()]
    return [one for one in found if not isinstance(one, QScrollBar) and not one.objectName().startswith("qt_") and not isinstance(one.parent(), QComboBox)]


def chain_of(window: QWidget) -> set[QWidget]:
    """Everything the tabulator comes by."""
    chain: set[QWidget] = set()
    at: QWidget | None = window
    while at is not None and at not in chain:
        chain.add(at)
        at = at.nextInFocusChain()
    return chain


def told(widget: QWidget) -> str:
    return f"{type(widget).__name__} in {type(widget.parent()).__name__}: {widget.toolTip()}"


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_everything_one_operates_has_a_name(window: MainWindow, name: str) -> None:
    window.show_page(name)
    nameless = [told(one) for one in operated(window) if not one.accessibleName() and not (isinstance(one, QAbstractButton) and one.text())]
    assert not nameless


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_the_tabulator_reaches_everything(window: MainWindow, name: str) -> None:
    window.show_page(name)
    QApplication.processEvents()
    chain = chain_of(window)
    lost = [told(one) for one in operated(window.page) if one not in chain or not (one.focusPolicy() & Qt.FocusPolicy.TabFocus)]
    assert not lost


def test_no_two_shortcuts_clash_on_any_page() -> None:
    every = [*DEEDS, *(Deed(f"page.{entry.name}", entry.title, entry.keys) for entry in PAGES)]
    for entry in PAGES:
        every += importlib.import_module(entry.module).ThePage.DEEDS
    assert clashes(every, {}) == []
    assert len({deed.id for deed in every}) == len(every)


def test_every_page_has_its_own_icon() -> None:
    icons = Path(pages.__file__).parents[3] / "resources" / "icons"
    assert not [entry.name for entry in PAGES if not (icons / f"{entry.name}.svg").is_file()]
