"""Search with a recording, saved searches and baskets on the command line, with the tiny random model."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from finding.toybook import toy

from fieldapp import cli, paths
from fieldapp.lab.starter import tokens
from fieldapp.model import Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.speech import bag
from fieldapp.speech.manifest import Manifest, checksums_of, write
from fieldapp.store import segments, sessions
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

RATE = 16_000
Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def speech(dev_data: Path) -> list[Path]:
    return sorted((dev_data / "words" / "en").glob("*.ogg"))[:5]


@pytest.fixture
def model(mini_folder: Path, tried_before: None) -> str:
    return str(mini_folder)


@pytest.fixture(scope="module")
def book(speech: list[Path], mini_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five words, each a segment, heard by the model."""
    folder = tmp_path_factory.mktemp("asked") / "book"
    with Store.create(folder, "Words") as store, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIELDAPP_HOME", str(folder.parent / "home"))
        sounds = [soundfile.read(path, dtype="float32", always_2d=True) for path in speech]
        rate = sounds[0][1]
        soundfile.write(folder / "audio" / "words.flac", np.concatenate([sound.mean(axis=1) for sound, _ in sounds]), rate)
        edges = np.cumsum([0, *(len(sound) for sound, _ in sounds)]).tolist()

        def work(tx: Transaction) -> None:
            session = sessions.ensure_session(tx, "words")
            master = Recording(id=RecordingId(new_id()), session=session.id, path="audio/words.flac", rate=rate, channels=1, bits=16, frames=edges[-1])
            sessions.add_recording(tx, master)
            rows = [Segment(id=SegmentId(new_id()), recording=master.id, span=Span(a, b), meaning_id=f"m{a}") for a, b in pairwise(edges)]
            segments.add_segments(tx, rows)

        store.do(work)
        store.close()
        assert cli.main(["embed", str(folder), "--model", str(mini_folder), "--device", "cpu"]) == 0
    return folder


def search(capsys: Printed, book: Path, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert cli.main(["search", str(book), "--json", *words]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_recording_finds_itself_among_the_segments(capsys: Printed, book: Path, model: str, speech: list[Path]) -> None:
    for mode in ("sound", "hybrid"):
        found = search(capsys, book, "--audio", str(speech[2]), "--model", model, "--mode", mode, "--explain")
        best = found["hits"][0]
        with Store.open(book, read_only=True) as store:
            assert best["segment"] == segments.pending(store.reader())[2].id
        assert best["reasons"][0]["similarity"] > 0.9
        assert best["reasons"][0]["calibration"]["share"] is None
        assert best["stretch"]["seconds"]["stop"] <= best["seconds"]["stop"]
        assert best["evidence"]["aligned"]


def test_a_segment_finds_others_and_a_person_reads_why(capsys: Printed, book: Path) -> None:
    best = search(capsys, book, "--like", search(capsys, book, "--like", first(book))["hits"][0]["segment"], "-k", "2")["hits"]
    assert len(best) == 2
    capsys.readouterr()
    assert cli.main(["search", str(book), "--like", first(book), "-k", "1", "--explain"]) == 0
    said = capsys.readouterr().out
    assert "similarity 0." in said
    assert "not calibrated yet" in said
    assert "sound of mini" in said
    assert "aligned: " in said


def first(book: Path) -> str:
    with Store.open(book, read_only=True) as store:
        return segments.pending(store.reader())[0].id


@pytest.mark.parametrize(
    ("seconds", "loudness", "said"),
    [(0.1, 0.1, "0.10 s long"), (2.0, 0.0, "silent"), (2.0, 0.01, "Nobody speaks"), (300.0, 0.1, "longer than 30 s"), (0.0, 0.0, "holds no sound")],
)
def test_a_query_that_is_none_is_a_sentence(capsys: Printed, book: Path, model: str, tmp_path: Path, seconds: float, loudness: float, said: str) -> None:
    sound = np.random.default_rng(1).standard_normal(round(seconds * RATE)) * loudness
    soundfile.write(tmp_path / "query.wav", sound, RATE)
    assert cli.main(["search", str(book), "--audio", str(tmp_path / "query.wav"), "--model", model]) == 1
    assert said in capsys.readouterr().err


def test_what_is_no_sound_or_no_model_is_a_sentence(capsys: Printed, book: Path, model: str, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound at all", encoding="utf-8")
    assert cli.main(["search", str(book), "--audio", str(tmp_path / "text.wav"), "--model", model]) == 1
    soundfile.write(tmp_path / "query.wav", np.zeros(RATE), RATE)
    assert cli.main(["search", str(book), "--audio", str(tmp_path / "query.wav")]) == 1
    assert "which heard this fieldbook, is not installed" in capsys.readouterr().err


def test_searches_are_saved_and_hits_collected_and_handed_over(capsys: Printed, book: Path, tmp_path: Path) -> None:
    asked = search(capsys, book, "--like", first(book), "--mode", "sound", "-k", "3", "--save", "near", "--into", "mine")
    assert search(capsys, book, "--saved", "near")["hits"] == asked["hits"]
    assert cli.main(["basket", str(book), "show", "--name", "mine", "--json"]) == 0
    inside = [one["segment"] for one in json.loads(capsys.readouterr().out)["segments"]]
    assert inside == [hit["segment"] for hit in asked["hits"]]
    assert cli.main(["basket", str(book), "take", inside[0], "--name", "mine"]) == 0
    assert cli.main(["basket", str(book)]) == 0
    said = capsys.readouterr().out
    assert "mine: 2 segments" in said
    assert "search 'near'" in said
    assert cli.main(["export", str(book), "--format", "csv", "--purpose", "listen", "--basket", "mine", "--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["segments"] == 2
    for wrong in (["add"], ["show", inside[0]], ["drop", "--name", "nobody's"]):
        assert cli.main(["basket", str(book), *wrong]) != 0
    assert cli.main(["search", str(book), "--audio", "x.wav", "--save", "gone"]) == 2


@pytest.fixture
def encoder(own_home: Path) -> str:
    """An installed sentence encoder that knows words by their letters."""
    folder = paths.models() / "letters"
    folder.mkdir(parents=True)
    learned = tokens.learn(["crocodile house tree moon water"] * 3)
    learned.save(str(folder / "tokenizer.json"))
    count = learned.token_to_id(tokens.END) or 0
    bag.write(folder, np.random.default_rng(4).standard_normal((count, 16)).astype(np.float32))
    write(folder, Manifest(name="letters", kind="text"))
    write(folder, Manifest(name="letters", kind="text", checksums=checksums_of(folder)))
    return "letters"


def test_a_typed_word_is_read_by_the_encoder_the_fieldbook_knows(capsys: Printed, tmp_path: Path, encoder: str) -> None:
    with (made := toy(tmp_path / "book", range(3), range(2), heard=True)).store:
        made.add(7, 1, name="a crocodile")
    folder = str(tmp_path / "book")
    assert cli.main(["search", folder, "crocodile", "--mode", "meaning"]) == 1
    assert "no sentence encoder" in capsys.readouterr().err
    assert cli.main(["embed", folder, "--model", encoder]) == 0
    found = search(capsys, Path(folder), "crocodile", "--mode", "hybrid", "-k", "2")
    assert found["hits"][0]["text"] == "a crocodile"
    assert [reason["mode"] for reason in found["hits"][0]["reasons"]] == ["words", "meaning"]
    assert found["hits"][0]["reasons"][1]["space"]["kind"] == "text:translation"
    assert search(capsys, Path(folder), "crocodile", "--mode", "meaning", "--text-model", encoder)["hits"][0]["text"] == "a crocodile"
