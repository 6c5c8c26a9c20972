"""A fresh fieldbook, and one with a speaker, a session and a recording in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldapp.model import PersonId, Recording, RecordingId, new_id
from fieldapp.store import people, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "book", "Wu dialects") as made:
        yield made


@pytest.fixture
def speaker(store: Store) -> PersonId:
    return store.do(lambda tx: people.ensure_person(tx, "W1")).id


@pytest.fixture
def master(store: Store) -> RecordingId:
    def work(tx: Transaction) -> RecordingId:
        session = sessions.ensure_session(tx, "suzhou3")
        made = Recording(id=RecordingId(new_id()), session=session.id, path="audio/suzhou3.wav", rate=48000, channels=1, bits=24, frames=480000)
        sessions.add_recording(tx, made)
        return made.id

    return store.do(work)
