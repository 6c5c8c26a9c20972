"""The file model.bin of CTranslate2: read its table of contents without loading it, and write a selection of it. Any thread.

Every size is checked against the file before anybody believes it: the native loader trusts what it reads.
The form (version 6): version, name and revision of the architecture, variables (name, shape, type, bytes), aliases.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fieldapp.errors import ModelError

VERSION = 6
TYPE_BYTES = {0: 4, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2}  # float32, int8, int16, int32, float16, bfloat16
MOST_VARIABLES = 20_000
MOST_DIMENSIONS = 4
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Variable:
    """One table of numbers and where its bytes lie in the file."""

    name: str
    shape: tuple[int, ...]
    kind: int
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What is in the file. `aliases` are further names of variables."""

    architecture: str
    revision: int
    variables: tuple[Variable, ...]
    aliases: dict[str, str]

    def layers(self, part: str) -> int:
        """How many layers a part (`encoder`, `decoder`) has."""
        start = f"{part}/layer_"
        names = [*(v.name for v in self.variables), *self.aliases]
        return len({name[len(start) :].split("/")[0] for name in names if name.startswith(start) and name[len(start)].isdigit()})

    def variable(self, name: str) -> Variable | None:
        """The variable of this name or alias."""
        for _ in range(len(self.aliases) + 1):
            if name not in self.aliases:
                break
            name = self.aliases[name]
        return next((v for v in self.variables if v.name == name), None)


def read_layout(path: Path) -> Layout:
    """The table of contents of a model.bin; ModelError when it does not fit the file."""
    try:
        with path.open("rb") as file:
            return _Reader(file, path).layout()
    except OSError as trouble:
        raise ModelError(f"{path} cannot be read: {trouble.strerror}.", "Check the folder.") from trouble


def write_selection(source: Path, target: Path, layout: Layout, wanted: Callable[[str], bool]) -> None:
    """Write the variables and aliases whose names are `wanted`. What a wanted alias points at is written under the alias if need be."""
    moved: dict[str, str] = {}  # a variable that goes, whose numbers live on under another name
    aliases: list[tuple[str, str]] = []
    kept = [variable for variable in layout.variables if wanted(variable.name)]
    names = {variable.name for variable in kept}
    for alias in filter(wanted, layout.aliases):
        variable = layout.variable(alias)
        assert variable is not None  # read_layout has checked it
        if variable.name in names:
            aliases.append((alias, variable.name))
        elif variable.name in moved:
            aliases.append((alias, moved[variable.name]))
        else:
            moved[variable.name] = alias
            kept.append(Variable(alias, variable.shape, variable.kind, variable.at, variable.size))
    with source.open("rb") as old, target.open("wb") as new:
        _write(old, new, layout, kept, aliases)


def encoder_width(path: Path) -> int:
    """How many numbers an encoder state has."""
    positions = read_layout(path).variable("encoder/position_encodings/encodings")
    if positions is None or len(positions.shape) != 2:
        raise ModelError(f"{path} has no encoder.", "Fetch or convert the model again.")
    return positions.shape[1]


def _write(old: IO[bytes], new: IO[bytes], layout: Layout, variables: Iterable[Variable], aliases: Iterable[tuple[str, str]]) -> None:
    listed = sorted(variables, key=lambda variable: variable.name)
    new.write(struct.pack("<I", VERSION) + _text(layout.architecture) + struct.pack("<II", layout.revision, len(listed)))
    for variable in listed:
        shape = struct.pack(f"<B{len(variable.shape)}I", len(variable.shape), *variable.shape)
        new.write(_text(variable.name) + shape + struct.pack("<BI", variable.kind, variable.size))
        old.seek(variable.at)
        left = variable.size
        while left:
            chunk = old.read(min(left, _CHUNK))
            new.write(chunk)
            left -= len(chunk)
    pairs = sorted(aliases)
    new.write(struct.pack("<I", len(pairs)) + b"".join(_text(alias) + _text(name) for alias, name in pairs))


def _text(text: str) -> bytes:
    data = text.encode() + b"\0"
    return struct.pack("<H", len(data)) + data


class _Reader:
    """Reads forward and refuses at the first thing that does not fit."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._size = file.seek(0, 2)
        file.seek(0)

    def layout(self) -> Layout:
        version = self._number()
        if version != VERSION:
            raise self._wrong(f"its version is {version}, not {VERSION}")
        architecture, revision, count = self._text(), self._number(), self._number()
        if count > MOST_VARIABLES:
            raise self._wrong(f"it claims {count} variables")
        variables = tuple(self._variable() for _ in range(count))
        names = {variable.name for variable in variables}
        pairs = self._number()
        if pairs > MOST_VARIABLES:
            raise self._wrong(f"it claims {pairs} aliases")
        aliases = {self._text(): self._text() for _ in range(pairs)}
        if self._file.tell() != self._size:
            raise self._wrong("something follows its end")
        if len(names) != count or len(aliases) != pairs or names & aliases.keys():
            raise self._wrong("a name stands in it twice")
        layout = Layout(architecture, revision, variables, aliases)
        if any(layout.variable(alias) is None for alias in aliases):
            raise self._wrong("a name in it points at nothing")
        return layout

    def _variable(self) -> Variable:
        name = self._text()
        dimensions = self._bytes(1)[0]
        if dimensions > MOST_DIMENSIONS:
            raise self._wrong(f"'{name[:60]}' has {dimensions} dimensions")
        shape = struct.unpack(f"<{dimensions}I", self._bytes(4 * dimensions))
        kind, size = self._bytes(1)[0], self._number()
        if kind not in TYPE_BYTES or math.prod(shape) * TYPE_BYTES[kind] != size:
            raise self._wrong(f"the size of '{name[:60]}' does not fit its shape")
        at = self._file.tell()
        if at + size > self._size:
            raise self._wrong("it is cut off")
        self._file.seek(size, 1)
        return Variable(name, shape, kind, at, size)

    def _number(self) -> int:
        return int(struct.unpack("<I", self._bytes(4))[0])

    def _text(self) -> str:
        data = self._bytes(struct.unpack("<H", self._bytes(2))[0])
        try:
            return data.rstrip(b"\0").decode("ascii")
        except UnicodeDecodeError:
            raise self._wrong("a name in it is no text") from None

    def _bytes(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise self._wrong("it is cut off")
        return data

    def _wrong(self, why: str) -> ModelError:
        return ModelError(f"{self._path} is no usable CTranslate2 model: {why}.", "Fetch or convert the model again.")
