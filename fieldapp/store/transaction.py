"""What a write works with and what it gives back. Lives on the `db-writer` thread for as long as one transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Generic, TypeVar

from fieldapp.model import Changed
from fieldapp.store.storable import clean, to_json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """The result of a committed write, the kinds of rows it touched, and sentences about anything that had to be replaced."""

    value: T
    changed: Changed
    notes: tuple[str, ...] = ()


class Transaction:
    """One BEGIN IMMEDIATE .. COMMIT: `db` to work with, `touch` to say what changed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.changed = Changed.NOTHING
        self.notes: list[str] = []

    def touch(self, what: Changed) -> None:
        """Remember that rows of this kind changed; announced once, after the commit."""
        self.changed |= what

    def text(self, text: str, where: str) -> str:
        """Text as it can be stored (NFC); what had to be replaced becomes a note."""
        stored, replaced = clean(text)
        if replaced:
            self._note(where)
        return stored

    def json(self, value: object, where: str) -> str:
        """The text of a JSON column, cleaned like `text`."""
        stored, replaced = to_json(value)
        if replaced:
            self._note(where)
        return stored

    def _note(self, where: str) -> None:
        self.notes.append(f"{where}: characters that no text can hold (NUL, halves of surrogate pairs) were replaced.")
