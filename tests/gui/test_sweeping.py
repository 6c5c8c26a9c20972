"""Who collects Python's garbage while a window is there: the thread of the window, whoever made it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from pytestqt.qtbot import QtBot

from fieldapp.gui import sweeping
from fieldapp.gui.sweeping import YOUNG, Sweeper

pytestmark = pytest.mark.gui


class Ring:
    """Something that only the collector can let go of."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def sweeper(qapp: QCoreApplication) -> Iterator[Sweeper]:
    owner = QObject()
    yield Sweeper(owner)
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(owner, QEvent.Type.DeferredDelete)
    assert gc.isenabled()
    assert not gc.get_freeze_count()


def test_what_another_thread_leaves_behind_goes_in_the_windows_own(qtbot: QtBot, sweeper: Sweeper) -> None:
    went: list[threading.Thread] = []
    kept: list[list[int]] = []

    def make() -> None:
        ring = Ring()
        weakref.finalize(ring, lambda: went.append(threading.current_thread()))
        del ring
        kept.extend([] for _ in range(20 * YOUNG))

    other = threading.Thread(target=make)
    other.start()
    other.join()
    assert went == []
    qtbot.waitUntil(lambda: went == [threading.main_thread()])


def test_old_garbage_goes_when_everything_is_looked_through(sweeper: Sweeper) -> None:
    ring = Ring()
    went = weakref.ref(ring)
    gc.collect(1)  # it has survived its youth
    del ring
    gc.collect(1)
    assert went() is not None
    sweeper.sweep_all()
    assert went() is None


def test_what_was_put_aside_goes_when_everything_is_looked_through(qtbot: QtBot, sweeper: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "LONG_S", 0.0)  # every collecting takes long
    before = gc.get_freeze_count()
    ring = Ring()
    went = weakref.ref(ring)
    kept = [[number] for number in range(2 * YOUNG)]
    qtbot.waitUntil(lambda: gc.get_freeze_count() >= before + len(kept))
    del ring
    gc.collect()
    assert went() is not None
    sweeper.sweep_all()
    assert went() is None
