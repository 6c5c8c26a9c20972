"""The import command as a whole: the real manifest row by row, killed imports, a full disk, what it prints and exits with."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fieldapp.cli import main
from fieldapp.intake.manifest import SOUND_SUFFIXES
from fieldapp.store import people, sessions
from fieldapp.store.rows import RECORDING, SEGMENT
from fieldapp.store.store import Store


def some_sound(folder: Path, count: int, seconds: float = 0.2, kind: str = "wav") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        soundfile.write(folder / f"{number:03}.{kind}", rng.standard_normal(round(16_000 * seconds)) * 0.1, 16_000)
    return folder


def files_and_rows(book: Path) -> tuple[set[str], set[str]]:
    with Store.open(book, read_only=True) as store:
        recordings = sessions.recordings(store.reader())
        for one in recordings:
            assert hashlib.sha256((book / one.path).read_bytes()).hexdigest() == one.sha256
        talks = [one for one in recordings if "mark" in one.metadata["import"]]  # long and without words: kept for listening
        assert store.reader().execute("SELECT count(*) FROM segment").fetchone()[0] == len(recordings) - len(talks)
    return {f"audio/{path.name}" for path in (book / "audio").iterdir()}, {path for one in recordings for path in (one.path, one.original) if path}


def answer(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, object], str]:
    code = main([str(word) for word in words] + ["--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else {}, err


@pytest.mark.slow
def test_every_row_of_the_real_manifest_arrives_with_what_it_says(dev_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, manifest = tmp_path / "book", dev_data / "manifest.csv"
    main(["new", str(book)])
    capsys.readouterr()
    code, report, _ = answer(capsys, "import", book, "--manifest", manifest)
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sound = [row for row in rows if Path(row["path"]).suffix in SOUND_SUFFIXES]
    assert code == 0
    assert report["problems"] == []
    assert len(report["set_aside"]) == len(rows) - len(sound)  # type: ignore[arg-type]
    with Store.open(book, read_only=True) as store:
        query = """SELECT json_extract(r.metadata, '$.import.sha256') AS sha256, coalesce(p.code, '') AS speaker, coalesce(v.name, '') AS variety, s.meaning_id,
            coalesce((SELECT text FROM annotation WHERE segment = s.id AND tier = 'transcription'), '') AS transcript,
            coalesce((SELECT text FROM annotation WHERE segment = s.id AND tier = 'translation'), '') AS translation_en
            FROM segment s JOIN recording r ON r.id = s.recording LEFT JOIN person p ON p.id = s.speaker LEFT JOIN variety v ON v.id = s.variety"""
        arrived = {tuple(row) for row in store.reader().execute(query)}
    described = ("speaker", "variety", "meaning_id", "transcript", "translation_en")
    for row in sound:
        said = tuple(unicodedata.normalize("NFC", row[name].strip()) for name in described)
        sha256 = hashlib.sha256((dev_data / row["path"]).read_bytes()).hexdigest()
        assert (sha256, *said) in arrived or not any(said), row["path"]
    files, known = files_and_rows(book)
    assert files == known
    began = time.monotonic()
    code, report, _ = answer(capsys, "import", book, "--manifest", manifest)
    assert (code, report["imported"]) == (0, 0)
    assert time.monotonic() - began < 30


def test_json_is_one_document_and_problems_exit_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, folder = tmp_path / "book", some_sound(tmp_path / "in", 2)
    main(["new", str(book)])
    capsys.readouterr()
    (folder / "bad.wav").write_text("no sound")
    code, report, _ = answer(capsys, "import", book, folder, "--speaker", "W1", "--session", "Suzhou 3", "--dry-run")
    assert (code, report["imported"], report["dry_run"]) == (1, 2, True)
    assert files_and_rows(book) == (set(), set())
    code, report, _ = answer(capsys, "import", book, folder, "--speaker", "W1", "--session", "Suzhou 3")
    assert (code, report["imported"], report["session"]) == (1, 2, "Suzhou 3")
    assert [Path(str(problem["where"])).name for problem in report["problems"]] == ["bad.wav"]  # type: ignore[attr-defined]
    main(["import", str(book), str(folder)])
    text = capsys.readouterr().out
    assert "Imported 0 of 3" in text
    assert "2 were imported before" in text
    assert "bad.wav" in text


def test_check_knows_originals_and_misses_them_when_they_are_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book"
    main(["new", str(book)])
    main(["import", str(book), str(some_sound(tmp_path / "in", 2, kind="ogg"))])
    capsys.readouterr()
    _, report, _ = answer(capsys, "check", book)
    assert "audio/" not in json.dumps(report)
    (book / "audio" / "000.ogg").unlink()
    _, report, _ = answer(capsys, "check", book)
    assert "audio/000.ogg, which audio/000.wav was converted from, is missing" in json.dumps(report)


def test_options_may_stand_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book, folder = tmp_path / "book", some_sound(tmp_path / "in", 1)
    main(["new", str(book)])
    capsys.readouterr()
    assert main(["import", str(book), "--speaker", "W1", str(folder), "--session", "s"]) == 0
    assert main(["import", "--dry-run", str(book), str(folder)]) == 0


def test_wrong_usage_is_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book"
    main(["new", str(book)])
    capsys.readouterr()
    assert answer(capsys, "import", book)[::2] == (2, "fieldapp: There is nothing to import. Name files or folders, a --manifest or --annotations.\n")
    code, report, _ = answer(capsys, "import", book, "--annotations", "a.eaf")
    assert code == 1
    assert "a.eaf" in json.dumps(report)
    code, _, said = answer(capsys, "import", tmp_path / "nowhere", tmp_path)
    assert code == 1
    assert said.count("\n") == 1


@pytest.mark.e2e
@pytest.mark.slow
def test_an_import_killed_at_any_moment_leaves_no_half_row_and_goes_on(tmp_path: Path) -> None:
    book, folder = tmp_path / "book", some_sound(tmp_path / "in", 300, kind="ogg")
    main(["new", str(book)])
    command = [sys.executable, "-m", "fieldapp", "import", str(book), str(folder)]
    rng = random.Random(4)
    for _ in range(6):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            time.sleep(rng.uniform(0.4, 1.2))
            child.send_signal(signal.SIGKILL)
        files, known = files_and_rows(book)
        landing = book / "derived" / "incoming" / "landing.json"
        assert known <= files
        if files - known:  # killed in the moment between the move and the commit: the next import takes these away
            assert {name.removeprefix("audio/") for name in files - known} <= set(json.loads(landing.read_text()))
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    files, known = files_and_rows(book)
    assert files == known
    assert len(known) == 600


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)]
    if not shutil.which("mount") or os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can only be made by root on Linux")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("kind", ["wav", "ogg"])
def test_a_full_disk_stops_with_a_sentence_and_keeps_what_is_in(small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    book, folder = small_disk / "book", some_sound(tmp_path / "in", 100, 5.0, kind)
    main(["new", str(book)])
    capsys.readouterr()
    code, report, said = answer(capsys, "import", book, folder)
    assert code == 1
    assert "full" in said + json.dumps(report) or "room" in said + json.dumps(report)
    files, known = files_and_rows(book)
    assert files == known
    assert not (book / "derived" / "incoming").exists()


def test_a_long_talk_without_words_is_a_recording_for_listening_and_is_known_again(tmp_path: Path) -> None:
    talk = tmp_path / "talk.wav"
    soundfile.write(talk, np.random.default_rng(5).normal(0, 0.1, 25 * 8000), 8000, subtype="PCM_16")
    folder = tmp_path / "book"
    Store.create(folder, "book").close()
    assert main(["import", str(folder), str(talk), "--speaker", "W1", "--variety", "Wu"]) == 0
    assert main(["import", str(folder), str(talk), "--speaker", "W1", "--variety", "Wu"]) == 0
    (tmp_path / "copy.wav").write_bytes(talk.read_bytes())
    assert main(["import", str(folder), str(tmp_path / "copy.wav"), "--speaker", "W1"]) == 0
    with Store.open(folder, read_only=True) as store:
        db = store.reader()
        (recording,) = RECORDING.each(db)
        assert list(SEGMENT.each(db)) == []
        speaker = people.find_person(db, "W1")
        assert speaker is not None
        assert recording.metadata["speaker"] == speaker.id
        assert sessions.participants(db, recording.session) == [(speaker.id, "speaker")]
