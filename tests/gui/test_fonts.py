"""Fonts: letters with several marks are one thing in the font that is really used, scripts get fonts of their own, a missing one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo
from PySide6.QtWidgets import QApplication, QComboBox, QLabel
from pytestqt.qtbot import QtBot

from fieldapp.gui.desk import Desk
from fieldapp.gui.fonts import STACKED, Fonts, broken, clusters, falls_apart, ink
from fieldapp.gui.main_window import MainWindow
from fieldapp.gui.pages.review import ThePage
from fieldapp.gui.review.lines import Line, Text
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.theme import LIGHT, dress
from fieldapp.gui.widgets.font_box import FontBox
from fieldapp.gui.widgets.tier_rows import TierRows
from fieldapp.gui.widgets.timeline import Timeline
from fieldapp.model import Span
from fieldapp.settings import Settings, load
from fieldapp.writing.scripts import families

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("qapp")]


def needs(*wanted: str) -> None:
    if missing := set(wanted) - set(QFontDatabase.families()):
        pytest.skip(f"not installed: {', '.join(sorted(missing))} (installers/setup.sh brings them)")


def font_of(tier: str, **chosen: str) -> QFont:
    return Fonts(chosen).of(tier, QFont())


@pytest.mark.parametrize("tier", ["transcription", "ipa", "translation", ""])
@pytest.mark.parametrize("letter", STACKED)
def test_a_letter_with_several_marks_is_one_thing_in_the_font_of_every_tier(tier: str, letter: str) -> None:
    needs("Charis SIL", "Noto Sans")
    font = font_of(tier)
    assert falls_apart(letter, font) == ""
    assert clusters(letter + letter, font) == [letter, letter]
    assert {glyph.family for glyph in ink(letter, font)} <= {"Charis SIL", "Noto Sans"}


def test_words_of_tlicho_move_letter_by_letter() -> None:
    needs("Charis SIL")
    assert clusters("Tłı̨chǫ ą̀", font_of("ipa")) == ["T", "ł", "ı̨", "c", "h", "ǫ", " ", "ą̀"]


def test_fonts_that_do_not_stack_are_found_out() -> None:
    needs("DejaVu Sans", "Noto Sans CJK SC")
    plain = QFont()
    plain.setFamilies(["DejaVu Sans"])
    assert {falls_apart(letter, plain) for letter in broken(plain)} == {"on each other"}
    plain.setFamilies(["Noto Sans CJK SC"])
    assert falls_apart("ɔ̃̀", plain) == "fonts"


@given(st.text(st.sampled_from("aɔ̃̀太شم𝄞 "), max_size=12))
def test_steps_of_the_cursor_are_the_whole_text(text: str) -> None:
    assert "".join(clusters(text, font_of("ipa"))) == text


def test_each_script_of_a_line_is_written_in_its_own_font() -> None:
    needs("Charis SIL", "Noto Sans CJK SC", "Noto Sans CJK HK", "Noto Naskh Arabic")
    font = font_of("ipa")
    for text, family in (("tʰɑ̃", "Charis SIL"), ("太阳", "Noto Sans CJK SC"), ("شمس", "Noto Naskh Arabic")):
        assert {glyph.family for glyph in ink(f"{text}", font)} == {family}
    assert {glyph.family for glyph in ink("嘅", font_of("ipa", Han="Noto Sans CJK HK"))} == {"Noto Sans CJK HK"}
    assert {glyph.family for glyph in ink("sun", font_of("translation"))} == {"Noto Sans"}


def test_rows_of_the_tiers_are_high_enough_for_the_font_of_every_tier(qtbot: QtBot) -> None:
    needs("Charis SIL")
    shown = Shown()
    shown.show([Line("s", "r", Span(0, 100), 10, texts={"ipa": Text("ɛ̃́̀"), "translation": Text("sun")})])
    rows = TierRows(Timeline(10, 100), LIGHT)
    qtbot.addWidget(rows)
    rows.follow(shown)
    rows.timeline.resize(400)
    rows.resize(400, rows.sizeHint().height())
    before = rows.row_height()
    rows.set_fonts(Fonts({"ipa": "Noto Nastaliq Urdu"} if "Noto Nastaliq Urdu" in QFontDatabase.families() else {}))
    assert rows.row_height() >= before
    assert not rows.grab().isNull()


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before = application.font()
    made = MainWindow(Desk(Settings(language="en", fonts=("note=No Such Font",)), tmp_path / "settings.json"))
    qtbot.addWidget(made)
    made.show()
    made.desk.create(tmp_path / "book", "book")
    made.show_page("review")
    yield made
    made.close()
    dress(application, "light", 100)
    application.setFont(before)


def test_a_font_chosen_for_a_tier_is_used_at_once_and_kept(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    needs("Noto Serif")
    page = window.page
    assert isinstance(page, ThePage)
    window.actions_table.action("review.fonts").trigger()
    box = page.findChild(FontBox)
    assert isinstance(box, FontBox)
    qtbot.waitUntil(lambda: not window.desk.jobs.busy)
    choices = {one.accessibleName(): one for one in box.findChildren(QComboBox)}
    assert "No Such Font (not there now)" in [choices["Note"].itemText(at) for at in range(choices["Note"].count())]
    page.shown.set_tier("translation")
    assert QFontInfo(page.stage.field.font()).family() != "Noto Serif"
    choices["Translation"].setCurrentIndex(choices["Translation"].findData("Noto Serif"))
    choices["Translation"].activated.emit(choices["Translation"].currentIndex())
    assert QFontInfo(page.stage.field.font()).family() == "Noto Serif"
    assert page.stage.tiers.fonts.of("translation", QFont()).families()[0] == "Noto Serif"
    qtbot.waitUntil(lambda: load(tmp_path / "settings.json")[0].fonts == ("note=No Such Font", "translation=Noto Serif"))


def test_a_font_that_does_not_stack_says_so_where_it_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    needs("DejaVu Sans", "Charis SIL")
    window.actions_table.action("review.fonts").trigger()
    box = window.page.findChild(FontBox)
    assert isinstance(box, FontBox)
    qtbot.waitUntil(lambda: not window.desk.jobs.busy)
    choice = next(one for one in box.findChildren(QComboBox) if one.accessibleName() == "IPA")

    def warned() -> list[str]:
        return [label.text() for label in box.findChildren(QLabel) if "Does not hold" in label.text()]

    assert warned() == []
    choice.addItem("DejaVu Sans", "DejaVu Sans")
    choice.setCurrentIndex(choice.findData("DejaVu Sans"))
    choice.activated.emit(choice.currentIndex())
    assert len(warned()) == 1
    assert "ɛ̃́̀" in warned()[0]


def test_the_whole_window_uses_the_font_chosen_for_a_script() -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before = application.font()
    dress(application, "light", 100, {"Han": "My Han"})
    assert application.font().families()[: len(families("", {"Han": "My Han"}))] == families("", {"Han": "My Han"})
    application.setFont(before)
