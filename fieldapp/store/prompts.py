"""Prompt lists and their items. Writes run on the `db-writer` thread inside a transaction, reads on any thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from fieldapp.errors import WrongUsage
from fieldapp.model import Item, PromptList
from fieldapp.store.rows import ITEM, PROMPTLIST
from fieldapp.store.storable import clean
from fieldapp.store.transaction import Transaction


def add_promptlist(tx: Transaction, promptlist: PromptList, items: Iterable[Item] = ()) -> None:
    """Add a list and its items; the name must be new."""
    if not promptlist.name.strip():
        raise WrongUsage("A prompt list needs a name.")
    PROMPTLIST.insert(tx, [promptlist])
    ITEM.insert(tx, items)


def add_items(tx: Transaction, items: Iterable[Item]) -> None:
    """Add prompts to a list that is there already; each position holds one."""
    ITEM.insert(tx, items)


def update_item(tx: Transaction, item: Item) -> None:
    """Replace the prompt with this id."""
    ITEM.update(tx, item)


def find_promptlist(db: sqlite3.Connection, name: str) -> PromptList | None:
    """The list with this name."""
    return PROMPTLIST.first(db, "name = ?", clean(name)[0])


def promptlists(db: sqlite3.Connection) -> list[PromptList]:
    """All of them, by name."""
    return list(PROMPTLIST.each(db, "1 ORDER BY name"))


def item(db: sqlite3.Connection, identity: str) -> Item:
    """The prompt with this id."""
    return ITEM.get(db, identity)


def items(db: sqlite3.Connection, promptlist: str) -> list[Item]:
    """The prompts of a list, in order."""
    return list(ITEM.each(db, "promptlist = ? ORDER BY position", promptlist))
