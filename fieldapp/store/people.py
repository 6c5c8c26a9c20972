"""Persons and varieties. Writes run on the `db-writer` thread inside a transaction, reads on any thread."""

from __future__ import annotations

import sqlite3

from fieldapp.errors import WrongUsage
from fieldapp.model import Person, PersonId, Variety, VarietyId, new_id
from fieldapp.store.rows import PERSON, VARIETY
from fieldapp.store.storable import clean
from fieldapp.store.transaction import Transaction


def add_person(tx: Transaction, person: Person) -> None:
    """Add somebody; the code must be new."""
    must_have_code(person)
    PERSON.insert(tx, [person])


def update_person(tx: Transaction, person: Person) -> None:
    """Replace what is known about the person with this id."""
    must_have_code(person)
    PERSON.update(tx, person)


def ensure_person(tx: Transaction, code: str) -> Person:
    """The person with this code, made with nothing but the code where there is none yet."""
    known = find_person(tx.db, code)
    if known is None:
        known = Person(id=PersonId(new_id()), code=clean(code)[0])
        add_person(tx, known)
    return known


def person(db: sqlite3.Connection, identity: str) -> Person:
    """The person with this id."""
    return PERSON.get(db, identity)


def find_person(db: sqlite3.Connection, code: str) -> Person | None:
    """The person with this code."""
    return PERSON.first(db, "code = ?", clean(code)[0])


def persons(db: sqlite3.Connection) -> list[Person]:
    """Everybody, by code."""
    return list(PERSON.each(db, "1 ORDER BY code"))


def add_variety(tx: Transaction, variety: Variety) -> None:
    """Add a variety; the name must be new."""
    must_have_name(variety)
    VARIETY.insert(tx, [variety])


def update_variety(tx: Transaction, variety: Variety) -> None:
    """Replace what is known about the variety with this id."""
    must_have_name(variety)
    VARIETY.update(tx, variety)


def ensure_variety(tx: Transaction, name: str, *, language: str = "") -> Variety:
    """The variety with this name, made where there is none yet; `language` is used only when it is made."""
    known = find_variety(tx.db, name)
    if known is None:
        known = Variety(id=VarietyId(new_id()), name=clean(name)[0], language=language)
        add_variety(tx, known)
    return known


def variety(db: sqlite3.Connection, identity: str) -> Variety:
    """The variety with this id."""
    return VARIETY.get(db, identity)


def find_variety(db: sqlite3.Connection, name: str) -> Variety | None:
    """The variety with this name."""
    return VARIETY.first(db, "name = ?", clean(name)[0])


def varieties(db: sqlite3.Connection) -> list[Variety]:
    """All of them, by name."""
    return list(VARIETY.each(db, "1 ORDER BY name"))


def must_have_code(person: Person) -> None:
    """Refuse a person nobody could name."""
    if not person.code.strip():
        raise WrongUsage("A person needs a code (it stands in file names and exports instead of the name).")


def must_have_name(variety: Variety) -> None:
    """Refuse a variety nobody could name."""
    if not variety.name.strip():
        raise WrongUsage("A variety needs a name.")
