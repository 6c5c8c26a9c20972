"""While recording, the neighbours of what was said last are seen, and a doubt until it is dismissed."""

from __future__ import annotations

from pathlib import Path

import pytest
from finding.test_live import MEANINGS, planned, said_now
from finding.toybook import RATE, toy
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from fieldapp.finding.finder import Finder
from fieldapp.finding.live import neighbours
from fieldapp.gui.widgets.nearby_lines import NearbyLines
from fieldapp.model import Span
from fieldapp.session.nearby import NearbyLook

pytestmark = pytest.mark.gui


def seen(lines: NearbyLines) -> list[str]:
    return [label.text() for label in lines.findChildren(QLabel) if label.isVisibleTo(lines)]


def test_neighbours_and_a_doubt_are_seen_and_go_again(qtbot: QtBot, tmp_path: Path) -> None:
    with (book := toy(tmp_path / "book", range(MEANINGS), range(4))).store, Finder(book.store) as finder:
        segment = said_now(book, planned(book)[0], 5, Span(0, RATE))
        found = neighbours(finder, segment.id, "m4")
        lines = NearbyLines(248)
        qtbot.addWidget(lines)
        lines.show_nearby(None)
        assert lines.isHidden()
        lines.show_nearby(NearbyLook(segment, found.matches, found.doubt))
        assert not lines.isHidden()
        assert "sounds like 'm5', not 'm4'" in seen(lines)[0]
        assert seen(lines)[0].endswith("I: it was the right one.")
        assert "Who else said this" in seen(lines)
        assert len(seen(lines)) == 2 + 4
        lines.show_nearby(NearbyLook(segment, found.matches))
        assert seen(lines)[0] == "Who else said this"
        lines.show_nearby(NearbyLook())
        assert lines.isHidden()
