"""Handing over: consent decides once for all formats; what stays is listed with the reason."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from fieldapp import handover
from fieldapp.cli import main
from fieldapp.corpus.output import Output
from fieldapp.model import Consent, ConsentId, Recording, RecordingId, Segment, SegmentId, Session, SessionId, Span, new_id
from fieldapp.store import consent, people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

RATE = 16000


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two speakers in one recording; only W1 lets anything leave."""
    folder = tmp_path / "book"
    with Store.create(folder, "Two & <more>") as store:
        soundfile.write(folder / "audio" / "S_T1.wav", np.zeros(10 * RATE, np.int16), RATE)

        def fill(tx: Transaction) -> None:
            session = Session(id=SessionId(new_id()), name="S", date="2026-03-01")
            sessions.add_session(tx, session)
            master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/S_T1.wav", rate=RATE, channels=1, bits=16, frames=10 * RATE)
            sessions.add_recording(tx, master)
            for number, code in enumerate(("W1", "M2")):
                person = people.ensure_person(tx, code)
                sessions.take_part(tx, session.id, person.id)
                segment = Segment(
                    id=SegmentId(new_id()), recording=master.id, span=Span(number * RATE, (number + 1) * RATE), speaker=person.id, state="checked"
                )
                segments.add_segments(tx, [segment])
                texts.set_text(tx, segment.id, "transcription", f"words of {code}")
            allowed = people.find_person(tx.db, "W1")
            assert allowed is not None
            consent.give(tx, Consent(id=ConsentId(new_id()), person=allowed.id, purpose="archive", allowed=True))

        store.do(fill)
    return folder


def test_only_what_consent_lets_out_is_gathered_and_the_rest_is_named(book: Path) -> None:
    with Store.open(book, read_only=True) as store:
        bundle = handover.gather(store, purpose="archive")
    assert [bundle.speaker_code(s) for s in bundle.segments] == ["W1"]
    assert {p.code for p in bundle.persons.values()} == {"W1"}
    assert "M2 has not allowed" in bundle.left_out[0].why
    assert not bundle.whole, "the master also holds what must stay"


def test_a_basket_narrows_what_is_gathered(book: Path) -> None:
    with Store.open(book, read_only=True) as store:
        everything = handover.gather(store, purpose="search")
        assert len(everything.segments) == 2
        assert everything.whole
        assert handover.gather(store, purpose="search", only=[everything.segments[1].id]).segments == everything.segments[1:]


def test_the_bundle_can_cut_the_sound_it_names(book: Path, tmp_path: Path) -> None:
    with Store.open(book, read_only=True) as store:
        bundle = handover.gather(store, purpose="archive")
    source = bundle.sound_path(next(iter(bundle.recordings.values())))
    Output(tmp_path / "out").file("piece.wav", lambda target: bundle.cut(source, bundle.segments[0].span, target))
    assert soundfile.info(tmp_path / "out" / "piece.wav").frames == RATE


def test_the_command_exports_reports_and_rewrites_nothing_the_second_time(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export", str(book), "--format", "csv", "--out", str(tmp_path / "out"), "--json"]
    assert main(command) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["written"] == ["segments.csv"]
    assert len(first["left_out"]) == 1
    with (tmp_path / "out" / "segments.csv").open(encoding="utf-8", newline="") as file:
        assert [row["transcription"] for row in csv.DictReader(file)] == ["words of W1"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["unchanged"] == ["segments.csv"]


@pytest.mark.parametrize("where", ["inside", "a file"])
def test_a_bad_place_is_refused_with_a_sentence(book: Path, tmp_path: Path, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    out = book / "out" if where == "inside" else tmp_path / "file"
    assert main(["export", str(book), "--format", "csv", "--out", str(out)]) == 1
    assert str(out) in capsys.readouterr().err


@pytest.mark.parametrize("form", ["kaldi", "audiofolder"])
def test_a_training_set_needs_consent_to_training_whatever_else_it_is_for(form: str, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def held(*words: str) -> list[str]:
        assert main(["export", str(book), "--format", form, "--out", str(tmp_path / "out"), "--json", *words]) == 0
        return sorted(one["why"] for one in json.loads(capsys.readouterr().out)["left_out"])

    trained = ["M2 has not allowed 'train' (nothing is noted).", "W1 has not allowed 'train' (nothing is noted)."]
    assert held() == trained
    assert held("--purpose", "archive") == ["M2 has not allowed 'archive' (nothing is noted).", trained[1]]
    assert held("--purpose", "listen") == trained
    for code in ("W1", "M2"):
        assert main(["consent", str(book), "give", "--person", code, "--purpose", "train"]) == 0
    capsys.readouterr()
    assert held() == []
    assert main(["consent", str(book), "withdraw", "--person", "W1", "--purpose", "train"]) == 0
    capsys.readouterr()
    assert "W1 withdrew 'train'" in held("--purpose", "archive")[1]


def test_every_segment_that_stays_has_its_rule(book: Path) -> None:
    with Store.open(book) as store:
        (master,) = sessions.recordings(store.reader())
        people_by_code = {p.code: p.id for p in people.persons(store.reader())}
        more = [Segment(id=SegmentId(new_id()), recording=master.id, span=Span(n, n + 1), speaker=people_by_code["M2"]) for n in range(1500)]
        story = Segment(id=SegmentId(new_id()), recording=master.id, span=Span(1, 2), speaker=people_by_code["W1"])
        store.do(lambda tx: segments.add_segments(tx, [*more, story]))
        refused = Consent(id=ConsentId(new_id()), person=people_by_code["W1"], purpose="archive", allowed=False, segment=story.id)
        store.do(lambda tx: consent.give(tx, refused))
        left = handover.gather(store, purpose="archive").left_out
    assert len(left) == 1502
    assert {one.why for one in left if one.segment != story.id} == {"M2 has not allowed 'archive' (nothing is noted)."}
    assert next(one.why for one in left if one.segment == story.id).startswith("W1 refused 'archive'")


def test_an_unknown_format_is_wrong_usage(book: Path, tmp_path: Path) -> None:
    assert main(["export", str(book), "--format", "doc", "--out", str(tmp_path / "out")]) == 2


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9), st.booleans()), max_size=15)


@given(SPANS)
def test_who_is_heard_with_whom_is_found_for_all_at_once(spans: list[tuple[int, int, bool]]) -> None:
    every = [(Segment(id=SegmentId(str(n)), recording=RecordingId("R"), span=Span(at, at + length)), held) for n, (at, length, held) in enumerate(spans)]
    kept, held_back = ([s for s, held in every if held == which] for which in (False, True))
    wanted = {s.id for s in kept if any(s.span.overlaps(other.span) and len(other.span) for other in held_back)}
    assert handover._heard_with(kept, held_back) == wanted


def exported(book: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, list[str]]:
    capsys.readouterr()
    assert main(["export", str(book), "--format", "audiofolder", "--audio", "--out", str(out), "--purpose", "share", "--json", *more]) == 0
    found: dict[str, list[str]] = json.loads(capsys.readouterr().out)
    return found


def allow(book: Path, code: str) -> None:
    """What a training set that is shared needs."""
    for purpose in ("share", "train"):
        assert main(["consent", str(book), "give", "--person", code, "--purpose", purpose]) == 0


def test_an_export_made_again_takes_away_what_may_no_longer_be_in_it(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    for code in ("W1", "M2"):
        allow(book, code)
    first = exported(book, out, capsys)
    sounds = [name for name in first["written"] if name.endswith(".wav")]
    assert len(sounds) == 2
    assert main(["consent", str(book), "withdraw", "--person", "M2"]) == 0
    again = exported(book, out, capsys)
    (gone,) = (name for name in again["removed"] if name.endswith(".wav"))
    assert gone in sounds
    assert not (out / gone).parent.exists(), "a folder without files goes too"
    assert [path.relative_to(out).as_posix() for path in out.rglob("*.wav")] == [name for name in sounds if name != gone]
    assert exported(book, out, capsys)["removed"] == []
    with Store.open(book, read_only=True) as store:
        lists = [row[0] for row in store.reader().execute("SELECT json_type(result, '$.files') FROM run WHERE kind = 'export' ORDER BY pk")]
    assert lists == [None, None, "object"], "only the last list is kept"


def test_what_somebody_changed_or_another_export_made_stays(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    for code in ("W1", "M2"):
        allow(book, code)
    sounds = {path for path in exported(book, out, capsys)["written"] if path.endswith(".wav")}
    assert exported(book, out, capsys, "--no-drafts")["removed"] == []
    for name in sounds:
        (out / name).write_bytes((out / name).read_bytes() + b"\0")
    (out / "mine.txt").write_text("notes")
    assert main(["consent", str(book), "withdraw", "--person", "M2"]) == 0
    again = exported(book, out, capsys)
    assert not [name for name in again["removed"] if name.endswith(".wav")]
    assert len(again["stayed"]) == 1
    assert (out / again["stayed"][0]).is_file()
    assert (out / "mine.txt").is_file()
