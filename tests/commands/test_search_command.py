"""`fieldapp search` as a person and as a script call it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fieldapp import cli
from fieldapp.model import Annotation, AnnotationId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"

    def fill(tx: Transaction) -> None:
        session = sessions.ensure_session(tx, "suzhou3")
        recording = Recording(id=RecordingId(new_id()), session=session.id, path="audio/suzhou3.wav", rate=48000, channels=1, bits=24, frames=48_000_000)
        sessions.add_recording(tx, recording)
        speaker, variety = people.ensure_person(tx, "W1"), people.ensure_variety(tx, "Wu")
        for place, text in enumerate(("天气", "今天天气很好", "كَتَبَ")):
            span = Span(place * 48000 * 70, place * 48000 * 70 + 48000)
            made = Segment(id=SegmentId(new_id()), recording=recording.id, span=span, speaker=speaker.id, variety=variety.id)
            segments.add_segments(tx, [made])
            texts.add_texts(
                tx, [Annotation(id=AnnotationId(new_id()), segment=made.id, tier="transcription", text=text, state="draft" if place else "confirmed")]
            )

    with Store.create(folder, "Wu") as store:
        store.do(fill)
    return folder


def test_hits_are_told_with_place_text_and_people(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search", str(book), "天气"]) == 0
    said, first, second = capsys.readouterr().out.splitlines()
    assert said == "2 segments found"
    assert first.endswith("00:00.000  transcription: 天气  W1 · Wu · suzhou3")
    assert second.endswith("01:10.000  transcription: 今天天气很好 (draft)  W1 · Wu · suzhou3")


def test_json_is_one_document_with_ranges_and_times(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["search", str(book), "كتب", "--ignore", "marks", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["total"], data["more"], data["mode"]) == (1, False, "words")
    hit = data["hits"][0]
    assert (hit["text"], hit["marks"], hit["seconds"]["start"]) == ("كَتَبَ", [[0, 6]], 140.0)


def test_matches_shine_on_a_terminal_only(book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cli.main(["search", str(book), "气很"])
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    cli.main(["search", str(book), "气很"])
    assert "今天天\x1b[1;7m气很\x1b[0m好" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing such"], 0, "0 segments found"),
        (["天", "-k", "1"], 0, "the best 1 of them"),
        (["天", "--checked"], 0, "1 segment found"),
        (["天", "--speaker", "W9"], 1, "no speaker 'W9'"),
        (["天", "--mode", "sound"], 2, "needs a sound"),
        (["天", "--mode", "meaning"], 1, "no sentence encoder"),
        (["--like", "x"], 1, "no segment"),
        (["--audio", "nowhere.wav"], 1, "nowhere.wav"),
        ([""], 2, "nothing to search for"),
        (["天", "--ignore", "colour"], 2, "no folding called colour"),
        (["天", "-k", "0"], 2, "at least 1"),
    ],
)
def test_each_question_gets_a_sentence(book: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str) -> None:
    assert cli.main(["search", str(book), *words]) == code
    told = capsys.readouterr()
    assert said in told.out + told.err
    assert (told.out + told.err).count("\n") <= 2
