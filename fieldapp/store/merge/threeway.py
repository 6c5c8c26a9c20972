"""Two versions of one row and, where it is known, the version both came from: what only one side changed is taken, what both changed is disputed.

Pure. Objects in JSON columns are compared key by key. Some columns say one thing together (a text and who confirmed it), and go together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
UNCOMPARED = ("pk", "created", "changed")
_OBJECTS = ("metadata", "quality", "gloss", "value", "parameters", "result")
_TOGETHER: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "annotation": (("text", "language", "source", "state", "confidence", "run"),),
    "segment": (("start", "stop"), ("state", "source")),
    "variety": (("latitude", "longitude"),),
}


@dataclass(frozen=True, slots=True)
class Dispute:
    """One field that both sides changed; `base` is None where nobody knows what it was."""

    field: str
    base: Any
    ours: Any
    theirs: Any


def same(table: str, one: Row, other: Row) -> bool:
    """Whether two versions say the same; where a recording lies is each fieldbook's own affair."""
    return all(one[name] == other[name] for name in one.keys() & other.keys() if name not in UNCOMPARED and (table, name) != ("recording", "path"))


def weigh(table: str, base: Row | None, ours: Row, theirs: Row) -> tuple[Row, list[Dispute]]:
    """What to take over from theirs, and what is disputed. Without a base everything that differs is."""
    pieces = [_pieces(table, row) for row in (base or {}, ours, theirs)]
    taken: dict[str, Any] = {}
    disputed: list[Dispute] = []
    for group in _groups(table, pieces[1].keys() | pieces[2].keys()):
        was, here, there = ({name: piece.get(name) for name in group} for piece in pieces)
        if here == there or (base is not None and there == was):
            continue
        if base is not None and here == was:
            taken |= there
        else:
            disputed += [Dispute(name, was[name], here[name], there[name]) for name in group if here[name] != there[name]]
    return together(taken, ours), disputed


def together(pieces: Mapping[str, Any], row: Row) -> Row:
    """Pieces as columns again; keys of an object go into what `row` has there."""
    columns: Row = {}
    for name, value in pieces.items():
        column, dot, key = name.partition(".")
        if not dot:
            columns[column] = value
            continue
        found = json.loads(str(columns.get(column, row[column])))
        found.pop(key, None)
        columns[column] = json.dumps(found | ({} if value is None else {key: json.loads(value)}), ensure_ascii=False)
    return columns


def _pieces(table: str, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in UNCOMPARED or (table, name) == ("recording", "path"):
            continue
        inside = _object(value) if name in _OBJECTS else None
        found |= {name: value} if inside is None else {f"{name}.{key}": json.dumps(one, ensure_ascii=False) for key, one in inside.items()}
    return found


def _groups(table: str, names: set[str]) -> list[tuple[str, ...]]:
    joined = [group for group in _TOGETHER.get(table, ()) if names & set(group)]
    alone = names - {name for group in joined for name in group}
    return [*joined, *((name,) for name in sorted(alone))]


def _object(text: object) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
