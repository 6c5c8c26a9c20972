"""Fonts of tiers and scripts: what each is written in, how it looks, and whether letters with several marks hold together. GUI thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from fieldapp.doctor.fonts import Covered, able, listed
from fieldapp.gui.desk import Desk
from fieldapp.gui.fonts import STACKED, broken
from fieldapp.gui.review.lines import TIERS
from fieldapp.gui.theme import set_role
from fieldapp.gui.tiers import tier_name
from fieldapp.gui.words import say
from fieldapp.settings import kept, pairs
from fieldapp.writing.scripts import IPA, SCRIPTS, SPEECH_TIERS, Script, families

SAMPLE = "tʰɑ̃˥˩ ɔ̃̀ ẽ̞̀ t̪͡s̪ 太阳 شمس"


class FontBox(QDialog):
    """What is chosen counts at once. Never modal."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._covered: Covered | None = None
        self._chosen = pairs(desk.settings.fonts)
        self._rows: dict[str, tuple[QComboBox, QLabel]] = {}
        self.setWindowTitle(say("Fonts"))
        inside = QWidget(self)
        inside.setObjectName("inside")
        self._grid = QGridLayout(inside)
        self._grid.setColumnStretch(2, 1)
        self._grid.setHorizontalSpacing(12)
        self._heading(say("Tiers"))
        for tier in TIERS:
            self._row(tier, tier_name(tier))
        self._heading(say("Scripts"))
        for script in SCRIPTS:
            self._row(script.name, script_name(script))
        scrolled = QScrollArea(self)
        scrolled.setWidgetResizable(True)
        scrolled.setWidget(inside)
        column = QVBoxLayout(self)
        column.addWidget(scrolled)
        self.resize(760, 560)
        self._offer()
        desk.run(lambda _: listed(), self._on_listed)

    def _heading(self, text: str) -> None:
        label = QLabel(text, self)
        label.setProperty("role", "heading")
        self._grid.addWidget(label, self._grid.rowCount(), 0, 1, 3)

    def _row(self, key: str, name: str) -> None:
        label, choice, shown = QLabel(name, self), QComboBox(self), QLabel(self)
        choice.setAccessibleName(name)
        choice.view().setAccessibleName(name)
        choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        choice.setMinimumContentsLength(22)
        choice.activated.connect(lambda _, key=key: self._on_chosen(key))
        label.setBuddy(choice)
        shown.setWordWrap(True)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        at = self._grid.rowCount()
        for number, widget in enumerate((label, choice, shown)):
            self._grid.addWidget(widget, at, number)
        self._rows[key] = choice, shown

    def _on_listed(self, covered: Covered | None) -> None:
        self._covered = covered
        self._offer()

    def _offer(self) -> None:
        """What can be chosen for each, as far as it is known which font has which letters."""
        every = [family for family in QFontDatabase.families() if not QFontDatabase.isPrivateFamily(family)]
        scripts = {script.name: script for script in SCRIPTS}
        for key, (choice, _) in self._rows.items():
            script = scripts.get(key) or (scripts[IPA] if key in SPEECH_TIERS else None)
            names = every if script is None or self._covered is None else [name for name in able(self._covered, script) if name in every]
            self._fill(choice, names, self._chosen.get(key, ""))
            self._show(key)

    def _fill(self, choice: QComboBox, names: Iterable[str], chosen: str) -> None:
        choice.clear()
        choice.addItem(say("chosen by Fieldapp"), "")
        for name in names:
            choice.addItem(name, name)
        if chosen and choice.findData(chosen) < 0:
            choice.addItem(say("{name} (not there now)", name=chosen), chosen)
        choice.setCurrentIndex(max(0, choice.findData(chosen)))

    def _on_chosen(self, key: str) -> None:
        self._chosen = {**self._chosen, key: str(self._rows[key][0].currentData() or "")}
        self._desk.change_settings(replace(self._desk.settings, fonts=kept(self._chosen)))
        self._chosen = pairs(self._desk.settings.fonts)
        for row in self._rows:
            self._show(row)

    def _show(self, key: str) -> None:
        """How it looks, or what is missing."""
        shown = self._rows[key][1]
        script = next((one for one in SCRIPTS if one.name == key), None)
        if script is not None and self._covered is not None and not able(self._covered, script):
            shown.setText(say("No font shows it. Install one (Debian: {package}).", package=script.package))
            set_role(shown, "look")
            return
        font = self._font(key if script is None else SPEECH_TIERS[0] if key == IPA else "")
        apart = broken(font, STACKED) if key in SPEECH_TIERS or key == IPA else []
        shown.setFont(font)
        sample = script.letters if script is not None and key != IPA else SAMPLE
        shown.setText(sample + ("\n" + say("Does not hold these together: {letters}", letters=" ".join(apart)) if apart else ""))
        set_role(shown, "look" if apart else "plain")

    def _font(self, tier: str) -> QFont:
        """What a text of this tier is really written in, a little larger."""
        font = QFont(self.font())
        font.setPixelSize(round(QFontInfo(self.font()).pixelSize() * 1.25))
        font.setFamilies(families(tier, self._chosen))
        return font


def script_name(script: Script) -> str:
    """A script as a person calls it."""
    named = {
        "IPA": say("Phonetic (IPA)"), "Arabic": say("Arabic"), "Armenian": say("Armenian"), "Bengali": say("Bengali"), "Burmese": say("Burmese"),
        "Cyrillic": say("Cyrillic"), "Devanagari": say("Devanagari"), "Ethiopic": say("Ethiopic"), "Georgian": say("Georgian"), "Greek": say("Greek"),
        "Hebrew": say("Hebrew"), "Khmer": say("Khmer"), "Lao": say("Lao"), "Tamil": say("Tamil"), "Thai": say("Thai"), "Tibetan": say("Tibetan"),
        "Yi": say("Yi"), "Han": say("Chinese characters"), "Hangul": say("Hangul"), "Kana": say("Kana"),
    }  # fmt: skip
    return named[script.name]
