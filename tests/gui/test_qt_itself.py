"""The window's library itself: a release that miscounts references would end the program after some hours of drawing."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui
CALLS = 1000


def counts() -> tuple[int, ...]:
    return tuple(sys.getrefcount(one) for one in (None, True, False))


def test_calls_into_qt_give_back_the_references_they_took(qtbot: QtBot) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)
    before = counts()
    for _ in range(CALLS):
        label.setText("text")
        label.setVisible(False)
        label.isVisible()
        label.isEnabled()
    assert all(abs(after - then) < CALLS / 2 for then, after in zip(before, counts()))
