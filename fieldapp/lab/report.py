"""What an experiment hands back: a report a linguist understands, tables, pictures, and the numbers behind them. Pure; any thread.

A report says what was asked, of what (n, chance), what came out, and what speaks against believing it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Cell = str | int | float | None

TEXT, COUNT, PERCENT, NUMBER, P, TIME = "text", "count", "percent", "number", "p", "time"
"""How cells are written. What was timed (milliseconds) is no result of an experiment: a repetition may differ in it."""
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", **{letter: "\\" + letter for letter in "&%$#_{}"}}


@dataclass(frozen=True, slots=True)
class Column:
    """One column and how its cells are written: a percentage is kept as a share of 1."""

    name: str
    form: str = TEXT

    def shown(self, cell: Cell) -> str:
        """A cell as a person reads it."""
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return "-"
        if self.form == PERCENT:
            return f"{100 * float(cell):.1f}"
        if self.form in (NUMBER, TIME):
            return f"{float(cell):.3f}"
        if self.form == P:
            return f"{float(cell):.4f}" if float(cell) >= 0.0005 else "<.0005"
        return str(cell)

    @property
    def title(self) -> str:
        """The name with its unit."""
        return f"{self.name} %" if self.form == PERCENT else self.name


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind. `name` becomes a file name."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def text(self, most: int = 60) -> str:
        """Aligned columns; of a long table the first rows."""
        lines = [[column.title for column in self.columns], *([c.shown(cell) for c, cell in zip(self.columns, row)] for row in self.rows[:most])]
        wide = [max(_width(line[at]) for line in lines) for at in range(len(self.columns))]
        left = [column.form == TEXT for column in self.columns]
        shown = ["  ".join(_padded(text, width, to_left=to_left) for text, width, to_left in zip(line, wide, left)).rstrip() for line in lines]
        more = [f"... and {len(self.rows) - most} more rows"] if len(self.rows) > most else []
        return "\n".join([self.title, *shown, *more])

    def csv(self) -> str:
        """The table for a spreadsheet; shares stay shares."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerows([["" if cell is None else _unharmful(cell) for cell in row] for row in self.rows])
        return out.getvalue()

    def latex(self) -> str:
        """The table for a paper (package booktabs)."""
        form = "".join("l" if column.form == TEXT else "r" for column in self.columns)
        head = " & ".join(_tex(column.title) for column in self.columns)
        body = "\n".join(" & ".join(_tex(c.shown(cell)) for c, cell in zip(self.columns, row)) + r" \\" for row in self.rows)
        return f"% {self.title}\n\\begin{{tabular}}{{{form}}}\n\\toprule\n{head} \\\\\n\\midrule\n{body}\n\\bottomrule\n\\end{{tabular}}\n"


PASSED, FAILED = "pass: what was asked is shown here", "FAIL: what was asked is not shown here; that may lie in few items, see n and the intervals"


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure that a verdict rests on, as a share of 1; an interval or a chance that does not exist is None."""

    what: str
    value: float
    low: float | None
    high: float | None
    n: int
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """One experiment. `about` says with what it was done (model, items, seed).

    `passed` is the verdict of an acceptance test, where there is one, and `measured` are the figures it rests on.
    """

    bench: str
    asked: str
    about: Mapping[str, Any]
    result: tuple[str, ...]
    doubt: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    passed: bool | None = None
    measured: tuple[Measured, ...] = ()

    def text(self) -> str:
        """The report."""
        of = [f"{name}: {value}" for name, value in self.about.items()]
        parts = [("Asked", (self.asked,)), ("Of", of), ("Result", self.result), ("Doubt", self.doubt)]
        told = [_paragraph(name, lines) for name, lines in parts if lines]
        verdict = [] if self.passed is None else [f"{'Verdict':<8}{PASSED if self.passed else FAILED}"]
        return "\n\n".join(["\n".join([*told, *verdict]), *(table.text() for table in self.tables)])

    def json(self) -> dict[str, Any]:
        """Everything, as one JSON document."""
        return asdict(self) | {"tables": [asdict(table) for table in self.tables]}


def study_from(values: Mapping[str, Any]) -> Study:
    """A kept study again."""
    tables = tuple(
        Table(table["name"], table["title"], tuple(Column(c["name"], c["form"]) for c in table["columns"]), tuple(tuple(row) for row in table["rows"]))
        for table in values["tables"]
    )
    given = {name: values[name] for name in ("bench", "asked", "about", "pictures", "files", "data", "passed")}
    measured = tuple(Measured(**one) for one in values.get("measured", ()))
    return Study(**given, result=tuple(values["result"]), doubt=tuple(values["doubt"]), tables=tables, measured=measured)


def _paragraph(name: str, lines: Sequence[str]) -> str:
    return "\n".join(f"{name if not number else '':<8}{line}" for number, line in enumerate(lines))


def _width(text: str) -> int:
    """Columns on a terminal: Han characters take two."""
    return sum(2 if 0x1100 <= ord(letter) <= 0x115F or 0x2E80 <= ord(letter) <= 0xFF60 or ord(letter) >= 0x20000 else 1 for letter in text)


def _padded(text: str, width: int, *, to_left: bool) -> str:
    air = " " * (width - _width(text))
    return text + air if to_left else air + text


def _unharmful(cell: Cell) -> Cell:
    """A text that a spreadsheet would calculate gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" else cell


def _tex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
