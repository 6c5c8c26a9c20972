"""Bringing recordings in: kept as they are or converted beside the original, never twice, never half."""

from __future__ import annotations

import hashlib
import os
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.errors import Cancelled, ReadOnly
from fieldapp.intake.importing import Import, Report
from fieldapp.intake.manifest import Row, Wanted, find_files, read_manifest
from fieldapp.intake.staging import Staging
from fieldapp.intake.stems import LONGEST, Stems, fold
from fieldapp.model import Recording, Segment
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store

RATE = 16_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "book", "Test") as made:
        yield made


def sound_file(path: Path, seed: int = 1, seconds: float = 0.3, subtype: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.random.default_rng(seed).standard_normal((round(RATE * seconds), 1)) * 0.1
    soundfile.write(path, sound, RATE, subtype=subtype)
    return path


def bring(store: Store, *paths: Path, speaker: str = "", manifest: Path | None = None, staging: Staging | None = None) -> Report:
    wanted = read_manifest(manifest, speaker=speaker) if manifest else find_files(paths, speaker)
    return Import(store, staging).run(wanted, [manifest] if manifest else paths, "", lambda _share, _doing: None)


def recordings(store: Store) -> list[Recording]:
    return sessions.recordings(store.reader())


def only_segment(store: Store, recording: Recording) -> Segment:
    (segment,) = segments.segments(store.reader(), recording.id)
    return segment


def assert_sound(store: Store) -> None:
    """Every row has its file, unchanged, and every file its row; nothing is left in the staging folder."""
    known = {path for one in recordings(store) for path in (one.path, one.original) if path}
    assert {f"audio/{path.name}" for path in (store.folder / "audio").iterdir()} == known
    for one in recordings(store):
        data = (store.folder / one.path).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (one.sha256, one.bytes)
        assert soundfile.info(store.folder / one.path).frames == one.frames
    assert not (store.folder / "derived" / "incoming").exists()


@pytest.mark.parametrize(("kind", "subtype"), [("wav", "PCM_16"), ("wav", "PCM_24"), ("flac", "PCM_16")])
def test_wav_and_flac_are_kept_byte_for_byte(store: Store, tmp_path: Path, kind: str, subtype: str) -> None:
    source = sound_file(tmp_path / f"a b.{kind.upper()}", subtype=subtype)
    assert bring(store, source).imported == 1
    (recording,) = recordings(store)
    assert recording.path == f"audio/a_b.{kind}"
    assert recording.original == ""
    assert (store.folder / recording.path).read_bytes() == source.read_bytes()
    segment = only_segment(store, recording)
    assert (segment.span.start, segment.span.stop, segment.state) == (0, recording.frames, "pending")
    assert segment.quality["peak_db"] < 0
    assert_sound(store)


@pytest.mark.parametrize(("name", "subtype", "bits"), [("a.ogg", None, 24), ("b.aiff", "PCM_16", 16), ("c.aiff", "PCM_24", 24)])
def test_everything_else_is_kept_and_converted_beside_it(store: Store, tmp_path: Path, name: str, subtype: str | None, bits: int) -> None:
    source = sound_file(tmp_path / name, subtype=subtype)
    bring(store, source)
    (recording,) = recordings(store)
    assert (store.folder / recording.original).read_bytes() == source.read_bytes()
    with wave.open(str(store.folder / recording.path)) as master:
        assert (master.getsampwidth() * 8, master.getnframes(), master.getframerate()) == (bits, recording.frames, RATE)
    before, after = (soundfile.read(path, dtype="float32")[0] for path in (source, store.folder / recording.path))
    assert np.abs(before - after).max() <= (0 if subtype else 2**-23)
    assert_sound(store)


def test_a_wav_that_is_not_pcm_is_converted_under_another_name(store: Store, tmp_path: Path) -> None:
    bring(store, sound_file(tmp_path / "a.wav", subtype="FLOAT"))
    (recording,) = recordings(store)
    assert (recording.original, recording.path) == ("audio/a.wav", "audio/a__pcm.wav")
    assert_sound(store)


def test_a_master_too_large_for_one_wav_goes_on_in_parts(store: Store, tmp_path: Path) -> None:
    source = sound_file(tmp_path / "long.aiff", seconds=2.0, subtype="PCM_16")
    bring(store, source, staging=Staging(store.folder, largest=4096 + 20_000))
    parts = recordings(store)
    assert [part.frames for part in parts] == [10_000, 10_000, 10_000, 2_000]
    assert [part.first_frame for part in parts] == [0, 10_000, 20_000, 30_000]
    assert [part.path for part in parts[:2]] == ["audio/long.wav", "audio/long__p2.wav"]
    assert {part.master for part in parts[1:]} == {parts[0].id}
    assert only_segment(store, parts[0]).span.stop == 32_000
    joined = np.concatenate([soundfile.read(store.folder / part.path, dtype="int16")[0] for part in parts])
    assert np.array_equal(joined, soundfile.read(source, dtype="int16")[0])


def test_a_manifest_row_arrives_with_everything_it_says(store: Store, tmp_path: Path) -> None:
    sound_file(tmp_path / "in" / "太阳.wav")
    manifest = tmp_path / "in" / "list.csv"
    columns = "path,speaker,language,variety,meaning_id,transcript,translation_en,ipa,picture,split,village"
    manifest.write_text(f"{columns}\n太阳.wav,W1,wuu,Suzhou,w:sun,太阳,sun,tʰɑ˥˩ jɑ̃˨˧,sun.png,test,北桥\n", encoding="utf-8")
    assert bring(store, manifest=manifest).imported == 1
    (recording,), db = recordings(store), store.reader()
    segment = only_segment(store, recording)
    assert recording.path == "audio/sound.wav"
    assert segment.speaker
    assert people.person(db, segment.speaker).code == "W1"
    assert segment.variety
    assert people.variety(db, segment.variety).name == "Suzhou"
    assert (segment.meaning_id, segment.state) == ("w:sun", "checked")
    assert {name: segment.metadata[name] for name in ("picture", "split", "village")} == {"picture": "sun.png", "split": "test", "village": "北桥"}
    said = {text.tier: (text.text, text.language, text.source, text.state) for text in texts.texts(db, segment.id)}
    assert said["transcription"] == ("太阳", "wuu", "import", "confirmed")
    assert said["translation"][:2] == ("sun", "en")
    assert said["ipa"][0] == "tʰɑ˥˩ jɑ̃˨˧"
    assert sessions.participants(db, recording.session) == [(segment.speaker, "speaker")]


def test_the_same_import_again_does_only_what_is_left(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(3):
        sound_file(folder / f"{number}.wav", number)
    assert bring(store, folder).imported == 3
    sound_file(folder / "sub" / "new.wav", 9)
    report = bring(store, folder)
    assert (report.imported, report.already) == (1, 3)
    assert len(sessions.sessions(store.reader())) == 1
    assert len(recordings(store)) == 4
    assert_sound(store)


def test_a_row_that_says_something_else_than_before_changes_nothing(store: Store, tmp_path: Path) -> None:
    sound_file(tmp_path / "a.wav")
    manifest = tmp_path / "list.csv"
    manifest.write_text("path,transcript\na.wav,sun\n")
    bring(store, manifest=manifest)
    manifest.write_text("path,transcript\na.wav,moon\n")
    report = bring(store, manifest=manifest)
    assert report.already == 1
    assert "other details" in report.notes[0].sentence
    assert [text.text for text in texts.texts(store.reader(), only_segment(store, recordings(store)[0]).id)] == ["sun"]


def test_the_same_sound_is_stored_once_and_keeps_what_each_row_says(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    sound_file(folder / "a.ogg")
    for copy in ("b.ogg", "c.ogg", "d.ogg"):
        (folder / copy).write_bytes((folder / "a.ogg").read_bytes())
    manifest = folder / "list.csv"
    manifest.write_text("path,speaker,transcript\na.ogg,,\nb.ogg,W1,sun\nc.ogg,W1,sun\nd.ogg,W2,sun\n")
    report = bring(store, manifest=manifest)
    assert (report.imported, report.described, report.duplicates) == (1, 2, 1)
    (recording,) = recordings(store)
    said = segments.segments(store.reader(), recording.id)
    assert [people.person(store.reader(), one.speaker or "").code for one in said] == ["W1", "W2"]
    assert bring(store, manifest=manifest).imported == 0
    assert len(segments.segments(store.reader(), recording.id)) == 2
    assert_sound(store)


def test_folders_are_walked_in_order_and_hidden_files_left_alone(store: Store, tmp_path: Path) -> None:
    for name in ("b/2.wav", "b/10.wav", "a/z.flac", ".hidden/x.wav", "b/._2.wav"):
        sound_file(tmp_path / "in" / name, seed=hash(name) % 1000)
    (tmp_path / "in" / "notes.txt").write_text("x")
    wanted = find_files([tmp_path / "in"])
    assert [row.path.relative_to(tmp_path / "in").as_posix() for row in wanted.rows] == ["a/z.flac", "b/10.wav", "b/2.wav"]
    assert [Path(name).name for name in wanted.set_aside] == ["notes.txt"]


def test_files_that_are_no_sound_are_told_one_by_one_and_the_rest_comes_in(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    sound_file(folder / "good.wav")
    (folder / "text.wav").write_text("no sound at all " * 100)
    (folder / "empty.mp3").touch()
    soundfile.write(folder / "zero.wav", np.zeros((0, 1)), RATE)
    half = sound_file(folder / "half.wav", 5)
    os.truncate(half, half.stat().st_size // 2)
    report = bring(store, folder)
    assert report.imported == 2
    assert {Path(problem.where).name for problem in report.problems} == {"text.wav", "empty.mp3", "zero.wav"}
    assert not [problem for problem in report.problems if "incoming" in problem.sentence]
    assert ["cut short" in note.sentence for note in report.notes] == [True]
    assert_sound(store)


def test_a_file_that_vanishes_during_the_import_is_told_and_the_rest_comes_in(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(3):
        sound_file(folder / f"{number}.wav", number)

    def take_away(_share: float, doing: str) -> None:
        if "0.wav" in doing:
            (folder / "1.wav").unlink()

    report = Import(store).run(find_files([folder]), [folder], "", take_away)
    assert report.imported == 2
    assert "cannot be read" in report.problems[0].sentence
    assert_sound(store)


def test_cancelling_keeps_what_was_written_and_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(70):
        sound_file(folder / f"{number:02}.wav", number, 0.01)

    def stop(_share: float, doing: str) -> None:
        if "68.wav" in doing:
            raise Cancelled

    with pytest.raises(Cancelled):
        Import(store).run(find_files([folder]), [folder], "", stop)
    assert len(recordings(store)) == 64
    assert_sound(store)
    assert bring(store, folder).imported == 6


def test_what_a_crash_left_between_move_and_commit_is_taken_away(store: Store, tmp_path: Path) -> None:
    bring(store, sound_file(tmp_path / "kept.wav"))
    staging = Staging(store.folder)
    staging.prepare([])
    staging.about_to_land(["orphan.wav", "kept.wav", "../fieldbook.db"])
    sound_file(store.folder / "audio" / "orphan.wav")
    (staging.folder / "half.wav").write_bytes(b"RIFF")
    bring(store, sound_file(tmp_path / "next.wav", 2))
    assert_sound(store)
    assert (store.folder / "fieldbook.db").exists()


def test_a_fieldbook_somebody_else_holds_is_not_imported_into(store: Store, tmp_path: Path) -> None:
    with Store.open(store.folder, read_only=True) as second, pytest.raises(ReadOnly, match="reading only"):
        bring(second, sound_file(tmp_path / "a.wav"))


@given(names=st.lists(st.text(max_size=60), max_size=30), taken=st.lists(st.sampled_from(["a", "A_2", "sound"])))
def test_stems_are_ascii_short_and_never_given_twice(names: list[str], taken: list[str]) -> None:
    stems = Stems(taken)
    given_out = [stems.take(name) for name in names]
    for stem in given_out:
        assert stem.isascii()
        assert stem.replace("_", "a").isalnum()
        assert "__" not in stem
        assert len(stem) <= LONGEST + 6
    everything = [stem.lower() for stem in (*given_out, *set(taken))]
    assert len(set(everything)) == len(given_out) + len({stem.lower() for stem in taken})


FOLDED = [("Añez Ø-1", "Anez_1"), ("太阳", "sound"), ("..", "sound"), ("con", "con_1"), ("a/../b", "a_b"), ("x" * 99, "x" * LONGEST)]


@pytest.mark.parametrize(("name", "stem"), FOLDED)
def test_names_are_folded_to_ascii(name: str, stem: str) -> None:
    assert fold(name) == stem


def test_an_import_that_brought_nothing_leaves_no_empty_session(tmp_path: Path) -> None:
    (tmp_path / "no-sound.wav").write_text("hello")
    with Store.create(tmp_path / "book", "book") as store:
        wanted = Wanted((Row(tmp_path / "no-sound.wav", "no-sound.wav"),))
        report = Import(store).run(wanted, [tmp_path], "", lambda *_: None)
        assert report.problems
        assert report.session == ""
        assert sessions.sessions(store.reader()) == []
