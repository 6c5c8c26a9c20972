"""What a fieldbook offers to the find page: names to narrow a search by, saved searches, baskets. Read in the background."""

from __future__ import annotations

from dataclasses import dataclass

from fieldapp.store import people, saved, sessions, texts
from fieldapp.store.store import Store


@dataclass(frozen=True, slots=True)
class Choices:
    """`names` by the field of a query they are for; `baskets` with how many segments are in each."""

    names: dict[str, list[str]]
    searches: list[str]
    baskets: dict[str, int]


def choices_of(store: Store) -> Choices:
    """All of them; on the thread of a job."""
    db = store.reader()
    names = {
        "tiers": texts.tiers(db),
        "varieties": [variety.name for variety in people.varieties(db)],
        "speakers": [person.code for person in people.persons(db)],
        "sessions": [session.name for session in sessions.sessions(db)],
    }
    return Choices(names, saved.search_names(db), saved.baskets(db))
