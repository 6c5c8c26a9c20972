"""A fieldbook of every earlier version opens: upgraded, with a copy of how it was; where it cannot be written it is left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from fieldapp.errors import ReadOnly
from fieldapp.model import Query
from fieldapp.store import backup, connect, holder, texts, words
from fieldapp.store.schema import migrations
from fieldapp.store.store import FOLDERS, Store


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    """A fieldbook as the first version made it, with one text."""
    folder = tmp_path / "old"
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
    db = sqlite3.connect(folder / connect.DATABASE, isolation_level=None)
    migrations.apply(Database(db, execute_plugins=False), stop_before="word_search")
    for statement in (
        "INSERT INTO session (id, name, created, changed) VALUES ('n', 'n', '', '')",
        "INSERT INTO recording (id, session, path, rate, channels, bits, frames, created, changed) VALUES ('r', 'n', 'audio/r.wav', 8000, 1, 16, 1, '', '')",
        "INSERT INTO segment (id, recording, start, stop, created, changed) VALUES ('s', 'r', 0, 1, '', '')",
        "INSERT INTO annotation (id, segment, tier, text, created, changed) VALUES ('a', 's', 'note', '田野', '', '')",
        f"PRAGMA application_id={connect.APPLICATION_ID}",
        "PRAGMA user_version=1",
    ):
        db.execute(statement)
    db.close()
    return folder


@pytest.mark.parametrize("read_only", [True, False])
def test_a_fieldbook_of_the_first_version_is_upgraded_and_kept_as_it_was(first_version: Path, read_only: bool) -> None:
    with Store.open(first_version, read_only=read_only) as store:
        assert store.read_only == read_only
        assert texts.text(store.reader(), "a").text == "田野"
        assert [hit.segment for hit in words.find_words(store.reader(), Query(text="田")).hits] == ["s"]
    kept = [copy for copy in backup.found(first_version) if "before-upgrade" in copy.name]
    assert [connect.read_header(copy).version for copy in kept] == [1]
    assert connect.read_header(first_version / connect.DATABASE).version == connect.SCHEMA_VERSION


def test_an_old_fieldbook_that_somebody_holds_is_not_touched(first_version: Path) -> None:
    before = (first_version / connect.DATABASE).read_bytes()
    lock = holder.take(first_version)
    with pytest.raises(ReadOnly, match="older Fieldapp"):
        Store.open(first_version)
    lock.release()
    assert (first_version / connect.DATABASE).read_bytes() == before
