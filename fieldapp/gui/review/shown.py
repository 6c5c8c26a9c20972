"""What all widgets of the review page look at: the lines of the open recording, the current one, the current tier. GUI thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, Signal

from fieldapp.gui.review.lines import TIERS, Line, Lines
from fieldapp.model import Span

WHOLE = "whole"
"""Dragged like an edge: the segment itself, by so many frames."""


class Shown(QObject):
    """The lines of the open recording, the current one, and the boundary that is being dragged."""

    changed = Signal()
    chosen = Signal(str)
    tier_chosen = Signal(str)
    edge_dropped = Signal(str, str, int, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines = Lines.of(())
        self.current = -1
        self.tier = TIERS[0]
        self.drag: tuple[str, str, int] | None = None

    def show(self, found: Sequence[Line]) -> None:
        """Other lines; the current segment stays the current one, or the one now standing where it was."""
        before = self.line
        self.lines = found if isinstance(found, Lines) else Lines.of(found)
        same = self.lines.places.get(before.segment) if before is not None else None
        place = same if same is not None else self.at(before.span.start) if before is not None else -1
        self.current = place if place >= 0 else min(max(self.current, 0), len(found) - 1)
        self.changed.emit()

    @property
    def line(self) -> Line | None:
        """The current line."""
        return self.lines[self.current] if 0 <= self.current < len(self.lines) else None

    def place(self, segment: str) -> int:
        """Where a segment stands; -1 when it is not there."""
        return self.lines.places.get(segment, -1)

    def choose(self, place: int) -> None:
        """Make a line the current one."""
        if 0 <= place < len(self.lines) and place != self.current:
            self.current = place
            self.changed.emit()
            self.chosen.emit(self.lines[place].segment)

    def set_tier(self, tier: str) -> None:
        """Make a tier the current one."""
        if tier != self.tier:
            self.tier = tier
            self.changed.emit()
            self.tier_chosen.emit(tier)

    def drag_edge(self, drag: tuple[str, str, int] | None) -> None:
        """Show a boundary where the mouse holds it."""
        self.drag = drag
        self.changed.emit()

    def span_of(self, line: Line) -> Span:
        """Its span, with what is being dragged where it is now."""
        if self.drag is None or self.drag[0] != line.segment:
            return line.span
        _, edge, frame = self.drag
        if edge == WHOLE:
            shift = max(frame, -line.span.start)
            return Span(line.span.start + shift, line.span.stop + shift)
        return Span(min(frame, line.span.stop), line.span.stop) if edge == "start" else Span(line.span.start, max(frame, line.span.start))

    def visible(self, span: Span) -> range:
        """Places of the lines that may share a frame with a span."""
        first = int(np.searchsorted(self.lines.reach, span.start, side="right"))
        return range(first, max(first, int(np.searchsorted(self.lines.starts, span.stop))))

    def at(self, frame: int) -> int:
        """The latest line that holds a frame, else the last one that starts before it; -1 when there is none."""
        last = int(np.searchsorted(self.lines.starts, frame, side="right")) - 1
        near = self.visible(Span(frame, frame + 1))
        holding = np.flatnonzero(self.lines.stops[near.start : near.stop] > frame)
        return near.start + int(holding[-1]) if len(holding) else last

    def unchecked_after(self, place: int) -> int:
        """The next line to check; -1 when there is none after this one."""
        later = np.flatnonzero(self.lines.to_check[place + 1 :])
        return place + 1 + int(later[0]) if len(later) else -1

    def language(self, tier: str) -> str:
        """The language this tier is mostly in, for a text that is new."""
        near = self.lines[max(0, self.current - 200) : self.current + 200]
        found = Counter(line.texts[tier].language for line in near if tier in line.texts)
        return found.most_common(1)[0][0] if found else ""
