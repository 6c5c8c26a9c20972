"""Saved searches and baskets of segments, kept in the fieldbook under a name. Writes on the `db-writer` thread, reads on any.

Both are settings of the fieldbook: small JSON under `search/NAME` and `basket/NAME`. A basket holds ids; segments that are deleted fall out.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from fieldapp.errors import Damaged, NotThere, WrongUsage
from fieldapp.model import Changed, SegmentId
from fieldapp.store.about import set_setting, setting
from fieldapp.store.storable import clean
from fieldapp.store.transaction import Transaction

SEARCH, BASKET = "search/", "basket/"
DEFAULT_BASKET = "basket"


def save_search(tx: Transaction, name: str, asked: Mapping[str, Any]) -> None:
    """Keep a search under a name; one that was there is replaced."""
    set_setting(tx, _key(SEARCH, name), json.dumps(dict(asked), ensure_ascii=False))
    tx.touch(Changed.SETTINGS)


def saved_search(db: sqlite3.Connection, name: str) -> dict[str, Any]:
    """What was asked."""
    return dict(_read(db, SEARCH, name, "saved search"))


def saved_searches(db: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """All of them, by name."""
    return {name: dict(_understood(kept, SEARCH, name, "saved search")) for name, kept in _all(db, SEARCH)}


def search_names(db: sqlite3.Connection) -> list[str]:
    """What the saved searches are called."""
    return [name for name, _ in _all(db, SEARCH)]


def forget_search(tx: Transaction, name: str) -> None:
    """Remove a saved search."""
    _read(tx.db, SEARCH, name, "saved search")
    _remove(tx, _key(SEARCH, name))


def add_to_basket(tx: Transaction, segments: Iterable[SegmentId], name: str = DEFAULT_BASKET) -> int:
    """Put segments of the fieldbook into a basket, behind what is in it; how many are new there."""
    before = basket(tx.db, name) if setting(tx.db, _key(BASKET, name)) else []
    wanted = list(dict.fromkeys(segments))
    there = _existing(tx.db, wanted)
    if missing := [segment for segment in wanted if segment not in there]:
        raise NotThere(f"There is no segment {missing[0]} in this fieldbook.", "Ids of segments are what 'fieldapp search' prints first.")
    _put(tx, name, list(dict.fromkeys([*before, *wanted])))
    return len(set(wanted) - set(before))


def take_from_basket(tx: Transaction, segments: Iterable[SegmentId], name: str = DEFAULT_BASKET) -> int:
    """Take segments out; how many were in it."""
    before, out = basket(tx.db, name), set(segments)
    _put(tx, name, [segment for segment in before if segment not in out])
    return len(out & set(before))


def drop_basket(tx: Transaction, name: str = DEFAULT_BASKET) -> None:
    """Remove a basket; its segments stay in the fieldbook."""
    basket(tx.db, name)
    _remove(tx, _key(BASKET, name))


def basket(db: sqlite3.Connection, name: str = DEFAULT_BASKET) -> list[SegmentId]:
    """The segments in a basket, in the order in which they came, without those that are gone."""
    return _still_there(db, _read(db, BASKET, name, "basket"))


def baskets(db: sqlite3.Connection) -> dict[str, int]:
    """Every basket and how many segments are in it."""
    return {name: len(_still_there(db, _understood(kept, BASKET, name, "basket"))) for name, kept in _all(db, BASKET)}


def _put(tx: Transaction, name: str, segments: list[SegmentId]) -> None:
    set_setting(tx, _key(BASKET, name), json.dumps(segments))
    tx.touch(Changed.SETTINGS)


def _remove(tx: Transaction, key: str) -> None:
    tx.db.execute("DELETE FROM setting WHERE id = ?", (key,))
    tx.touch(Changed.SETTINGS)


def _key(kind: str, name: str) -> str:
    name = clean(name)[0].strip()
    if not name:
        raise WrongUsage("It needs a name.")
    return kind + name


def _read(db: sqlite3.Connection, kind: str, name: str, what: str) -> Any:
    kept = setting(db, _key(kind, name))
    if not kept:
        known = ", ".join(name for name, _ in _all(db, kind))
        raise NotThere(f"There is no {what} '{name}' in this fieldbook.", f"There are: {known}." if known else "There is none yet.")
    return _understood(kept, kind, name, what)


def _understood(kept: str, kind: str, name: str, what: str) -> Any:
    try:
        found = json.loads(kept)
    except ValueError as trouble:
        raise Damaged(f"The {what} '{name}' cannot be read.", "Save it again.") from trouble
    if not isinstance(found, dict if kind == SEARCH else list):
        raise Damaged(f"The {what} '{name}' cannot be read.", "Save it again.")
    return found


def _all(db: sqlite3.Connection, kind: str) -> list[tuple[str, str]]:
    """In one reading: what is removed meanwhile is either still whole or not there."""
    rows = db.execute("SELECT id, value FROM setting WHERE substr(id, 1, length(?)) = ? ORDER BY id", (kind, kind))
    return [(str(row[0]).removeprefix(kind), str(row[1])) for row in rows]


def _still_there(db: sqlite3.Connection, kept: list[Any]) -> list[SegmentId]:
    listed = [SegmentId(str(one)) for one in kept]
    there = _existing(db, listed)
    return [segment for segment in listed if segment in there]


def _existing(db: sqlite3.Connection, segments: Iterable[SegmentId]) -> set[SegmentId]:
    listed = json.dumps(list(segments))
    return {SegmentId(row[0]) for row in db.execute("SELECT s.id FROM json_each(?) AS c JOIN segment s ON s.id = c.value", (listed,))}
