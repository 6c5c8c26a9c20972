"""Three hundred damaged files on every way in that is longer than reading: into a fieldbook, merging, depositing, editing. A sentence each, nothing outside."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bundles import hard_bundle
from mutating import mutants
from sounding import exported, sounding_bundle
from test_bad_annotation_files import samples

from fieldapp.corpus import importers
from fieldapp.corpus.deposit.making import make_deposit
from fieldapp.corpus.deposit.profiles import profile
from fieldapp.corpus.deposit.selfcheck import check_bag, passed
from fieldapp.corpus.edit import change_labels
from fieldapp.corpus.importers import IMPORTERS
from fieldapp.corpus.output import no_progress
from fieldapp.errors import FieldError
from fieldapp.intake import annotations as intake
from fieldapp.intake import manifest
from fieldapp.model import Recording, RecordingId, new_id
from fieldapp.store import sessions
from fieldapp.store.connect import DATABASE
from fieldapp.store.merge import merge
from fieldapp.store.store import Store

NUMBER = 300
LINES = {"flextext": "ETR009_T1.flextext", "chat": "ETR009_T1.cha", "toolbox": "ETR009_T1.txt"}


def good_files(folder: Path) -> dict[str, tuple[str, bytes]]:
    """For each importer a name and a good file."""
    found: dict[str, tuple[str, bytes]] = {}
    for name, content in samples(folder / "good").items():
        place = folder / "named" / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        found[importers.read(place).format] = (name, content)
    for form, name in LINES.items():
        exported(hard_bundle(Path("/book")), form, folder / form)
        found[form] = (name, (folder / form / name).read_bytes())
    return found


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Store]:
    """A fieldbook with one recording, which every sample is about."""
    with Store.create(tmp_path / "book", "B") as store:
        soundfile.write(store.folder / "audio" / "ETR009_T1.wav", np.zeros(20 * 8000, np.int16), 8000)
        home = store.do(lambda tx: sessions.ensure_session(tx, "S")).id
        sound = Recording(
            id=RecordingId(new_id()), session=home, path="audio/ETR009_T1.wav", rate=8000, channels=1, bits=16, frames=20 * 8000,
            metadata={"import": {"name": "ETR009_T1.wav"}},
        )  # fmt: skip
        store.do(lambda tx: sessions.add_recording(tx, sound))
        yield store


def refusal(work: Callable[[], object]) -> str:
    """The sentence with which something was refused, empty where it was done."""
    try:
        work()
    except FieldError as trouble:
        return str(trouble).strip() or pytest.fail(f"{trouble!r} says nothing")
    return ""


def around(folder: Path) -> set[str]:
    """Everything that lies in a folder, but for what the fieldbook may write in itself."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if "book" not in path.parts and "fieldapp-home" not in path.parts}


def test_every_importer_has_a_sample(tmp_path: Path) -> None:
    assert set(good_files(tmp_path)) == {name for name, _ in IMPORTERS}


@pytest.mark.slow
@pytest.mark.parametrize("form", [name for name, _ in IMPORTERS])
@pytest.mark.timeout(300)
def test_damaged_annotation_files_come_into_a_fieldbook_or_are_refused(form: str, book: Store, tmp_path: Path) -> None:
    name, content = good_files(tmp_path)[form]
    inbox = tmp_path / "in"
    inbox.mkdir()
    told = 0
    for number, data in enumerate(mutants(content, NUMBER, seed=11)):
        file = inbox / name
        file.write_bytes(data)
        before = around(tmp_path)
        found, broken = intake.read([file], {}, no_progress, allow_outside=False)
        intake.attach(book, found, no_progress, dry=number % 10 > 0)
        told += sum(bool(one.problem) for one in (*broken, *(one.report for one in found)))
        assert around(tmp_path) == before
    assert told > 0
    with book.reader() as db:
        assert db.execute("SELECT count(*) FROM segment WHERE start < 0 OR stop < start OR stop > 160000").fetchone()[0] == 0
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert {path.suffix for path in (book.folder / "audio").iterdir()} <= {".wav", Path(name).suffix}


def test_three_hundred_damaged_elan_files_are_edited_or_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "x" / "x.eaf"
    file.parent.mkdir()
    content = samples(tmp_path / "good")["ETR009_T1.eaf"]
    changed = 0
    for data in mutants(content, NUMBER, seed=12):
        file.write_bytes(data)
        refused = refusal(lambda: change_labels(file, {"a1": "new <text>"}))
        assert not refused or file.read_bytes() == data
        changed += file.read_bytes() != data
        assert [path.name for path in file.parent.iterdir()] == ["x.eaf"]
    assert changed > 0


def test_three_hundred_damaged_manifests_are_read_or_refused(tmp_path: Path) -> None:
    content = "path,speaker,transcript,odd\na.wav,W1,日头,x\nsub/b.wav,,two words,\n".encode() * 3
    file = tmp_path / "x" / "m.csv"
    file.parent.mkdir()
    for data in mutants(content, NUMBER, seed=13):
        file.write_bytes(data)
        if not refusal(lambda: manifest.read_manifest(file)):
            assert all(row.path.resolve().is_relative_to(file.parent.resolve()) for row in manifest.read_manifest(file).rows)
        assert [path.name for path in file.parent.iterdir()] == ["m.csv"]


@pytest.mark.slow
def test_three_hundred_damaged_fieldbooks_are_merged_or_refused(book: Store, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with Store.create(other, "O") as made:
        made.do(lambda tx: sessions.ensure_session(tx, "theirs"))
    content = (other / DATABASE).read_bytes()
    shutil.rmtree(other)
    other.mkdir()
    merged = 0
    for number, data in enumerate([*mutants(content, NUMBER - 100, seed=14), *flipped(content, 100)]):
        (other / DATABASE).write_bytes(data)
        before = around(tmp_path)
        rehearsed = number % 10 > 0
        merged += not refusal(partial(merge, book, other, dry=rehearsed))
        assert around(tmp_path) == before
        for copy in (book.folder / "backups").glob("*before-merge*"):
            copy.unlink()
    assert 0 < merged < NUMBER
    with book.reader() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def flipped(content: bytes, number: int) -> Iterator[bytes]:
    """Single bytes changed, so that the file stays one that SQLite opens."""
    for seed in range(number):
        dice = random.Random(seed)
        data = bytearray(content)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(100, len(data))] ^= 1 << dice.randrange(8)
        yield bytes(data)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_hundred_damages_to_a_deposit_are_all_seen(tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    make_deposit(sounding_bundle(tmp_path / "sounds"), bag, profile("elar"), day="2026-11-21")
    files = [path for path in sorted(bag.rglob("*")) if path.is_file() and not path.name.startswith("tagmanifest")]
    for seed in range(NUMBER):
        victim = files[seed % len(files)]
        content = victim.read_bytes()
        data = mutants(content[:200_000], 1, seed=seed)[0] + content[200_000:]
        victim.write_bytes(data)
        assert data == content or not passed(check_bag(bag)), (victim, seed)
        victim.write_bytes(content)
    assert passed(check_bag(bag))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_deposit_of_damaged_masters_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    bundle = sounding_bundle(tmp_path / "sounds")
    (master,) = bundle.recordings.values()
    place = bundle.sound_path(master)
    content = place.read_bytes()
    refused = 0
    for seed in range(NUMBER // 3):
        head = mutants(content[:300], 1, seed=seed)[0]
        place.write_bytes(head + content[300 : 9000 if seed % 2 else 200_000])
        given = replace(bundle, whole=frozenset()) if seed % 3 else bundle
        if refusal(partial(make_deposit, given, tmp_path / "bag", profile("olac"), day="2026-11-21")):
            refused += 1
        else:
            assert passed(check_bag(tmp_path / "bag"))
            shutil.rmtree(tmp_path / "bag")
        assert {path.name for path in tmp_path.iterdir()} <= {"sounds", "fieldapp-home"}
    assert refused > NUMBER // 6


@pytest.mark.slow
def test_three_hundred_damaged_vocabularies_beside_a_file_are_read_or_told(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    eaf = samples(tmp_path / "good")["ETR009_T1.eaf"].decode()
    outside = '<EXTERNAL_REF EXT_REF_ID="er1" TYPE="ecv" VALUE="file:words.ecv"/></ANNOTATION_DOCUMENT>'
    (folder / "x.eaf").write_text(eaf.replace("</ANNOTATION_DOCUMENT>", outside))
    entry = '<CV_ENTRY_ML CVE_ID="e1"><CVE_VALUE LANG_REF="x">noun</CVE_VALUE></CV_ENTRY_ML>'
    content = f'<CV_RESOURCE><CONTROLLED_VOCABULARY CV_ID="v">{entry * 4}</CONTROLLED_VOCABULARY></CV_RESOURCE>'.encode()
    for data in mutants(content, NUMBER, seed=15):
        (folder / "words.ecv").write_bytes(data)
        assert importers.read(folder / "x.eaf").utterances
        assert {path.name for path in folder.iterdir()} == {"x.eaf", "words.ecv"}


def test_the_database_of_a_merge_is_never_written_to(book: Store, tmp_path: Path) -> None:
    with Store.create(tmp_path / "other", "O") as made:
        made.do(lambda tx: sessions.ensure_session(tx, "theirs"))
    content = (tmp_path / "other" / DATABASE).read_bytes()
    merge(book, tmp_path / "other")
    assert (tmp_path / "other" / DATABASE).read_bytes() == content
    with sqlite3.connect(tmp_path / "other" / DATABASE) as db:
        assert db.execute("SELECT name FROM session").fetchall() == [("theirs",)]
    db.close()
