"""Values of model.py as rows and back: one description a table, so that JSON, NFC and time stamps are handled in one place.

Plain sqlite3 throughout (17 times faster than sqlite-utils for single rows). Writing happens on the `db-writer` thread,
reading on any.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

from fieldapp.cores import unhurried
from fieldapp.errors import NotThere
from fieldapp.model import (
    Annotation,
    Changed,
    Consent,
    Event,
    Item,
    Person,
    PromptList,
    Recording,
    Segment,
    Session,
    Space,
    Span,
    Variety,
)
from fieldapp.store.transaction import Transaction

V = TypeVar("V")
_OWN = frozenset({"id", "text"})
"""Columns in which every row says something of its own."""
_Encode = Callable[[Transaction, Any], object]


class Table(Generic[V]):
    """One table and the value its rows stand for. Column names are the field names; a span is two columns."""

    def __init__(self, name: str, kind: type[V], touches: Changed, stamps: tuple[str, ...] = ()) -> None:
        self.name, self.kind, self.touches, self.stamps = name, kind, touches, stamps
        self._columns: list[str] = []
        self._getters: list[Callable[[V], Any]] = []
        self._encoders: list[_Encode] = []
        self._decoders: list[tuple[str, Callable[[sqlite3.Row], Any]]] = []
        for field in fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
            self._describe(field.name, str(field.type))
        columns = (*self._columns, *stamps)
        self.columns = ", ".join(f"{name}.{column}" for column in self._columns)
        marks = ", ".join("?" * len(columns))
        self._insert = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  (names come from the dataclass, here and below)
        changes = [f"{column} = ?" for column in self._columns if column != "id"] + [f"{stamp} = ?" for stamp in stamps if stamp == "changed"]
        self._update = f"UPDATE {name} SET {', '.join(changes)} WHERE id = ?"  # noqa: S608

    def insert(self, tx: Transaction, values: Iterable[V]) -> None:
        """Add rows, one statement for all of them."""
        now = (utc_now(),) * len(self.stamps)
        tx.db.executemany(self._insert, ((*self._encode(tx, value), *now) for value in values))
        tx.touch(self.touches)

    def update(self, tx: Transaction, value: V) -> None:
        """Replace the row with this value's id."""
        identity, *rest = self._encode(tx, value)
        now = (utc_now(),) if "changed" in self.stamps else ()
        if tx.db.execute(self._update, (*rest, *now, identity)).rowcount == 0:
            raise self._missing(identity)
        tx.touch(self.touches)

    def delete(self, tx: Transaction, identity: str) -> None:
        """Remove the row; rows that belong to it go with it as the schema says."""
        if tx.db.execute(f"DELETE FROM {self.name} WHERE id = ?", (identity,)).rowcount == 0:  # noqa: S608
            raise self._missing(identity)
        tx.touch(self.touches)

    def get(self, db: sqlite3.Connection, identity: str) -> V:
        """The value with this id; NotThere where there is none."""
        found = self.first(db, "id = ?", identity)
        if found is None:
            raise self._missing(identity)
        return found

    def first(self, db: sqlite3.Connection, where: str, *parameters: object) -> V | None:
        """The first value a condition holds for."""
        return next(self.each(db, f"{where} LIMIT 1", *parameters), None)

    def each(self, db: sqlite3.Connection, where: str = "1", *parameters: object) -> Iterator[V]:
        """Values a condition holds for, one at a time; the condition may end in ORDER BY or LIMIT and is always our own text."""
        found = db.execute(f"SELECT {self.columns} FROM {self.name} WHERE {where}", parameters)  # noqa: S608
        yield from map(self.read, unhurried(found))

    def read(self, row: sqlite3.Row) -> V:
        """The value of a row that has (at least) this table's `columns`."""
        return self.kind(**{name: decode(row) for name, decode in self._decoders})

    def _encode(self, tx: Transaction, value: V) -> list[object]:
        return [encode(tx, get(value)) for get, encode in zip(self._getters, self._encoders, strict=True)]

    def _missing(self, identity: object) -> NotThere:
        return NotThere(f"There is no {self.name} with the id {identity}.", "It may have been deleted meanwhile.")

    def _describe(self, name: str, kind: str) -> None:
        if kind == "Span":
            self._add("start", attrgetter(f"{name}.start"), _as_it_is)
            self._add("stop", attrgetter(f"{name}.stop"), _as_it_is)
            self._decoders.append((name, lambda row: Span(row["start"], row["stop"])))
            return
        where = f"{self.name}.{name}"
        if kind.startswith(("Mapping", "tuple")):
            self._add(name, attrgetter(name), lambda tx, value: tx.json(value, where))
            self._decoders.append((name, (lambda row: tuple(json.loads(row[name]))) if kind.startswith("tuple") else (lambda row: json.loads(row[name]))))
        elif kind.startswith(("int", "float")):
            self._add(name, attrgetter(name), _as_it_is)
            self._decoders.append((name, lambda row: row[name]))
        elif kind == "bool":
            self._add(name, attrgetter(name), lambda _tx, value: int(value))
            self._decoders.append((name, lambda row: bool(row[name])))
        else:  # text and ids
            self._add(name, attrgetter(name), lambda tx, value: None if value is None else tx.text(value, where))
            self._decoders.append((name, (lambda row: row[name]) if name in _OWN else (lambda row: _kept_once(row[name]))))

    def _add(self, column: str, getter: Callable[[V], Any], encode: _Encode) -> None:
        self._columns.append(column)
        self._getters.append(getter)
        self._encoders.append(encode)


def utc_now() -> str:
    """The stamp of `created` and `changed`: UTC, milliseconds, sorts as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _kept_once(text: str | None) -> str | None:
    """Tiers, languages, states and ids of other rows stand in thousands of rows: one copy in memory serves all of them."""
    return text if text is None else sys.intern(text)


def _as_it_is(_tx: Transaction, value: object) -> object:
    return value


_BOTH = ("created", "changed")
PERSON = Table("person", Person, Changed.PEOPLE, _BOTH)
VARIETY = Table("variety", Variety, Changed.VARIETIES, _BOTH)
SESSION = Table("session", Session, Changed.SESSIONS, _BOTH)
RECORDING = Table("recording", Recording, Changed.RECORDINGS, _BOTH)
EVENT = Table("event", Event, Changed.EVENTS, ("created",))
PROMPTLIST = Table("promptlist", PromptList, Changed.PROMPTS, _BOTH)
ITEM = Table("item", Item, Changed.PROMPTS)
SEGMENT = Table("segment", Segment, Changed.SEGMENTS, _BOTH)
ANNOTATION = Table("annotation", Annotation, Changed.ANNOTATIONS, _BOTH)
CONSENT = Table("consent", Consent, Changed.CONSENT, _BOTH)
SPACE = Table("space", Space, Changed.VECTORS, ("created",))
