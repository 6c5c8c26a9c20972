"""Actions are data: unique, without clashing shortcuts, and only possible where they make sense."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from fieldapp.gui.actions import DEEDS, Actions, Deed, clashes

pytestmark = pytest.mark.gui


def test_every_id_is_there_once() -> None:
    assert len({d.id for d in DEEDS}) == len(DEEDS)


def test_no_two_actions_share_keys() -> None:
    assert clashes(DEEDS, {}) == []


def test_a_changed_shortcut_that_clashes_is_found() -> None:
    assert clashes(DEEDS, {"undo": "Ctrl+O"}) == [("open", "undo")]


def test_the_same_keys_on_two_pages_do_not_clash() -> None:
    assert clashes([Deed("a", "A", "Space", page="record"), Deed("b", "B", "Space", page="review")], {}) == []


def test_actions_fire_only_where_and_when_they_may(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    done: list[str] = []
    actions = Actions(owner, {"close": "Ctrl+F4"})
    actions.add(DEEDS, done.append)
    actions.enable(frozenset(), "start")
    actions.action("undo").trigger()
    assert done == []
    actions.enable(frozenset({"writable"}), "review")
    actions.action("undo").trigger()
    assert done == ["undo"]
    assert actions.action("close").shortcut().toString() == "Ctrl+F4"
