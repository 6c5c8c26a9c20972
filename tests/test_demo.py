"""The demo fieldbook: what ships, and what is built of it."""

from __future__ import annotations

import csv
import shutil
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from fieldapp import paths
from fieldapp.errors import FieldError
from fieldapp.intake.demo import LISTS, Tables, build
from fieldapp.lab.starter import voices
from fieldapp.lab.starter.corpus import split_of
from fieldapp.lab.starter.grammar import HELD_OUT_FRAMES
from fieldapp.store import consent, people, prompts, sessions, texts
from fieldapp.store.check import examine
from fieldapp.store.store import Store

SPEAKERS = ("C1", "K2")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return Tables.read(paths.resource("demo"))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of two speakers, built once."""
    small = tmp_path_factory.mktemp("demo")
    whole = paths.resource("demo")
    for name in ("items.csv", "cuts.csv"):
        shutil.copy(whole / name, small)
    shutil.copytree(whole / "pictures", small / "pictures")
    with (whole / "speakers.csv").open(encoding="utf-8", newline="") as file:
        rows = [line for line in csv.reader(file) if line[0] in ("code", *SPEAKERS)]
    with (small / "speakers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    (small / "sound").mkdir()
    for code in SPEAKERS:
        shutil.copy(whole / "sound" / f"{code}.opus", small / "sound")
    return build(small / "book", small, lambda share, doing: None)


def test_everybody_answers_fifty_sentences_a_hundred_words_and_thirty_pictures(tables: Tables) -> None:
    assert Counter(row["kind"] for row in tables.items) == {"sentence": 50, "word": 100, "picture": 30}
    assert len(tables.cuts) == len(tables.items) * len(tables.speakers)
    assert len({row["meaning_id"] for row in tables.items}) == len(tables.items)
    assert all(row[language] for row in tables.items for language in ("cmn", "yue", "hak", "eng"))


def test_each_variety_has_three_speakers_of_different_voices_and_some_were_never_trained(tables: Tables) -> None:
    assert Counter(row["language"] for row in tables.speakers if not row["changes"]) == {"cmn": 3, "yue": 3, "hak": 3, "eng": 3}
    heads = [next(part for part in row["voice"].split("-") if part in (*voices.UNSEEN, *voices.TRAINED)) for row in tables.speakers]
    assert len(set(heads)) == len(heads)
    assert [row["trained"] == "yes" for row in tables.speakers] == [head in voices.TRAINED for head in heads]
    assert sum(row["trained"] == "no" for row in tables.speakers) >= 8


def test_no_sentence_of_the_demo_is_trained(tables: Tables) -> None:
    sentences = [row["meaning_id"] for row in tables.items if row["kind"] == "sentence"]
    frames = [meaning.split(":")[1] for meaning in sentences]
    assert all(split_of(meaning) == "test" or frame in HELD_OUT_FRAMES for meaning, frame in zip(sentences, frames))
    assert 5 <= sum(frame in HELD_OUT_FRAMES for frame in frames) <= 15


def test_the_demo_is_small_says_that_nobody_speaks_and_its_pictures_are_plain_drawings() -> None:
    demo = paths.resource("demo")
    assert sum(path.stat().st_size for path in demo.rglob("*") if path.is_file()) < 8_000_000
    assert "No person speaks here" in (demo / "README.md").read_text(encoding="utf-8")
    pictures = sorted((demo / "pictures").glob("*.svg"))
    assert len(pictures) == 30
    for picture in pictures:
        root = ET.parse(picture).getroot()  # noqa: S314  (our own files)
        assert {element.tag.rpartition("}")[2] for element in root} <= {"path", "circle", "ellipse", "rect", "polygon"}


@pytest.mark.slow
def test_every_answer_is_a_segment_of_its_speaker_prompt_and_meaning(book: Path, tables: Tables) -> None:
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        assert [session.name for session in sessions.sessions(db)] == ["demo-K2", "demo-C1"]
        answers = db.execute("SELECT * FROM segment").fetchall()
        assert len(answers) == 2 * len(tables.items)
        assert all(prompts.item(db, row["item"]).meaning_id == row["meaning_id"] for row in answers)
        assert Counter(row["state"] for row in answers) == {"checked": 180, "pending": 180}
        ends = {recording.id: recording.frames for recording in sessions.recordings(db)}
        assert all(row["stop"] <= ends[row["recording"]] for row in answers)
    assert not [finding for finding in examine(book, lambda share, doing: None) if finding.serious]


@pytest.mark.slow
def test_a_transcribed_answer_has_its_text_and_translation_and_another_has_none(book: Path, tables: Tables) -> None:
    first = tables.items[0]
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        by_speaker = {
            row["code"]: {(text.tier, text.language): text.text for text in texts.texts(db, row["id"])}
            for row in db.execute(
                "SELECT segment.id, person.code FROM segment JOIN person ON person.id = segment.speaker WHERE meaning_id = ?", (first["meaning_id"],)
            )
        }
    assert by_speaker == {"C1": {("transcription", "cmn"): first["cmn"], ("translation", "en"): first["eng"]}, "K2": {}}


@pytest.mark.slow
def test_pictures_lie_in_the_fieldbook_where_their_prompts_say(book: Path) -> None:
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        listed = prompts.find_promptlist(db, LISTS["picture"])
        assert listed is not None
        shown = [item.picture for item in prompts.items(db, listed.id)]
    assert len(shown) == 30
    assert all((book / picture).is_file() for picture in shown)


@pytest.mark.slow
def test_consents_are_examples_of_those_who_were_transcribed(book: Path) -> None:
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        segment = {row["code"]: row["id"] for row in db.execute("SELECT code, segment.id FROM segment JOIN person ON person.id = segment.speaker")}
        assert consent.may_use(db, segment["C1"], "archive")
        assert not consent.may_use(db, segment["K2"], "archive")
        assert all("no person speaks here" in person.description for person in people.persons(db))


def test_a_damaged_demo_is_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "demo"
    shutil.copytree(paths.resource("demo"), broken, ignore=shutil.ignore_patterns("*.opus"))
    (broken / "sound" / "C1.opus").write_bytes(b"OggS but no sound" * 200)
    with pytest.raises(FieldError):
        build(tmp_path / "book", broken, lambda share, doing: None)
