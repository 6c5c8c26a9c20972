"""`fieldapp bench typed` on a handful of segments with meanings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldapp import cli
from fieldapp.commands.embed import embed_read
from fieldapp.model import Annotation, AnnotationId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

SAID = {"s:1": "there are six cooks in the lake", "s:2": "the rice is under the needle", "s:3": "two thieves eat a fish"}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two speakers say the same three things; the words of one are translated."""
    folder = tmp_path / "book"

    def fill(tx: Transaction) -> None:
        session = sessions.ensure_session(tx, "village")
        master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/village.wav", rate=48000, channels=1, bits=24, frames=48_000_000)
        sessions.add_recording(tx, master)
        variety = people.ensure_variety(tx, "Hakka").id
        for place, code in enumerate(("H1", "H2")):
            speaker = people.ensure_person(tx, code).id
            for at, (meaning, said) in enumerate(SAID.items()):
                span = Span((3 * place + at) * 48000, (3 * place + at + 1) * 48000)
                made = Segment(id=SegmentId(new_id()), recording=master.id, span=span, speaker=speaker, variety=variety, meaning_id=meaning)
                segments.add_segments(tx, [made])
                if code == "H1":
                    texts.add_texts(tx, [Annotation(id=AnnotationId(new_id()), segment=made.id, tier="translation", text=said, state="confirmed")])

    with Store.create(folder, "Hakka") as store:
        store.do(fill)
        assert embed_read(store, lambda share, doing: None) == 3
    return folder


def test_what_is_translated_is_found_and_what_is_not_is_told_apart(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "typed", str(book), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    found = {(row["speakers"], row["mode"]): row for row in rows}
    assert {(row["n"], row["chance"]) for row in rows} == {(3, 0.3333)}
    assert all(found["translated", mode]["R@1"] == 1.0 for mode in ("words", "meaning", "hybrid"))
    assert all(found["not translated", mode]["R@5"] == 0.0 for mode in ("words", "meaning", "hybrid"))
    assert cli.main(["bench", "typed", str(book)]) == 0
    assert "not translated" in capsys.readouterr().out


def test_a_fieldbook_without_such_texts_is_a_sentence(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "typed", str(book), "--tier", "gloss"]) == 1
    assert "nothing to ask" in capsys.readouterr().err
