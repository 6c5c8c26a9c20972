"""`fieldapp check` finds what is wrong, and repair mends it without losing anything that can be read."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from fieldapp import cli
from fieldapp.errors import FieldbookLocked, FieldError
from fieldapp.model import Annotation, AnnotationId, RecordingId, new_id
from fieldapp.store import backup, check, holder, people, segments, sessions, texts
from fieldapp.store.connect import DATABASE
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from store.building import make_master, make_segment


def quiet(_share: float, _doing: str) -> None:
    """No progress wanted."""


def kinds(folder: Path) -> set[str]:
    return {finding.kind for finding in check.examine(folder, quiet)}


def fill(store: Store, many: int) -> RecordingId:
    """Segments with a text each, and the master's file."""
    master = make_master(store)
    sound = b"RIFF" + bytes(1000)
    (store.folder / "audio" / "suzhou3.wav").write_bytes(sound)
    made = [make_segment(master, n, n + 1) for n in range(many)]
    written = [Annotation(id=AnnotationId(new_id()), segment=one.id, tier="note", text=f"text {n} 田野 " + "x" * 60) for n, one in enumerate(made)]

    def work(tx: Transaction) -> None:
        known = sessions.recording(tx.db, master)
        sessions.update_recording(tx, replace(known, sha256=hashlib.sha256(sound).hexdigest(), bytes=len(sound)))
        segments.add_segments(tx, made)
        texts.add_texts(tx, written)

    store.do(work)
    return master


def raw(folder: Path, *statements: str) -> None:
    """Damage done behind Fieldapp's back."""
    with sqlite3.connect(folder / DATABASE, isolation_level=None) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def test_a_sound_fieldbook_has_no_serious_findings(store: Store) -> None:
    fill(store, 10)
    store.close()
    assert kinds(store.folder) == {"no-backup"}


def test_the_journal_beside_a_recording_belongs_to_it_and_another_does_not(store: Store) -> None:
    fill(store, 1)
    store.close()
    (store.folder / "audio/suzhou3.journal.jsonl").write_text("{}\n")
    assert kinds(store.folder) == {"no-backup"}
    (store.folder / "audio/nobody.journal.jsonl").write_text("{}\n")
    assert kinds(store.folder) == {"no-backup", "unknown-file"}


def test_missing_changed_renamed_and_unknown_sound_files_are_told_apart(store: Store) -> None:
    fill(store, 1)
    store.close()
    sound, other = store.folder / "audio/suzhou3.wav", store.folder / "audio/other.wav"
    original = sound.read_bytes()
    sound.write_bytes(original[:-1] + b"x")
    assert kinds(store.folder) == {"no-backup", "changed-master"}
    sound.unlink()
    assert kinds(store.folder) == {"no-backup", "missing-master"}
    other.write_bytes(b"something else")
    assert kinds(store.folder) == {"no-backup", "missing-master", "unknown-file"}
    other.write_bytes(original)
    assert kinds(store.folder) == {"no-backup", "renamed-master"}
    assert check.repair(store.folder, quiet).done == ("audio/suzhou3.wav is now found as audio/other.wav.",)
    assert kinds(store.folder) == set()


def test_a_vector_with_flipped_bits_is_found_and_removed(store: Store) -> None:
    fill(store, 2)

    def vectors(tx: Transaction) -> None:
        tx.db.execute("INSERT INTO space (id, kind, model, dims, created) VALUES ('s', 'meaning', 'm', 1, '')")
        ids = [row[0] for row in tx.db.execute("SELECT id FROM segment")]
        for data, segment in zip((b"good", b"bad!"), ids, strict=True):
            crc = zlib.crc32(b"good")
            tx.db.execute("INSERT INTO vector (id, segment, space, data, crc, created) VALUES (?, ?, 's', ?, ?, '')", (new_id(), segment, data, crc))

    store.do(vectors)
    store.close()
    assert "bad-checksum" in kinds(store.folder)
    repaired = check.repair(store.folder, quiet)
    assert not [finding for finding in repaired.after if finding.serious]
    with Store.open(store.folder) as again:
        assert again.reader().execute("SELECT data FROM vector").fetchall()[0][0] == b"good"


def test_orphans_get_their_parents_from_a_backup_or_are_laid_aside(store: Store) -> None:
    fill(store, 3)
    backup.make(store.folder / DATABASE)
    store.do(lambda tx: people.ensure_person(tx, "new"))
    store.close()
    raw(store.folder, "PRAGMA foreign_keys=OFF", "DELETE FROM segment WHERE pk = 1", "UPDATE annotation SET segment = 'nowhere' WHERE pk = 2")
    assert "orphans" in kinds(store.folder)
    repaired = check.repair(store.folder, quiet)
    assert repaired.done[0] == f"References: 1 missing rows came from a backup, 0 references were emptied, 1 rows were laid aside in {aside(store).name}."
    assert json.loads(aside(store).read_text())["text"].startswith("text 1 田野")
    with Store.open(store.folder) as again:
        assert again.reader().execute("SELECT count(*) FROM segment").fetchone()[0] == 3
        assert again.reader().execute("SELECT count(*) FROM annotation").fetchone()[0] == 2


def aside(store: Store) -> Path:
    return next((store.folder / "backups").glob("laid-aside-*.jsonl"))


def test_a_foreign_trigger_is_found_and_removed_before_it_can_do_harm(store: Store) -> None:
    fill(store, 1)
    store.close()
    raw(store.folder, "CREATE TRIGGER evil AFTER INSERT ON person BEGIN DELETE FROM annotation; END")
    assert "stranger" in kinds(store.folder)
    check.repair(store.folder, quiet)
    with Store.open(store.folder) as again:
        again.do(lambda tx: people.ensure_person(tx, "W9"))
        assert again.reader().execute("SELECT count(*) FROM annotation").fetchone()[0] == 1


def test_half_written_files_are_never_taken_for_good_and_are_removed(store: Store) -> None:
    store.close()
    half = store.folder / "backups" / "fieldbook-2026-11-21-101010.part"
    half.write_bytes(b"half")
    (store.folder / "fieldbook.db.new").write_bytes(b"half")
    assert backup.found(store.folder) == []
    assert "half-written" in kinds(store.folder)
    check.repair(store.folder, quiet)
    assert not half.exists()
    assert not (store.folder / "fieldbook.db.new").exists()


def test_a_write_ahead_file_that_went_missing_is_told(store: Store) -> None:
    store.close()
    (store.folder / holder.LOCK).write_text('{"program": "fieldapp", "pid": 7, "host": "laptop", "since": "2026-11-20T10:00:00"}')
    told = [finding.sentence for finding in check.examine(store.folder, quiet) if finding.kind == "missing-wal"]
    assert "fieldapp (process 7 on laptop, since 2026-11-20 10:00:00)" in told[0]
    with Store.open(store.folder) as again:
        assert again.crashed is not None
    assert "missing-wal" not in kinds(store.folder)


@pytest.mark.parametrize("where", ["first page", "middle", "many"])
def test_a_damaged_database_is_saved_into_a_new_one(store: Store, where: str) -> None:
    fill(store, 3000)
    backup.make(store.folder / DATABASE)
    store.do(lambda tx: people.ensure_person(tx, "after the backup"))
    store.close()
    database = store.folder / DATABASE
    pages = database.stat().st_size // 4096
    damaged = {"first page": [0], "middle": [pages // 2], "many": random.Random(7).sample(range(20, pages), 8)}[where]
    with database.open("rb+") as file:
        for page in damaged:
            file.seek(page * 4096)
            file.write(bytes(4096))
    assert "damaged" in kinds(store.folder)
    repaired = check.repair(store.folder, quiet)
    assert not [finding for finding in repaired.after if finding.serious], repaired
    assert list((store.folder / "backups").glob("damaged-*.db"))
    with Store.open(store.folder) as again:
        db = again.reader()
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("SELECT count(*) FROM segment").fetchone()[0] == 3000
        assert db.execute("SELECT count(*) FROM annotation WHERE text LIKE 'text %'").fetchone()[0] == 3000
        assert people.find_person(db, "after the backup")
        assert db.execute("SELECT value FROM setting WHERE id = 'title'").fetchone()[0] == "Wu dialects"


def test_without_a_backup_all_but_the_unreadable_rows_are_saved(store: Store) -> None:
    fill(store, 3000)
    store.close()
    database = store.folder / DATABASE
    with database.open("rb+") as file:
        file.seek(database.stat().st_size // 2)
        file.write(bytes(4096))
    check.repair(store.folder, quiet)
    with Store.open(store.folder) as again:
        kept = again.reader().execute("SELECT count(*) FROM annotation").fetchone()[0]
        assert kept + again.reader().execute("SELECT count(*) FROM segment").fetchone()[0] > 5800


def test_of_a_truncated_database_what_is_left_is_saved(store: Store) -> None:
    fill(store, 3000)
    store.close()
    database = store.folder / DATABASE
    database.write_bytes(database.read_bytes()[: database.stat().st_size * 2 // 3])
    check.repair(store.folder, quiet)
    with Store.open(store.folder) as again:
        assert again.reader().execute("SELECT count(*) FROM segment").fetchone()[0] > 0


def test_a_hopeless_database_gives_way_to_a_backup_and_stays_as_it_is_without_one(store: Store) -> None:
    store.do(lambda tx: people.ensure_person(tx, "W1"))
    copy = backup.make(store.folder / DATABASE)
    store.close()
    database = store.folder / DATABASE
    database.write_bytes(b"rubbish" * 1000)
    kept = copy.rename(store.folder / copy.name)
    with pytest.raises(FieldError, match="Nothing of"):
        check.repair(store.folder, quiet)
    assert database.stat().st_size == 7000
    kept.rename(copy)
    check.repair(store.folder, quiet)
    with Store.open(store.folder) as again:
        assert people.find_person(again.reader(), "W1")


def test_repair_never_works_on_a_fieldbook_somebody_has_open(store: Store) -> None:
    fill(store, 1)
    store.do(lambda tx: tx.db.execute("CREATE VIEW foreign_view AS SELECT 1"))
    with pytest.raises(FieldbookLocked, match="has it open"):
        check.repair(store.folder, quiet)


def test_check_on_the_command_line(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    fill(store, 1)
    store.close()
    assert cli.main(["check", str(store.folder)]) == 0
    assert "is sound" in capsys.readouterr().out
    (store.folder / "audio/suzhou3.wav").unlink()
    assert cli.main(["check", str(store.folder), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["sound"] is False
    assert {"missing-master", "no-backup"} == {finding["kind"] for finding in data["findings"]}
    assert cli.main(["check", str(store.folder), "--repair"]) == 1
