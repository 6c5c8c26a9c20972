"""Which font a tier is written in, and whether letters with several marks hold together in a font. GUI thread.

A font cannot be asked whether it stacks marks, so the check lays text out with the very font and looks where the ink lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QTextLayout

from fieldapp.writing.scripts import families

STACKED = ("ą̀", "ı̨̀", "ɔ̃̀", "ʔ̰̃", "ẽ̞̀", "ɹ̩̊̃", "i̯̯", "t̪̚", "ɛ̃́̀", "s̪̬̩")
"""Letters with marks as linguists of many languages write them; each is one letter to whoever reads it."""
MEASURED_PX = 100
MOST_SHARED = 0.2
MOST_ON_LETTER = 0.6
BESIDE_EM = 0.25


class Fonts:
    """The fonts of the tiers as a person chose them, a family by tier or script."""

    def __init__(self, chosen: Mapping[str, str]) -> None:
        self._chosen = dict(chosen)
        self._made: dict[tuple[str, str], QFont] = {}

    def of(self, tier: str, base: QFont) -> QFont:
        """The font of a tier in the size and weight of another."""
        place = tier, base.key()
        if place not in self._made:
            self._made[place] = QFont(base)
            self._made[place].setFamilies(families(tier, self._chosen))
        return self._made[place]


@dataclass(frozen=True, slots=True)
class Ink:
    """One glyph: from which font, whether that font has it, where its ink lies."""

    family: str
    there: bool
    area: QRectF


def clusters(text: str, font: QFont) -> list[str]:
    """The text in steps of the cursor, as it moves in this font."""
    layout = _laid_out(text, font)
    places = [0]
    units = text.encode("utf-16-le")
    while places[-1] < len(units) // 2:
        places.append(max(layout.nextCursorPosition(places[-1]), places[-1] + 1))
    return [units[2 * start : 2 * stop].decode("utf-16-le") for start, stop in pairwise(places)]


def ink(text: str, font: QFont) -> list[Ink]:
    """Every glyph of a text, from left to right as they are drawn."""
    return list(_glyphs(_laid_out(text, font)))


def falls_apart(letter: str, font: QFont) -> str:
    """Why a letter with its marks is not one thing in a font: `cursor`, `fonts`, `missing`, `beside`, `on each other`; empty when it is."""
    big = QFont(font)
    big.setPixelSize(MEASURED_PX)
    glyphs = ink(letter, big)
    if clusters(letter, big) != [letter]:
        return "cursor"
    if not all(glyph.there for glyph in glyphs):
        return "missing"
    if len({glyph.family for glyph in glyphs}) > 1:
        return "fonts"
    base, marks = glyphs[0].area, [glyph.area for glyph in glyphs[1:]]
    reach = base.adjusted(-BESIDE_EM * MEASURED_PX, 0, BESIDE_EM * MEASURED_PX, 0)
    if any(not reach.left() <= mark.center().x() <= reach.right() for mark in marks):
        return "beside"
    if any(_shared(one, other) > MOST_SHARED for one, other in combinations(marks, 2)) or any(_shared(mark, base) > MOST_ON_LETTER for mark in marks):
        return "on each other"
    return ""


def broken(font: QFont, letters: Iterable[str] = STACKED) -> list[str]:
    """The letters that do not hold together in a font."""
    return [letter for letter in letters if falls_apart(letter, font)]


def _laid_out(text: str, font: QFont) -> QTextLayout:
    layout = QTextLayout(text, font)
    layout.beginLayout()
    layout.createLine().setLineWidth(1e6)
    layout.endLayout()
    return layout


def _glyphs(layout: QTextLayout) -> Iterator[Ink]:
    for run in layout.glyphRuns():
        raw = run.rawFont()
        for index, place in zip(run.glyphIndexes(), run.positions(), strict=True):
            yield Ink(raw.familyName(), index != 0, raw.pathForGlyph(index).boundingRect().translated(place))


def _shared(one: QRectF, other: QRectF) -> float:
    """How much of the smaller area both have in common."""
    both = one.intersected(other)
    smaller = min(one.width() * one.height(), other.width() * other.height())
    return both.width() * both.height() / smaller if smaller else 0.0
