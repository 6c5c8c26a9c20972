"""The chart of the International Phonetic Alphabet as data, and finding a symbol by what it is called. Pure; any thread."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fieldapp.writing.tables import read_rows, symbol_of

RECENT_KEPT = 20
_BASE = "\u25cc"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol: where it stands in its chart (`row`, `column`; empty in a plain list) and its names by language."""

    text: str
    group: str
    row: str
    column: str
    names: tuple[tuple[str, str], ...]

    def name(self, language: str) -> str:
        """What it is called; in English where the language has no name for it."""
        named = dict(self.names)
        return named.get(language) or named[""]

    @property
    def shown(self) -> str:
        """What can be looked at: a mark that stands on a letter gets a dotted circle to stand on."""
        return shown(self.text)

    @property
    def codes(self) -> str:
        """Its numbers in Unicode."""
        return " ".join(f"U+{ord(letter):04X}" for letter in self.text)


class Chart:
    """All symbols in the order of the table."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self.symbols = tuple(symbols)
        self._by_text = {symbol.text: symbol for symbol in self.symbols}

    def of(self, group: str) -> list[Symbol]:
        """The symbols of a part."""
        return [symbol for symbol in self.symbols if symbol.group == group]

    def get(self, text: str) -> Symbol | None:
        """The symbol that is this text."""
        return self._by_text.get(text)

    def search(self, sought: str, keys: Iterable[tuple[str, str]] = ()) -> list[Symbol]:
        """Symbols whose name holds every word, in any language; a symbol itself, its number, or the keys that make it come first."""
        words = sought.casefold().split()
        if not words:
            return []
        plain = unicodedata.normalize("NFC", sought.strip())
        typed = {made for pressed, made in keys if pressed == plain}

        def rank(symbol: Symbol) -> int | None:
            if symbol.text == plain or symbol.text in typed or symbol.codes.casefold() == plain.casefold():
                return 0
            names = [name.casefold() for _, name in symbol.names]
            if any(sought.casefold().strip() == name for name in names):
                return 1
            parts = [part for name in names for part in name.replace(",", " ").replace("-", " ").split()]
            if all(any(part.startswith(word) for part in parts) for word in words):
                return 2
            return 3 if any(all(word in name for word in words) for name in names) else None

        ranked = [(found, number) for number, symbol in enumerate(self.symbols) if (found := rank(symbol)) is not None]
        return [self.symbols[number] for _, number in sorted(ranked)]


def shown(text: str) -> str:
    """A text that can be looked at alone: with a dotted circle under marks that have no letter; a tie bar gets two."""
    if not text or not unicodedata.combining(text[0]):
        return text
    return f"{_BASE}{text}{_BASE}" if unicodedata.combining(text[0]) in (233, 234) else f"{_BASE}{text}"


def read_chart(path: Path) -> Chart:
    """The chart in a table with the columns symbol, group, row, column, name and name_LANGUAGE."""
    symbols = []
    for _, row in read_rows(path, ("symbol", "group", "row", "column", "name")):
        names = tuple((heading.removeprefix("name").removeprefix("_"), cell) for heading, cell in row.items() if heading.startswith("name"))
        symbols.append(Symbol(symbol_of(row["symbol"]), row["group"], row["row"], row["column"], names))
    return Chart(symbols)


def with_recent(recent: Sequence[str], used: str) -> tuple[str, ...]:
    """The symbols used last, newest first."""
    return (used, *(text for text in recent if text != used))[:RECENT_KEPT]
