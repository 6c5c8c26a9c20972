"""The file model.bin of CTranslate2: read its table of contents without loading it, and write a selection of it. Any thread.

Every size is checked against the file before anybody believes it: the native loader trusts what it reads.
The form (version 6): version, name and revision of the architecture, variables (name, shape, type, bytes), aliases.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import IO

import numpy as np
from numpy.typing import NDArray

from fieldapp.errors import ModelError

VERSION = 6
FLOAT32, INT8, INT16, INT32, FLOAT16, BFLOAT16 = range(6)
TYPE_BYTES = {FLOAT32: 4, INT8: 1, INT16: 2, INT32: 4, FLOAT16: 2, BFLOAT16: 2}
MOST_VARIABLES = 20_000
MOST_DIMENSIONS = 4
NOTHING: Mapping[str, bytes] = MappingProxyType({})
F32 = NDArray[np.float32]
_NUMPY = {FLOAT32: "<f4", INT8: "i1", INT16: "<i2", INT32: "<i4", FLOAT16: "<f2", BFLOAT16: "<u2"}
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


def read_numbers(path: Path, layout: Layout, name: str) -> F32:
    """One table as 32-bit numbers, whatever format it is kept in."""
    variable = layout.variable(name)
    if variable is None:
        raise ModelError(f"{path} has no table '{name}'.", "It is no model of this kind.")
    with path.open("rb") as file:
        file.seek(variable.at)
        kept = np.frombuffer(file.read(variable.size), _NUMPY[variable.kind]).reshape(variable.shape)
    if variable.kind == BFLOAT16:
        return (kept.astype(np.uint32) << 16).view(np.float32)
    if layout.variable(f"{name}_scale") is None:
        return kept.astype(np.float32)
    scale = read_numbers(path, layout, f"{name}_scale")
    return kept.astype(np.float32) / scale.reshape(-1, *[1] * (kept.ndim - 1))


def write_changed(source: Path, target: Path, layout: Layout, changed: Mapping[str, F32]) -> None:
    """The same model with other numbers in some tables, in the format each was kept in. Everything else stays, bit for bit."""
    made: dict[str, bytes] = {}
    for name, numbers in changed.items():
        variable = layout.variable(name)
        if variable is None or variable.shape != numbers.shape:
            raise ValueError(f"the model has no table '{name}' of the shape {numbers.shape}")
        if variable.kind == INT8:
            rows = np.abs(numbers.reshape(len(numbers), -1)).max(axis=1)
            scale = (127 / np.where(rows == 0, 127, rows)).astype(np.float32)
            made[f"{name}_scale"] = scale.astype("<f4").tobytes()
            made[name] = np.rint(numbers * scale.reshape(-1, *[1] * (numbers.ndim - 1))).astype(np.int8).tobytes()
        elif variable.kind in (FLOAT32, FLOAT16):
            made[name] = numbers.astype(_NUMPY[variable.kind]).tobytes()
        else:
            raise ModelError(f"{source} keeps its numbers in a format that cannot be adapted.", "Convert it again as int8 or float16.")
    _write_replaced(source, target, layout, made)


def encoder_width(path: Path) -> int:
    """How many numbers an encoder state has."""
    positions = read_layout(path).variable("encoder/position_encodings/encodings")
    if positions is None or len(positions.shape) != 2:
        raise ModelError(f"{path} has no encoder.", "Fetch or convert the model again.")
    return positions.shape[1]


def _write_replaced(source: Path, target: Path, layout: Layout, made: Mapping[str, bytes]) -> None:
    """Tables that shared their numbers with a changed one get their own."""
    kept = {variable.name: variable for variable in layout.variables}
    aliases = []
    for alias in layout.aliases:
        shared = layout.variable(alias)
        assert shared is not None  # read_layout has checked it
        if alias in made or shared.name in made:
            kept[alias] = replace(shared, name=alias)
        else:
            aliases.append((alias, shared.name))
    with source.open("rb") as old, target.open("wb") as new:
        _write(old, new, layout, kept.values(), aliases, made)


def _write(
    old: IO[bytes], new: IO[bytes], layout: Layout, variables: Iterable[Variable], aliases: Iterable[tuple[str, str]], made: Mapping[str, bytes] = NOTHING
) -> None:
    listed = sorted(variables, key=lambda variable: variable.name)
    new.write(struct.pack("<I", VERSION) + _text(layout.architecture) + struct.pack("<II", layout.revision, len(listed)))
    for variable in listed:
        shape = struct.pack(f"<B{len(variable.shape)}I", len(variable.shape), *variable.shape)
        new.write(_text(variable.name) + shape + struct.pack("<BI", variable.kind, variable.size))
        if variable.name in made:
            new.write(made[variable.name])
            continue
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
