"""How text is typed on the review page: keyboard and font of each tier, and the chooser of phonetic symbols. GUI thread; tables are read in the background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QFont

from fieldapp import paths
from fieldapp.gui.desk import Desk
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.widgets.review_stage import ReviewStage
from fieldapp.gui.widgets.symbol_chooser import SymbolChooser
from fieldapp.gui.words import language_of, say, tell
from fieldapp.settings import kept, pairs
from fieldapp.writing.chart import Chart, read_chart, with_recent
from fieldapp.writing.keyboards import Keyboard, read_keyboards
from fieldapp.writing.scripts import families


@dataclass(frozen=True, slots=True)
class _Tables:
    keyboards: Mapping[str, Keyboard]
    problems: list[str]
    chart: Chart


class Writing(QObject):
    """What the settings say about tiers and symbols, brought to the stage and back."""

    def __init__(self, desk: Desk, shown: Shown, stage: ReviewStage) -> None:
        super().__init__(stage)
        self._desk, self._shown, self._stage = desk, shown, stage
        self._tables: _Tables | None = None
        self._chooser: SymbolChooser | None = None
        self._recent = desk.settings.recent_symbols
        stage.keyboard_chosen.connect(self.choose_keyboard)
        shown.changed.connect(self._on_tier)
        self._tier = ""
        desk.settings_changed.connect(self.show_fonts)
        desk.run(lambda _: _read(), self._on_tables)

    @property
    def keyboard(self) -> Keyboard | None:
        """The one of the current tier."""
        return self.keyboard_of(self._shown.tier)

    def keyboard_of(self, tier: str) -> Keyboard | None:
        """The one a tier is typed with."""
        name = pairs(self._desk.settings.keyboards).get(tier, "")
        return self._tables.keyboards.get(name) if self._tables is not None else None

    @Slot(str)
    def choose_keyboard(self, name: str) -> None:
        """Type the current tier with a keyboard; without one when the name is empty."""
        chosen = {**pairs(self._desk.settings.keyboards), self._shown.tier: name}
        self._desk.change_settings(replace(self._desk.settings, keyboards=kept(chosen)))
        self._show_keyboard()

    def next_keyboard(self) -> None:
        """The next one for the current tier; after the last comes none."""
        if self._tables is None:
            return
        names = ["", *self._tables.keyboards]
        now = self.keyboard.name if self.keyboard is not None else ""
        self.choose_keyboard(names[(names.index(now) + 1) % len(names)])
        keyboard = self.keyboard
        self._desk.say(say("This tier is typed with the keyboard {name}.", name=keyboard.name) if keyboard else say("This tier is typed as the keys are."))
        self._stage.field.setFocus()

    def toggle_symbols(self) -> None:
        """Show the symbols, or put them away."""
        if self._tables is None:
            return
        if self._chooser is None:
            self._chooser = SymbolChooser(self._tables.chart, _code(self._desk))
            self._chooser.chosen.connect(self.insert)
            self._chooser.closed.connect(self._on_closed)
            self._stage.add_panel(self._chooser, high=True)
        if self._chooser.isVisible():
            self._chooser.leave()
        else:
            self._stage.make_room(needed=True)
            self._chooser.dress(families("ipa", pairs(self._desk.settings.fonts)))
            self._chooser.open(self._recent, self.keyboard)

    @Slot(str)
    def insert(self, text: str) -> None:
        """Put a symbol at the cursor and remember it."""
        if not self._stage.field.isEnabled():
            return
        self._stage.field.insertPlainText(text)
        self._stage.field.ensureCursorVisible()
        self._recent = with_recent(self._recent, text)

    @Slot()
    def _on_closed(self) -> None:
        if self._recent != self._desk.settings.recent_symbols:
            self._desk.change_settings(replace(self._desk.settings, recent_symbols=self._recent))
        self._stage.make_room(needed=False)
        self._stage.field.setFocus()

    @Slot()
    def _on_tier(self) -> None:
        if self._shown.tier != self._tier:
            self._tier = self._shown.tier
            self._show_keyboard()
            self.show_fonts()

    @Slot()
    def show_fonts(self) -> None:
        """The text in the field looks like that of its tier."""
        font = QFont()
        font.setFamilies(families(self._shown.tier, pairs(self._desk.settings.fonts)))
        self._stage.field.setFont(font)

    def choose_fonts(self) -> None:
        """Show what is written in which font."""
        from fieldapp.gui.widgets.font_box import FontBox  # noqa: PLC0415  (seldom wanted)

        box = FontBox(self._desk, self._stage)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.show()

    def _on_tables(self, tables: _Tables) -> None:
        self._tables = tables
        for problem in tables.problems[:1]:  # the rest when this one is mended
            self._desk.say(tell(problem), "look")
        self._stage.offer_keyboards(list(tables.keyboards))
        self._show_keyboard()

    def _show_keyboard(self) -> None:
        keyboard = self.keyboard
        self._stage.show_keyboard(keyboard.name if keyboard is not None else "")
        self._stage.field.use_keyboard(keyboard)


def _read() -> _Tables:
    keyboards, problems = read_keyboards([paths.resource("keyboards"), paths.config() / "keyboards"])
    return _Tables(keyboards, problems, read_chart(paths.resource("ipa", "symbols.tsv")))


def _code(desk: Desk) -> str:
    return language_of(desk.settings.language)
