"""The table of segments in step with the rest of the review page: what is chosen, typed, and how wide it is. GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QSplitter

from fieldapp.gui.desk import Desk
from fieldapp.gui.review.lines import Line
from fieldapp.gui.review.shown import Shown
from fieldapp.gui.review.typing import Typing
from fieldapp.gui.review.writing import Writing
from fieldapp.gui.widgets.review_side import ReviewSide
from fieldapp.settings import kept, pairs

LIST, TABLE = "side:list", "side:table"
"""Under these names the widths of the side are kept in pixels, beside those of columns."""
USUAL_PX = {LIST: 312, TABLE: 540}
UNKNOWN_PX = 1280
USUAL_SHARE = {LIST: 0.35, TABLE: 0.55}
LARGE_SHARE = 0.4
"""On a large screen the table has more."""
MOST = 0.75
USUAL_TEXT_PX = 18
"""The height of a line of text those widths were made for."""


class Tabling(QObject):
    """`go_on` is called when a text of the table was confirmed."""

    def __init__(self, desk: Desk, shown: Shown, side: ReviewSide, split: QSplitter, typing: Typing, writing: Writing) -> None:
        super().__init__(side)
        self._desk, self._shown, self._side, self._split, self._typing = desk, shown, side, split, typing
        self._table = side.table
        self.go_on: Callable[[], None] = lambda: None
        self._moved: dict[str, str] = {}
        self._table.rows.latest = typing.latest
        self._table.keyboard_of = writing.keyboard_of
        self._table.chosen.connect(lambda segment: shown.choose(shown.place(segment)))
        self._table.tier_chosen.connect(shown.set_tier)
        self._table.typed.connect(self._on_typed)
        self._table.widths_changed.connect(self._keep_widths)
        shown.tier_chosen.connect(self.show)
        shown.chosen.connect(lambda segment: self._table.mark(segment, shown.tier))
        side.view_changed.connect(self._on_view)
        split.splitterMoved.connect(self._on_moved)
        self._on_view()

    @Slot()
    def show(self, *, fresh: bool = False) -> None:
        """The lines as they are now; `fresh` for those of another recording."""
        store, line = self._desk.store, self._shown.line
        self._table.rows.writable = store is not None and not store.read_only
        self._table.show_lines(self._shown.lines, self._shown.tier, line.segment if line is not None else "", fresh=fresh)

    def dress(self) -> None:
        """Another theme, other fonts, another size of text."""
        self._table.dress(self._desk.colours, self._desk.fonts, {name: float(wide) for name, wide in self._widths().items() if _is_number(wide)})

    @Slot(object, str, str, bool)
    def _on_typed(self, line: Line, tier: str, text: str, confirmed: bool) -> None:
        self._typing.put(line, tier, text, self._shown.language(tier), confirmed=confirmed)
        if confirmed:
            self.go_on()

    def _widths(self) -> dict[str, str]:
        return pairs(self._desk.settings.table_widths)

    @Slot()
    def _on_view(self) -> None:
        """List and table are as wide as each was left."""
        name = TABLE if self._side.shown == "table" else LIST
        wanted = self._widths().get(name, "")
        whole = self._split.width() if self._split.isVisible() else UNKNOWN_PX
        usual = min(USUAL_PX[name] * self._side.fontMetrics().height() / USUAL_TEXT_PX, USUAL_SHARE[name] * whole)
        if name == TABLE:
            usual = max(usual, LARGE_SHARE * whole)
        wide = min(float(wanted), MOST * whole) if _is_number(wanted) else usual
        self._split.setSizes([round(wide), round(whole - wide)])

    @Slot(int, int)
    def _on_moved(self, wide: int, _number: int) -> None:
        self._moved[TABLE if self._side.shown == "table" else LIST] = str(wide)
        self._table.keep_widths_soon()

    @Slot()
    def _keep_widths(self) -> None:
        columns = {name: str(wide) for name, wide in self._table.widths.items()}
        self._desk.change_settings(replace(self._desk.settings, table_widths=kept({**self._widths(), **columns, **self._moved})))
        self._moved.clear()


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()
