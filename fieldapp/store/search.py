"""Searching the texts of a fieldbook. Reads only, on any thread. Meaning and sound need models: `finding/modes.py` lists all ways to look."""

from __future__ import annotations

from fieldapp.errors import WrongUsage
from fieldapp.model import Hit, Query
from fieldapp.store.store import Store
from fieldapp.store.words import Found, find_words


def find(store: Store, query: Query) -> Found:
    """The best hits by words, with how many there are."""
    if query.mode != "words":
        raise WrongUsage(f"A search by {query.mode} needs more than texts.", "Here there are words only.")
    return find_words(store.reader(), query)


def search(store: Store, query: Query) -> list[Hit]:
    """The best hits."""
    return list(find(store, query).hits)
