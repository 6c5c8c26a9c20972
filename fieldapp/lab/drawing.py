"""Small drawings as SVG, made by hand so that no plotting library is needed: heat maps, curves, trees, points. Pure; any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")
"""Okabe and Ito's colours, which colour-blind readers can tell apart; curves get a dash pattern as a second cue."""
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "10 4", "4 1", "3 6")
_FONT = 'font-family="sans-serif" font-size="12"'
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def heat_map(rows: Sequence[str], columns: Sequence[str], values: Mapping[tuple[str, str], float], title: str) -> str:
    """Shares of 1 as squares with their percentage; light is low."""
    left, top, side = 20 + 8 * max(map(len, rows), default=1), 70, 54
    parts = [_text(10, 20, title, "start", bold=True)]
    for x, column in enumerate(columns):
        parts.append(_text(left + side * x + side / 2, top - 8, _short(column), "middle"))
    for y, row in enumerate(rows):
        parts.append(_text(left - 8, top + side * y + side / 2 + 4, row, "end"))
        for x, column in enumerate(columns):
            value = values.get((row, column))
            colour, ink = _shade(value)
            parts.append(f'<rect x="{left + side * x}" y="{top + side * y}" width="{side - 2}" height="{side - 2}" fill="{colour}"/>')
            if value is not None:
                parts.append(_text(left + side * x + side / 2 - 1, top + side * y + side / 2 + 4, f"{100 * value:.0f}", "middle", ink))
    return _svg(left + side * len(columns) + 20, top + side * len(rows) + 20, parts)


def curves(lines: Mapping[str, Sequence[tuple[float, float]]], title: str, x_title: str, y_title: str, *, band: tuple[float, float] | None = None) -> str:
    """Curves of shares over numbers, with a legend; `band` is a grey stretch (chance)."""
    points = [point for line in lines.values() for point in line]
    low, high = min((x for x, _ in points), default=0.0), max((x for x, _ in points), default=1.0)
    wide, tall, left, top = 480, 280, 60, 50

    def at(x: float, y: float) -> tuple[float, float]:
        return left + wide * (x - low) / ((high - low) or 1), top + tall * (1 - min(1.0, max(0.0, y)))

    parts = [_text(10, 20, title, "start", bold=True), _text(left + wide / 2, top + tall + 38, x_title, "middle"), _text(left, top - 10, y_title, "start")]
    if band:
        upper, lower = at(low, band[1])[1], at(low, band[0])[1]
        parts.append(f'<rect x="{left}" y="{upper:.1f}" width="{wide}" height="{max(1.5, lower - upper):.1f}" fill="#bbbbbb" opacity="0.5"/>')
    for tenth in range(0, 11, 2):
        y = at(low, tenth / 10)[1]
        parts += [f'<line x1="{left}" y1="{y}" x2="{left + wide}" y2="{y}" stroke="#dddddd"/>', _text(left - 6, y + 4, f"{10 * tenth}", "end")]
    for x in sorted({x for x, _ in points}):
        parts.append(_text(at(x, 0)[0], top + tall + 18, f"{x:g}", "middle"))
    for number, (name, line) in enumerate(lines.items()):
        colour, dash = PALETTE[number % len(PALETTE)], DASHES[number % len(DASHES)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in line))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in (at(*point) for point in line)]
        y = top + tall + 60 + 18 * number
        parts.append(f'<line x1="{left}" y1="{y - 4}" x2="{left + 30}" y2="{y - 4}" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        parts.append(_text(left + 38, y, name, "start"))
    return _svg(left + wide + 30, top + tall + 60 + 18 * len(lines), parts)


def bars(values: Mapping[str, float], title: str) -> str:
    """Shares of 1 as bars with their percentage, the longest one as long as the drawing is wide."""
    left, step, wide = 20 + 8 * max(map(len, values), default=1), 30, 360
    longest = max(values.values(), default=0.0) or 1.0
    parts = [_text(10, 20, title, "start", bold=True)]
    for number, (name, value) in enumerate(values.items()):
        y, length = 44 + step * number, wide * max(0.0, value) / longest
        parts.append(_text(left - 8, y + 14, name, "end"))
        parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{step - 10}" fill="{PALETTE[number % len(PALETTE)]}"/>')
        parts.append(_text(left + length + 6, y + 14, f"{100 * value:.1f}", "start"))
    return _svg(left + wide + 60, 60 + step * len(values), parts)


def points(places: Mapping[str, tuple[float, float]], title: str, colours: Mapping[str, str] | None = None) -> str:
    """Names at places of a plane; both axes have one scale."""
    side, edge = 440.0, 60.0
    xs, ys = [x for x, _ in places.values()], [y for _, y in places.values()]
    extent = max(max(xs, default=0) - min(xs, default=0), max(ys, default=0) - min(ys, default=0)) or 1.0
    parts, taken = [_text(10, 20, title, "start", bold=True)], []
    laid = {name: (edge + side * (x - min(xs)) / extent, edge + side * (max(ys) - y) / extent) for name, (x, y) in places.items()}
    for number, (name, (across, down)) in enumerate(laid.items()):
        colour = (colours or {}).get(name, PALETTE[number % len(PALETTE)])
        parts.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="6" fill="{colour}" stroke="#333333"/>')
        taken.append((across - 7, down - 7, across + 7, down + 7))
    for name, place in laid.items():  # above all circles, so that a neighbour hides none
        drawn, box = _beside(name, *place, taken)
        parts.append(drawn)
        taken.append(box)
    return _svg(side + 2 * edge + 120, side + 2 * edge, parts)


def _beside(name: str, across: float, down: float, taken: Sequence[Box]) -> tuple[str, Box]:
    """A name right of its place, else above, below or left of it, wherever it hides least."""
    wide = 7.0 * len(name)
    ways: list[tuple[float, float, str, Box]] = [(across + 9, down + 4, "start", (across + 9, down - 8, across + 9 + wide, down + 8))]
    ways += [(across, down + by, "middle", (across - wide / 2, down + by - 12, across + wide / 2, down + by + 4)) for by in (-12.0, 22.0)]
    ways.append((across - 9, down + 4, "end", (across - 9 - wide, down - 8, across - 9, down + 8)))
    hidden = [sum(_hides(box, other) for other in taken) + 100 * (box[0] < 0) for _, _, _, box in ways]
    x, y, anchor, box = ways[hidden.index(min(hidden))]
    return _text(x, y, name, anchor), box


def _hides(one: Box, other: Box) -> float:
    """How much of a plane two boxes share."""
    return max(0.0, min(one[2], other[2]) - max(one[0], other[0])) * max(0.0, min(one[3], other[3]) - max(one[1], other[1]))


def tree(forks: Sequence[tuple[tuple[float, float, float], tuple[float, float, float], float]], leaves: Mapping[str, float], title: str) -> str:
    """A dendrogram. A fork is its two children (place, own height, support or -1) and its height; leaves have places 0, 1, 2 ..."""
    wide, step, top = 380.0, 26.0, 60.0
    highest = max((height for _, _, height in forks), default=1.0) or 1.0

    def across(height: float) -> float:
        return 20 + wide * (1 - height / highest)

    parts = [_text(10, 20, title, "start", bold=True)]
    for one, other, height in forks:
        ends = [(place, own, support) for place, own, support in (one, other)]
        up, down = top + step * ends[0][0], top + step * ends[1][0]
        parts.append(f'<line x1="{across(height):.1f}" y1="{up:.1f}" x2="{across(height):.1f}" y2="{down:.1f}" stroke="#333333"/>')
        for place, own, support in ends:
            y = top + step * place
            parts.append(f'<line x1="{across(height):.1f}" y1="{y:.1f}" x2="{across(own):.1f}" y2="{y:.1f}" stroke="#333333"/>')
            if support >= 0:
                parts.append(_text(across(own) - 3, y - 4, f"{100 * support:.0f}", "end", "#0072b2"))
    for name, place in leaves.items():
        parts.append(_text(26 + wide, top + step * place + 4, name, "start"))
    return _svg(wide + 60 + 9 * max(map(len, leaves), default=1), top + step * len(leaves) + 10, parts)


def _shade(value: float | None) -> tuple[str, str]:
    """A fill from white to deep blue and a letter colour that can be read on it."""
    if value is None:
        return "#eeeeee", "#000000"
    share = min(1.0, max(0.0, value))
    red, green, blue = (round(255 + (end - 255) * share) for end in (8, 48, 107))
    return f"#{red:02x}{green:02x}{blue:02x}", "#ffffff" if share > 0.5 else "#000000"


def _short(name: str) -> str:
    return name if len(name) <= 8 else f"{name[:7]}…"


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#000000", *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {_FONT}{weight}>{escape(text)}</text>'


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    inside = "\n".join(parts)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<rect width="100%" height="100%" fill="#ffffff"/>\n{inside}\n</svg>\n'
