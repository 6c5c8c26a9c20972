"""Colours that can be read by everybody."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QTextEdit
from pytestqt.qtbot import QtBot

from fieldapp.gui.theme import DARK, LIGHT, Colours, contrast, style_sheet

pytestmark = pytest.mark.gui


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(theme: Colours) -> None:
    for ground in (theme.window, theme.panel, theme.raised, theme.stage):
        for ink in (theme.text, theme.muted, theme.accent, theme.red):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
    for ink, ground in ((theme.on_accent, theme.accent), (theme.on_red, theme.red), (theme.amber, theme.amber_soft), (theme.accent, theme.accent_soft)):
        assert contrast(ink, ground) >= 4.5, (ink, ground)


def test_contrast_of_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", [QLineEdit, QComboBox, QPlainTextEdit, QTextEdit])
def test_what_stands_in_an_empty_field_can_be_read(qtbot: QtBot, theme: Colours, kind: Any) -> None:
    field = kind()
    qtbot.addWidget(field)
    words = field
    if isinstance(field, QComboBox):
        field.setEditable(True)
        words = field.lineEdit()
    words.setPlaceholderText("the language or dialect")
    field.setStyleSheet(style_sheet(theme, 100))
    field.resize(300, 60)
    image = field.grab().toImage()
    inside = Counter(image.pixelColor(x, y).name() for x in range(14, 200) for y in range(6, 54))
    assert max(contrast(ink, theme.panel) for ink in inside) >= 4.5
