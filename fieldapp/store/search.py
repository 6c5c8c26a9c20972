"""Searching a fieldbook: one line in MODES for each way to look. Reads only, on any thread."""

from __future__ import annotations

from collections.abc import Callable

from fieldapp.errors import NotBuiltYet
from fieldapp.model import Hit, Query
from fieldapp.store.store import Store
from fieldapp.store.words import Found, find_words

Mode = Callable[[Store, Query], Found]

MODES: tuple[tuple[str, Mode], ...] = (("words", lambda store, query: find_words(store.reader(), query)),)
"""Name and how to look."""


def find(store: Store, query: Query) -> Found:
    """The best hits, with how many there are."""
    mode = dict(MODES).get(query.mode)
    if mode is None:
        raise NotBuiltYet(f"Searching by {query.mode} is not built yet.", f"There is: {', '.join(name for name, _ in MODES)}.")
    return mode(store, query)


def search(store: Store, query: Query) -> list[Hit]:
    """The best hits."""
    return list(find(store, query).hits)
