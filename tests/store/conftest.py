"""A fresh fieldbook, a speaker and a recording in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.model import PersonId, RecordingId
from fieldapp.store import people
from fieldapp.store.store import Store
from store.building import make_master


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "book", "Wu dialects") as made:
        yield made


@pytest.fixture
def speaker(store: Store) -> PersonId:
    return store.do(lambda tx: people.ensure_person(tx, "W1")).id


@pytest.fixture
def master(store: Store) -> RecordingId:
    return make_master(store)
