"""A full disk, a disk that can only be read: real small file systems, where the system lets us mount one."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fieldapp.errors import DiskFull, FieldError, ReadOnly
from fieldapp.model import SegmentId
from fieldapp.store import backup, people, segments, texts
from fieldapp.store.connect import DATABASE
from fieldapp.store.store import Store
from store.building import make_master, make_segment

Disk = Callable[[int], Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Makes a file system of some megabytes."""
    made: list[Path] = []

    def mount(megabytes: int) -> Path:
        place = tmp_path / f"disk{len(made)}"
        place.mkdir()
        answer = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], capture_output=True, check=False)
        if answer.returncode:
            pytest.skip(f"may not mount a file system here: {answer.stderr.decode().strip()}")
        made.append(place)
        return place

    if shutil.which("mount") is None:
        pytest.skip("there is no mount command")
    yield mount
    for place in made:
        subprocess.run(["umount", "-l", str(place)], check=True)


def remount(place: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)


def fill_up(place: Path, leave: int = 0) -> Path:
    """Take all the room there is (but `leave` bytes)."""
    hog = place / "hog"
    with hog.open("wb", buffering=0) as file:
        room = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize - leave
        os.posix_fallocate(file.fileno(), 0, max(room, 1))
    return hog


def add_until_full(add: Callable[[], None]) -> None:
    for _ in range(1000):
        add()


def test_on_a_full_disk_a_change_fails_cleanly_and_deleting_still_works(disk: Disk) -> None:
    place = disk(24)
    with Store.create(place / "book", "") as store:
        master = make_master(store)
        kept: list[SegmentId] = []

        def add() -> None:
            one = make_segment(master, 0, 1)
            store.do(lambda tx: segments.add_segments(tx, [one]))
            store.do(lambda tx: texts.set_text(tx, one.id, "note", "x" * 50_000))
            kept.append(one.id)

        add()
        hog = fill_up(place, leave=1 << 20)
        with pytest.raises(DiskFull, match="disk is full"):
            add_until_full(add)
        present = {row[0] for row in store.reader().execute("SELECT segment FROM annotation")}
        assert set(kept) <= present
        store.do(lambda tx: segments.delete_segments(tx, kept), frees=True)
        assert not (place / "book/derived/reserve").exists()
        assert store.reader().execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        hog.unlink()
        add()
    with Store.open(place / "book") as store:
        assert store.reader().execute("SELECT count(*) FROM annotation WHERE length(text) = 50000").fetchone()[0] == 1
        assert (place / "book/derived/reserve").exists()


@pytest.mark.parametrize("room", [0, 4096, 40_000, 100_000, 200_000])
def test_a_disk_that_fills_up_while_a_fieldbook_is_made_leaves_none(disk: Disk, room: int) -> None:
    place = disk(2)
    (place / "book").mkdir()
    fill_up(place, leave=room)
    with contextlib.suppress(FieldError):
        Store.create(place / "book", "").close()
    if (place / "book" / DATABASE).exists():
        with Store.open(place / "book", read_only=True) as store:
            assert people.persons(store.reader()) == []


def test_a_backup_that_does_not_fit_leaves_nothing_and_harms_nothing(disk: Disk) -> None:
    place = disk(4)
    with Store.create(place / "book", "") as store:
        store.do(lambda tx: people.ensure_person(tx, "W1"))
        fill_up(place, leave=30_000)
        with pytest.raises(DiskFull):
            backup.make(store.folder / DATABASE)
        assert list((store.folder / "backups").iterdir()) == []
        assert people.find_person(store.reader(), "W1")


def test_a_full_disk_does_not_keep_a_fieldbook_from_opening(disk: Disk) -> None:
    place = disk(4)
    with Store.create(place / "book", "") as store:
        store.do(lambda tx: people.ensure_person(tx, "W1"))
    (place / "book/derived/reserve").unlink()
    fill_up(place)
    with Store.open(place / "book") as store:
        assert people.find_person(store.reader(), "W1")


def test_a_disk_that_can_only_be_read_opens_read_only_and_says_so(disk: Disk) -> None:
    place = disk(4)
    with Store.create(place / "book", "") as store:
        store.do(lambda tx: people.ensure_person(tx, "W1"))
    remount(place, "ro")
    before = sorted(path.name for path in (place / "book").iterdir())
    with Store.open(place / "book") as store:
        assert store.read_only
        assert "cannot be written" in store.read_only_reason
        assert people.find_person(store.reader(), "W1")
        with pytest.raises(ReadOnly, match="cannot be written"):
            store.do(lambda tx: people.ensure_person(tx, "W2"))
    assert sorted(path.name for path in (place / "book").iterdir()) == before


def test_what_only_the_write_ahead_file_holds_is_read_even_where_nothing_can_be_written(disk: Disk, tmp_path: Path) -> None:
    place = disk(4)
    with Store.create(tmp_path / "book", "") as store:
        store.do(lambda tx: people.ensure_person(tx, "only in the write-ahead file"))
        shutil.copytree(store.folder, place / "book", ignore=shutil.ignore_patterns("*-shm", "reserve"))
    remount(place, "ro")
    with Store.open(place / "book") as store:
        assert store.read_only
        assert people.find_person(store.reader(), "only in the write-ahead file")


def test_making_one_where_nothing_can_be_written_is_a_sentence(disk: Disk) -> None:
    place = disk(1)
    remount(place, "ro")
    with pytest.raises(FieldError, match="No fieldbook can be made"):
        Store.create(place / "book", "")
