"""Keyboards: keys as typed become symbols, always the longest that fits; what a key changed can be seen and taken back. Pure; any thread.

A keyboard is a table with the columns `keys` and `symbol`, one file each, named as the person will see it. Those that come with
Fieldapp lie in `resources/keyboards`; a file of the same name in the person's own folder takes the place of one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fieldapp.errors import FieldError
from fieldapp.writing.tables import read_rows, symbol_of

LONGEST_KEYS = 16


@dataclass(frozen=True, slots=True)
class Keyboard:
    """What keys stand for. `problems` tells, in sentences, which lines of its file could not be used."""

    name: str
    table: Mapping[str, str]
    problems: tuple[str, ...] = ()
    _beginnings: frozenset[str] = field(init=False, repr=False)
    _longest: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_beginnings", frozenset(keys[:size] for keys in self.table for size in range(1, len(keys))))
        object.__setattr__(self, "_longest", max((len(keys) for keys in self.table), default=1))

    def pieces(self, keys: str) -> list[tuple[str, str]]:
        """Keys and what stands for them, from the left, the longest first; a key that means nothing is itself."""
        found, at = [], 0
        while at < len(keys):
            sizes = range(min(self._longest, len(keys) - at), 0, -1)
            size = next((size for size in sizes if keys[at : at + size] in self.table), 0)
            piece = keys[at : at + max(1, size)]
            found.append((piece, self.table.get(piece, piece)))
            at += len(piece)
        return found

    def convert(self, keys: str) -> str:
        """What typing all of these keys makes."""
        return "".join(symbol for _, symbol in self.pieces(keys))

    def may_grow(self, keys: str) -> bool:
        """Whether another key could make a longer piece that begins where these do."""
        return keys in self._beginnings

    def keys_of(self, symbol: str) -> str:
        """The shortest keys that make a symbol; empty where none do."""
        return min((keys for keys, made in self.table.items() if made == symbol), key=lambda keys: (len(keys), keys), default="")


@dataclass(frozen=True, slots=True)
class Change:
    """What a key does to the text before the cursor: `removed` stands there and goes, `inserted` comes."""

    removed: str
    inserted: str


class Typist:
    """One typing on a keyboard, key by key. Whoever moves the cursor or changes the text otherwise calls `forget`."""

    def __init__(self, keyboard: Keyboard) -> None:
        self.keyboard = keyboard
        self._open: list[tuple[str, str]] = []
        self._made: tuple[str, str] | None = None

    def press(self, key: str) -> Change:
        """A key was pressed."""
        before = "".join(symbol for _, symbol in self._open)
        self._open = self.keyboard.pieces("".join(keys for keys, _ in self._open) + key)
        after = "".join(symbol for _, symbol in self._open)
        last = self._open[-1] if self._open else ("", "")
        self._made = last if last[0] != last[1] else None
        while self._open and not self.keyboard.may_grow("".join(keys for keys, _ in self._open)):
            del self._open[0]  # no key to come can change it any more
        same = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), min(len(before), len(after)))
        return Change(before[same:], after[same:])

    def back(self) -> Change | None:
        """Backspace: a symbol that was just made becomes the keys it was made of, which then stay as they are. None: an ordinary Backspace."""
        made = self._made
        self.forget()
        return Change(made[1], made[0]) if made is not None else None

    def forget(self) -> None:
        """What is typed next begins anew."""
        self._open, self._made = [], None


def read_keyboard(path: Path) -> Keyboard:
    """The keyboard in a file; lines that cannot be used are left out and named."""
    table: dict[str, str] = {}
    problems = []
    for number, row in read_rows(path, ("keys", "symbol")):
        keys, symbol, why = row.get("keys", ""), symbol_of(row.get("symbol", "")), ""
        if not keys or not symbol:
            why = "keys and symbol must both be there."
        elif len(keys) > LONGEST_KEYS or not keys.isprintable():
            why = f"keys are {LONGEST_KEYS} printable characters at most."
        elif keys in table:
            why = f"the keys {keys} are there twice; the first counts."
        else:
            table[keys] = symbol
        if why:
            sentence = f"{path.name}, line {number}: {why}"
            problems.append(sentence)
    return Keyboard(path.stem, table, tuple(problems))


def read_keyboards(folders: Iterable[Path]) -> tuple[dict[str, Keyboard], list[str]]:
    """Every keyboard by name, the last folder's where several have it, and what could not be read, in sentences."""
    found: dict[str, Keyboard] = {}
    problems: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.tsv")):
            problems += _taken(path, found)
    return found, problems


def _taken(path: Path, found: dict[str, Keyboard]) -> tuple[str, ...]:
    try:
        read = read_keyboard(path)
    except FieldError as trouble:
        return (str(trouble),)
    found[read.name] = read
    return read.problems
