"""Merging two fieldbooks: ids survive, nothing of either side is lost, and nothing of the other side ever runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp.errors import NotAFieldbook
from fieldapp.model import PersonId, SegmentId
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.connect import DATABASE
from fieldapp.store.merge import merge
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from store.building import make_master, make_segment


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """A second team's fieldbook: the same session name, speaker code and variety, other people and sounds."""
    with Store.create(tmp_path / "other", "Other team") as made:
        master = make_master(made)
        (made.folder / "audio/suzhou3.wav").write_bytes(b"their sound")

        def work(tx: Transaction) -> None:
            speaker = people.ensure_person(tx, "W1")
            variety = people.ensure_variety(tx, "Suzhou")
            segments.add_segments(tx, [replace(make_segment(master, 0, 5), id=SegmentId("theirs"), speaker=speaker.id, variety=variety.id)])
            texts.set_text(tx, SegmentId("theirs"), "note", "their text 田野")

        made.do(work)
        yield made


@pytest.fixture
def ours(store: Store, speaker: PersonId) -> Store:
    make_master(store)
    (store.folder / "audio/suzhou3.wav").write_bytes(b"our sound")
    store.do(lambda tx: people.ensure_variety(tx, "Suzhou", language="wuu"))
    return store


def test_everything_arrives_under_its_own_id(ours: Store, other: Store) -> None:
    result = merge(ours, other.folder)
    db = ours.reader()
    there = segments.segment(db, "theirs")
    assert texts.texts(db, "theirs")[0].text == "their text 田野"
    assert people.person(db, str(there.speaker)).code == "W1-2"
    assert people.variety(db, str(there.variety)).language == "wuu", "a variety of the same name is the same variety"
    recording = sessions.recording(db, there.recording)
    assert (ours.folder / recording.path).read_bytes() == b"their sound"
    assert (ours.folder / "audio/suzhou3.wav").read_bytes() == b"our sound"
    assert {session.name for session in sessions.sessions(db)} == {"suzhou3", "suzhou3-2"}
    assert result.conflicts == []
    assert len(result.notes) == 2
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_merging_twice_adds_nothing(ours: Store, other: Store) -> None:
    merge(ours, other.folder)
    before = ours.reader().execute("SELECT count(*) FROM person").fetchone()[0], len(list((ours.folder / "audio").iterdir()))
    again = merge(ours, other.folder)
    assert not again.added
    assert (ours.reader().execute("SELECT count(*) FROM person").fetchone()[0], len(list((ours.folder / "audio").iterdir()))) == before


def test_a_row_changed_on_both_sides_stays_ours_and_theirs_is_kept_beside(ours: Store, other: Store) -> None:
    merge(ours, other.folder)
    ours.do(lambda tx: texts.set_text(tx, SegmentId("theirs"), "note", "our correction"))
    other.do(lambda tx: texts.set_text(tx, SegmentId("theirs"), "note", "their correction"))
    result = merge(ours, other.folder)
    assert texts.texts(ours.reader(), "theirs")[0].text == "our correction"
    assert result.report is not None
    (told,) = (json.loads(line) for line in result.report.read_text().splitlines())
    assert told["fields"] == [{"field": "text", "base": "their text 田野", "ours": "our correction", "theirs": "their correction"}]


def test_nothing_of_a_hostile_fieldbook_runs_or_escapes(ours: Store, other: Store) -> None:
    other.close()
    with sqlite3.connect(other.folder / DATABASE) as db:
        db.execute("CREATE TRIGGER evil AFTER INSERT ON segment BEGIN DELETE FROM annotation; END")
        db.execute("UPDATE recording SET path = '../../outside.wav'")
        db.execute("UPDATE annotation SET text = x'00ff'")
        db.execute("UPDATE person SET languages = 'no json'")
    db.close()
    result = merge(ours, other.folder)
    why = {one.table for one in result.conflicts}
    assert {"recording", "annotation", "person"} <= why
    assert not (ours.folder.parent / "outside.wav").exists()
    names = {row[0] for row in ours.reader().execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    assert "evil" not in names


def test_a_view_that_poses_as_a_table_is_refused(ours: Store, other: Store) -> None:
    other.close()
    with sqlite3.connect(other.folder / DATABASE) as db:
        db.execute("ALTER TABLE run RENAME TO really_run")
        db.execute("CREATE VIEW run AS SELECT * FROM really_run")
    db.close()
    with pytest.raises(NotAFieldbook, match="lacks tables"):
        merge(ours, other.folder)
