"""Backups: whole or not there, ten of them, made in the background, and good to go back to."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from fieldapp.errors import Cancelled, NotAFieldbook
from fieldapp.store import backup, check_files, holder, people
from fieldapp.store.connect import DATABASE
from fieldapp.store.store import Store


def test_a_backup_holds_everything_committed_and_is_one_file(store: Store) -> None:
    store.do(lambda tx: people.ensure_person(tx, "W1"))
    copy = backup.make(store.folder / DATABASE)
    assert [path.name for path in (store.folder / "backups").iterdir()] == [copy.name]
    assert check_files.is_good(copy)
    with sqlite3.connect(copy) as db:
        assert db.execute("SELECT code FROM person").fetchall() == [("W1",)]
    db.close()


def test_ten_are_kept(store: Store) -> None:
    for day in range(10, 25):
        (store.folder / "backups" / f"fieldbook-2026-10-{day}-080000.db").write_bytes(b"old")
    newest = backup.make(store.folder / DATABASE)
    found = backup.found(store.folder)
    assert len(found) == backup.KEPT
    assert found[0] == newest


def test_a_stopped_backup_leaves_nothing(store: Store) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        backup.make(store.folder / DATABASE, cancel=stop)
    assert list((store.folder / "backups").iterdir()) == []


def test_opening_for_work_makes_one_a_day(store: Store) -> None:
    store.close()
    Store.open(store.folder).close()
    made = backup.found(store.folder)
    assert len(made) == 1
    Store.open(store.folder).close()
    assert backup.found(store.folder) == made
    made[0].rename(made[0].with_name("fieldbook-2020-01-01-000000.db"))
    Store.open(store.folder, read_only=True).close()
    assert len(backup.found(store.folder)) == 1
    Store.open(store.folder).close()
    assert len(backup.found(store.folder)) == 2


def test_going_back_to_a_backup_keeps_the_present_one(store: Store) -> None:
    store.do(lambda tx: people.ensure_person(tx, "before"))
    copy = backup.make(store.folder / DATABASE)
    store.do(lambda tx: people.ensure_person(tx, "after"))
    store.close()
    lock = holder.take(store.folder)
    replaced = backup.restore(store.folder, copy)
    lock.release()
    with Store.open(store.folder) as again:
        assert [person.code for person in people.persons(again.reader())] == ["before"]
    assert check_files.is_good(replaced)


def test_only_a_fieldbook_is_restored(store: Store, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    with pytest.raises(NotAFieldbook):
        backup.restore(store.folder, foreign)
