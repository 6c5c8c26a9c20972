"""Taking somebody out: what left is named, what is deleted is gone from every byte of the fieldbook, the certificate says what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fieldapp import erasure
from fieldapp.audio.silence import silence
from fieldapp.cli import main
from fieldapp.errors import AudioError, FieldbookLocked, NotThere
from fieldapp.model import (
    Consent,
    ConsentId,
    Person,
    PersonId,
    Recording,
    RecordingId,
    Segment,
    SegmentId,
    Session,
    SessionId,
    Space,
    SpaceId,
    Span,
    new_id,
)
from fieldapp.store import backup, consent, people, segments, sessions, texts
from fieldapp.store.connect import DATABASE
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction
from fieldapp.store.vectors import put_vectors

RATE = 16000
SECRETS = ("zyxwordsecret", "Wilhelmina Quux", "tel 0815-4711", "on the porch recording")
VECTOR = np.linspace(0.125, 0.875, 24, dtype=np.float16)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """W1 speaks from 1 s to 2 s, M2 from 3 s to 4 s; both allowed everything."""
    folder = tmp_path / "book"
    with Store.create(folder, "Two") as store:
        soundfile.write(folder / "audio" / "S_T1.wav", np.full(5 * RATE, 1000, np.int16), RATE)

        def fill(tx: Transaction) -> None:
            session = Session(id=SessionId(new_id()), name="S")
            sessions.add_session(tx, session)
            master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S_T1.wav", rate=RATE, channels=1, bits=16, frames=5 * RATE)
            sessions.add_recording(tx, master)
            space = Space(id=SpaceId("sp"), kind="meaning", model="m", dims=len(VECTOR))
            tx.db.execute("INSERT INTO space (id, kind, model, dims, created) VALUES ('sp', 'meaning', 'm', ?, '')", (len(VECTOR),))
            for start, code, name, contact, said in ((1, "W1", SECRETS[1], SECRETS[2], SECRETS[0]), (3, "M2", "Mo", "", "staying words")):
                person = Person(id=PersonId(new_id()), code=code, name=name, contact=contact)
                people.add_person(tx, person)
                sessions.take_part(tx, session.id, person.id)
                segment = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(start * RATE, (start + 1) * RATE), speaker=person.id)
                segments.add_segments(tx, [segment])
                texts.set_text(tx, segment.id, "transcription", said)
                vector = VECTOR if code == "W1" else VECTOR[::-1]
                put_vectors(tx, space, [(segment.id, vector)])
                given = Consent(id=ConsentId(new_id()), person=person.id, purpose="anything", allowed=True, evidence=SECRETS[3] if code == "W1" else "")
                consent.give(tx, given)

        store.do(fill)
        found = people.find_person(store.reader(), "W1")
        assert found is not None
        (segment,) = (s for s in segments.segments(store.reader(), store.reader().execute("SELECT id FROM recording").fetchone()[0]) if s.speaker == found.id)
        store.do(lambda tx: texts.set_text(tx, segment.id, "note", f"again {SECRETS[0]}"), undo="Type")
    (folder / "derived" / "peaks").mkdir(exist_ok=True)
    (folder / "derived" / "index.bin").write_bytes(VECTOR.tobytes())
    return folder


def traces(folder: Path) -> list[str]:
    """Files that hold anything of W1: as text, as hexadecimal text or as the bytes of the vector."""
    needles = [secret.encode() for secret in SECRETS] + [VECTOR.tobytes(), VECTOR.tobytes().hex().encode(), VECTOR.tobytes().hex().upper().encode()]
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if data != bytes(len(data)) and any(needle in data for needle in needles):  # the reserve is megabytes of zeros
            found.append(str(path.relative_to(folder)))
    return found


@pytest.mark.slow
def test_after_erasing_no_byte_of_the_fieldbook_holds_it(book: Path) -> None:
    backup.make(book / DATABASE)
    assert any(DATABASE in name for name in traces(book))
    report = erasure.withdraw_and_erase(book, "W1", audio=False, copies_too=True)
    assert traces(book) == []
    assert (report.erased.segments, report.erased.texts, report.erased.vectors) == (1, 2, 1)
    with Store.open(book, read_only=True) as store:
        assert [a.text for s in store.reader().execute("SELECT id FROM segment") for a in texts.texts(store.reader(), s["id"])] == ["staying words"]
        person = people.find_person(store.reader(), "W1")
        assert person is not None
        assert (person.name, person.contact) == ("", "")
    assert main(["search", str(book), SECRETS[0]]) == 0


def test_annotation_files_that_were_kept_go_too(book: Path) -> None:
    kept = book / "audio" / "S_T1.original.eaf"
    kept.write_text(f"<x>{SECRETS[0]}</x>")
    with Store.open(book) as store:
        (recording,) = sessions.recordings(store.reader())
        noted = replace(recording, metadata={"annotations": [{"path": "audio/S_T1.original.eaf", "sha256": "", "name": "x.eaf", "format": "elan"}]})
        store.do(lambda tx: sessions.update_recording(tx, noted))
    report = erasure.withdraw_and_erase(book, "W1", audio=False, copies_too=True)
    assert report.originals == ("audio/S_T1.original.eaf",)
    assert not kept.exists()
    assert traces(book) == []


def test_backups_that_still_hold_it_are_named(book: Path) -> None:
    kept = backup.make(book / DATABASE)
    report = erasure.withdraw_and_erase(book, "W1", audio=False, copies_too=False)
    assert f"backups/{kept.name}" in report.copies
    assert all(name.startswith("backups/") for name in traces(book))
    assert "STILL HOLD" in str(report)
    assert "audio/S_T1.wav" in report.kept_sound


def test_the_voice_is_overwritten_only_where_the_person_speaks(book: Path) -> None:
    report = erasure.withdraw_and_erase(book, "W1", audio=True, copies_too=True)
    samples, _ = soundfile.read(book / "audio" / "S_T1.wav", dtype="int16")
    assert len(samples) == 5 * RATE
    assert set(np.flatnonzero(samples == 0)) == set(range(RATE, 2 * RATE))
    assert report.silenced == ("audio/S_T1.wav",)
    assert main(["check", str(book)]) == 0


def test_earlier_exports_are_listed_with_where_they_went(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["export", str(book), "--format", "csv", "--out", str(out), "--audience", "museum"]) == 0
    assert main(["consent", str(book), "withdraw", "--person", "W1", "--json"]) == 0
    printed = capsys.readouterr().out
    told = json.loads(printed[printed.index("\n{") :])
    assert [(one["out"], one["format"], one["audience"], one["segments"]) for one in told["earlier"]] == [(str(out), "csv", "museum", 2)]
    again = tmp_path / "again"
    assert main(["export", str(book), "--format", "csv", "--out", str(again)]) == 0
    assert SECRETS[0] not in (again / "segments.csv").read_text()
    certificate = tmp_path / "certificate.txt"
    assert main(["consent", str(book), "erase", "--person", "W1", "--certificate", str(certificate)]) == 0
    assert str(out) in certificate.read_text()
    assert str(again) not in certificate.read_text()


def test_a_withdrawal_deletes_the_caches_it_reaches_and_leaves_a_certificate(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("adapting", "peaks"):
        (book / "derived" / name).mkdir(exist_ok=True)
        (book / "derived" / name / "x").write_bytes(b"x")
    assert main(["consent", str(book), "withdraw", "--person", "W1", "--purpose", "train"]) == 0
    assert [(book / "derived" / name).exists() for name in ("adapting", "peaks")] == [False, True]
    assert main(["consent", str(book), "withdraw", "--person", "W1", "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("\n{") :])["caches"] == ["derived/peaks"]
    train, everything = (path.read_text() for path in sorted((book / "certificates").iterdir()))
    if "'train'" in everything:
        train, everything = everything, train
    assert "Withdrawn: 'train'" in train
    assert "Deleted: 0 vectors" in train
    assert "Withdrawn: 'anything'" in everything
    assert "Deleted: 1 vectors" in everything
    assert main(["consent", str(book), "erase", "--person", "W1", "--backups"]) == 0
    assert len(list((book / "certificates").glob("*-erased-W1.txt"))) == 1
    assert traces(book) == []


def test_a_recording_nobody_marked_is_part_of_what_is_erased(book: Path) -> None:
    with Store.open(book) as store:
        person = people.find_person(store.reader(), "W1")
        assert person is not None
        home = sessions.sessions(store.reader())[0].id
        soundfile.write(book / "audio" / "talk.wav", np.full(RATE, 7, np.int16), RATE)
        about = {"speaker": person.id, "told": SECRETS[0], "import": {"name": "talk.wav"}}
        talk = Recording(id=RecordingId(new_id()), session=home, path="audio/talk.wav", rate=RATE, channels=1, bits=16, frames=RATE, metadata=about)
        store.do(lambda tx: sessions.add_recording(tx, talk))
    assert "audio/talk.wav" in erasure.withdraw_and_erase(book, "W1", audio=True, copies_too=True).silenced
    assert not soundfile.read(book / "audio" / "talk.wav")[0].any()
    assert traces(book) == []


def test_a_word_can_be_given_and_shown(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["consent", str(book), "refuse", "--person", "M2", "--purpose", "train", "--until", "2030-01-01"]) == 0
    assert main(["consent", str(book), "show", "--person", "M2"]) == 0
    assert "refuses 'train' for anyone, until 2030-01-01" in capsys.readouterr().out
    assert main(["consent", str(book)]) == 0
    assert "W1: " in capsys.readouterr().out
    assert main(["consent", str(book), "give", "--person", "M2", "--purpose", "nonsense"]) == 2
    assert main(["consent", str(book), "give"]) == 2


def test_nobody_of_that_code_is_said(book: Path) -> None:
    with pytest.raises(NotThere, match="Nobody"):
        erasure.withdraw_and_erase(book, "X9", audio=False, copies_too=False)


def test_a_fieldbook_open_elsewhere_is_not_compacted(book: Path) -> None:
    from fieldapp.store.erase import compact

    with Store.open(book), pytest.raises(FieldbookLocked):
        compact(book)


def test_what_is_no_plain_wav_is_not_silenced(tmp_path: Path) -> None:
    path = tmp_path / "x.ogg"
    soundfile.write(path, np.zeros(100, np.int16), RATE)
    with pytest.raises(AudioError, match="neither plain WAV nor FLAC"):
        silence(path, [Span(0, 10)])


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_flac_is_silent_there_and_the_same_elsewhere(subtype: str, tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    soundfile.write(path, (np.arange(1, 3 * RATE + 1, dtype=np.int32) << 16), RATE, subtype=subtype)
    before, _ = soundfile.read(path, dtype="int32")
    assert silence(path, [Span(10, 20), Span(RATE, 2 * RATE)]) == RATE + 10
    after, _ = soundfile.read(path, dtype="int32")
    assert set(np.flatnonzero(before != after)) <= {*range(10, 20), *range(RATE, 2 * RATE)}
    assert not after[10:20].any()
    assert not after[RATE : 2 * RATE].any()
    assert soundfile.info(path).subtype == subtype


def test_where_a_refused_voice_is_heard_too_the_sound_stays(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(book) as store:
        master = store.reader().execute("SELECT id FROM recording").fetchone()[0]
        over = Segment(id=SegmentId(new_id()), recording=RecordingId(master), span=Span(3 * RATE + 10, 4 * RATE))
        store.do(lambda tx: segments.add_segments(tx, [over]))
        w1 = people.find_person(store.reader(), "W1")
        assert w1 is not None
        refused = Consent(id=ConsentId(new_id()), person=w1.id, purpose="anything", allowed=False, segment=over.id)
        store.do(lambda tx: consent.give(tx, refused))
    assert main(["export", str(book), "--format", "audiofolder", "--audio", "--out", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["segments"] == 1
    assert any("can be heard in it" in left["why"] for left in told["left_out"])


def test_a_basket_is_a_list_or_a_search(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(book), "--format", "csv", "--out", str(tmp_path / "a"), "--search", "staying", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["segments"] == 1
    listed = tmp_path / "ids.txt"
    with Store.open(book, read_only=True) as store:
        listed.write_text("\n".join(row["id"] for row in store.reader().execute("SELECT id FROM segment")) + "\n")
    assert main(["export", str(book), "--format", "csv", "--out", str(tmp_path / "b"), "--segments", str(listed), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["segments"] == 2
    assert main(["export", str(book), "--format", "csv", "--out", str(tmp_path / "c"), "--segments", str(tmp_path / "missing")]) == 1
