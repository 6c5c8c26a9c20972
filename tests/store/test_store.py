"""Opening, writing, reading, announcing and closing a fieldbook."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from fieldapp.errors import AlreadyThere, FieldbookTooNew, FieldError, NotAFieldbook, ReadOnly
from fieldapp.model import Changed
from fieldapp.store import connect, people
from fieldapp.store.schema import migrations
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction


def test_a_new_fieldbook_has_its_folders_and_can_be_opened_again(tmp_path: Path) -> None:
    with Store.create(tmp_path / "a", "Titel") as store:
        assert not store.read_only
    assert {"audio", "stimuli", "derived", "backups", "fieldbook.db"} <= {path.name for path in (tmp_path / "a").iterdir()}
    assert not list((tmp_path / "a").glob("*-wal"))
    with Store.open(tmp_path / "a") as store:
        assert store.reader().execute("SELECT value FROM setting WHERE id = 'title'").fetchone()[0] == "Titel"
        assert store.reader().execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_a_fieldbook_is_never_made_over_something(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(AlreadyThere, match="not empty"):
        Store.create(tmp_path, "x")
    Store.create(tmp_path / "a", "x").close()
    with pytest.raises(AlreadyThere, match="already a fieldbook"):
        Store.create(tmp_path / "a", "x")


def test_the_schema_version_counts_the_migrations() -> None:
    assert len(migrations._migrations) == connect.SCHEMA_VERSION


def test_a_folder_without_a_fieldbook_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(NotAFieldbook, match="no fieldbook"):
        Store.open(tmp_path)
    with pytest.raises(NotAFieldbook, match="no fieldbook"):
        Store.open(tmp_path / "missing")


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "fieldbook.db") as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    with pytest.raises(NotAFieldbook, match="another program"):
        Store.open(tmp_path)


def test_a_newer_fieldbook_is_refused_and_stays_as_it_is(store: Store) -> None:
    store.do(lambda tx: tx.db.execute(f"PRAGMA user_version={connect.SCHEMA_VERSION + 1}"))
    store.close()
    before = {path: path.read_bytes() for path in store.folder.iterdir() if path.is_file()}
    with pytest.raises(FieldbookTooNew, match="newer Fieldapp"):
        Store.open(store.folder)
    with pytest.raises(FieldbookTooNew, match="newer Fieldapp"):
        Store.open(store.folder, read_only=True)
    assert {path: path.read_bytes() for path in store.folder.iterdir() if path.is_file()} == before


def test_a_newer_version_that_only_the_write_ahead_file_knows_is_refused_too(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    store.do(lambda tx: tx.db.execute(f"PRAGMA user_version={connect.SCHEMA_VERSION + 1}"))
    shutil.copytree(store.folder, copy, ignore=shutil.ignore_patterns("*-shm", "reserve"))
    before = (copy / connect.DATABASE).read_bytes(), (copy / "fieldbook.db-wal").read_bytes()
    with pytest.raises(FieldbookTooNew):
        Store.open(copy)
    assert ((copy / connect.DATABASE).read_bytes(), (copy / "fieldbook.db-wal").read_bytes()) == before


def test_work_that_fails_is_rolled_back_and_the_next_one_runs(store: Store) -> None:
    def fails(tx: Transaction) -> None:
        people.ensure_person(tx, "W1")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        store.do(fails)
    assert people.persons(store.reader()) == []
    store.do(lambda tx: people.ensure_person(tx, "W2"))
    assert [person.code for person in people.persons(store.reader())] == ["W2"]


def test_a_commit_is_announced_once_with_everything_it_touched(store: Store) -> None:
    heard: list[Changed] = []
    stop = store.subscribe(heard.append)

    def work(tx: Transaction) -> None:
        people.ensure_person(tx, "W1")
        people.ensure_person(tx, "W2")
        people.ensure_variety(tx, "Suzhou", language="wuu")

    written = store.write(work).result()
    assert heard == [Changed.PEOPLE | Changed.VARIETIES] == [written.changed]
    store.do(lambda tx: None)
    stop()
    store.do(lambda tx: people.ensure_person(tx, "W3"))
    assert len(heard) == 1


def test_a_subscriber_that_fails_or_waits_stops_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.subscribe(lambda changed: store.do(lambda tx: None))
    store.do(lambda tx: people.ensure_person(tx, "W1"))
    assert "must not wait" in caplog.text
    store.do(lambda tx: people.ensure_person(tx, "W2"))


def test_closing_writes_what_is_queued_first(store: Store) -> None:
    gate = threading.Event()
    store.write(lambda tx: gate.wait(5))
    futures = [store.write(lambda tx, n=n: people.ensure_person(tx, f"P{n}")) for n in range(20)]  # type: ignore[misc]
    gate.set()
    store.close()
    assert all(future.done() for future in futures)
    with Store.open(store.folder) as again:
        assert len(people.persons(again.reader())) == 20
    with pytest.raises(ReadOnly, match="closed"):
        store.do(lambda tx: None)


def test_two_applications_the_second_reads_and_says_who_has_it(store: Store) -> None:
    store.do(lambda tx: people.ensure_person(tx, "W1"))
    with Store.open(store.folder) as second:
        assert second.read_only
        assert "process" in second.read_only_reason
        assert [person.code for person in people.persons(second.reader())] == ["W1"]
        store.do(lambda tx: people.ensure_person(tx, "W2"))
        assert len(people.persons(second.reader())) == 2
        with pytest.raises(ReadOnly, match="has it open"):
            second.do(lambda tx: people.ensure_person(tx, "W3"))
    store.close()
    with Store.open(store.folder) as third:
        assert not third.read_only
        assert third.crashed is None


def test_opening_to_read_takes_no_lock(store: Store) -> None:
    store.close()
    with Store.open(store.folder, read_only=True) as one, Store.open(store.folder) as two:
        assert one.read_only
        assert not two.read_only


def test_every_thread_reads_through_its_own_connection(store: Store) -> None:
    seen: list[object] = [store.reader(), store.reader()]
    thread = threading.Thread(target=lambda: seen.append(store.reader()))
    thread.start()
    thread.join()
    assert seen[0] is seen[1] is not seen[2]


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(FieldError, match="can only be read"), store:
        store.reader().execute("DELETE FROM setting")


def test_a_duplicate_is_a_sentence_not_an_sqlite_error(store: Store) -> None:
    person = store.do(lambda tx: people.ensure_person(tx, "W1"))
    with pytest.raises(AlreadyThere, match="already a person with this code"):
        store.do(lambda tx: people.add_person(tx, person))


def test_what_a_machine_can_make_again_is_committed_without_waiting_for_the_disk_and_the_rest_is_not(store: Store) -> None:
    def durability(tx: Transaction) -> int:
        return int(tx.db.execute("PRAGMA synchronous").fetchone()[0])

    assert [store.do(durability), store.do(durability, remade=True), store.do(durability)] == [2, 1, 2]
