"""`fieldapp adapt` as a person calls it: what is used afterwards, what is not, and the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_models import bag_on_the_shelf

from fieldapp import cli, paths, settings
from fieldapp.commands.engine import current, text_model_of
from fieldapp.lab.adapt.recogniser import Read, gate
from fieldapp.model import Annotation, AnnotationId, Consent, ConsentId, Recording, RecordingId, Segment, SegmentId, Span, new_id
from fieldapp.speech import heads
from fieldapp.speech.heads import Head
from fieldapp.store import consent, people, segments, sessions, spaces, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

RATE = 16_000
WORDS = ("sun", "moon", "rice", "tea", "dog", "fish", "bird", "tree", "house", "river", "stone", "salt")
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def model(mini_folder: Path, tried_before: None) -> Path:
    return mini_folder


@pytest.fixture
def text_model(own_home: Path, model: Path) -> str:
    """A bag of the Whisper's own pieces, each with a vector of chance, on the shelf."""
    return bag_on_the_shelf(model).name


def tone(word: int, voice: int) -> np.ndarray:
    """A word is a pitch that rises or falls, a voice its colour."""
    seconds = np.arange(RATE // 2) / RATE
    pitch = 150 + 40 * word + 60 * (-1) ** word * seconds
    made: np.ndarray = np.stack([np.sin(2 * np.pi * (n + 0.1 * voice) * pitch * seconds) / n for n in (1, 2, 3)]).sum(axis=0) * 0.2
    return made


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Four voices say a dozen words twice; their speakers allow training."""
    folder = tmp_path / "book"
    said = [(word, voice) for _ in range(2) for voice in range(4) for word in range(len(WORDS))]
    with Store.create(folder, "Tones") as store:
        soundfile.write(folder / "audio" / "tones.flac", np.concatenate([tone(*one) for one in said]), RATE)

        def work(tx: Transaction) -> None:
            session = sessions.ensure_session(tx, "tones")
            master = Recording(
                id=RecordingId(new_id()), session=session.id, path="audio/tones.flac", rate=RATE, channels=1, bits=16, frames=len(said) * RATE // 2
            )
            sessions.add_recording(tx, master)
            for at, (word, voice) in enumerate(said):
                person = people.ensure_person(tx, f"S{voice}")
                if at < len(WORDS) * 4 and word == 0:
                    consent.give(tx, Consent(id=ConsentId(new_id()), person=person.id, purpose="train", allowed=True, given="2026-01-01"))
                span = Span(at * RATE // 2, (at + 1) * RATE // 2)
                segment = Segment(id=SegmentId(new_id()), recording=master.id, span=span, speaker=person.id, meaning_id=f"w{word}")
                segments.add_segments(tx, [segment])
                texts.add_texts(tx, [Annotation(id=AnnotationId(new_id()), segment=segment.id, tier="transcription", text=WORDS[word])])

        store.do(work)
    return folder


def call(capsys: Printed, *words: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert cli.main([*words, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out) if not code else {"said": capsys.readouterr().err}
    return found


def searched(book: Path) -> tuple[str, str]:
    """The head of the space that search takes, and the texts it goes with."""
    with Store.open(book, read_only=True) as store:
        space = spaces.space_to_search(store.reader(), "meaning")
        assert space is not None
        data = spaces.head_of(store.reader(), space.id)
        return space.head, heads.from_bytes(data).text_model if data else ""


def test_a_text_model_is_an_installed_one_or_lies_beside_the_model(model: Path, text_model: str, tmp_path: Path) -> None:
    def asked(name: str) -> str:
        return text_model_of(tmp_path / "mine", Head("meaning", np.zeros(4, np.float32), np.eye(4, dtype=np.float32), text_model=f"{name}@1"))

    assert asked("mine-text") == "mine-text"
    for name in ("mine-text", text_model):
        (tmp_path / name).mkdir()
    assert asked("mine-text") == str(tmp_path / "mine-text")
    assert asked(text_model) == text_model


@pytest.mark.slow
def test_a_meaning_head_is_measured_used_and_given_up(capsys: Printed, book: Path, model: Path, text_model: str) -> None:
    words = ("adapt", str(book), "--model", str(model), "--text", text_model)
    assert "fieldapp embed" in call(capsys, *words, code=1)["said"]
    call(capsys, "embed", str(book), "--model", str(model), "--device", "cpu")
    tried = call(capsys, *words, "--dry-run")
    assert tried["used"] is False
    assert searched(book) == ("whitening", "")
    made = call(capsys, *words, "--anyway")
    assert made["used"] is True
    assert {name: made["spaces"][name] for name in made["spaces"]} == {name: tried["spaces"][name] for name in tried["spaces"]}
    assert searched(book)[0] == "adapted"
    assert searched(book)[1].startswith("bag@")
    with Store.open(book, read_only=True) as store:
        kinds = [row[0] for row in store.reader().execute("SELECT kind FROM run WHERE ended IS NOT NULL AND kind LIKE 'adapt%'")]
    assert kinds == ["adapt-meaning"]
    assert call(capsys, "adapt", str(book), "--model", str(model), "--back")["now"] == "whitening"
    assert searched(book)[0] == "whitening"
    assert "nothing to give up" in call(capsys, "adapt", str(book), "--model", str(model), "--back", code=1)["said"]


def test_a_model_without_a_text_side_needs_one_named(capsys: Printed, book: Path, model: Path) -> None:
    assert "--text" in call(capsys, "adapt", str(book), "--model", str(model), code=1)["said"]


def test_a_report_says_what_was_asked_and_what_follows(capsys: Printed, book: Path, model: Path, text_model: str) -> None:
    call(capsys, "embed", str(book), "--model", str(model), "--device", "cpu")
    capsys.readouterr()
    assert cli.main(["adapt", str(book), "--model", str(model), "--text", text_model, "--dry-run"]) == 0
    said = capsys.readouterr().out
    for words in ("learned from", "held back: 1 speakers and 3 meanings", "text to speech", "chance", "doubt", "nothing was changed"):
        assert words in said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_recogniser_that_learned_nothing_is_not_adopted_and_one_can_go_back(capsys: Printed, book: Path, model: Path) -> None:
    pytest.importorskip("torch")
    assert cli.main(["model", "add", str(model)]) == 0
    place = paths.config() / settings.FILE
    place.parent.mkdir(parents=True, exist_ok=True)
    settings.save(replace(current(), model="mini", spoken_language="en"), place)
    words = ("adapt", str(book), "--kind", "recogniser", "--minutes", "0.02")
    tried = call(capsys, *words)
    assert tried["used"] is False
    assert tried["gate"]["verdict"]["adopt"] is False
    assert current().model == "mini"
    assert "not made by adapting" in call(capsys, "adapt", str(book), "--kind", "recogniser", "--back", code=1)["said"]
    made = call(capsys, *words, "--anyway")
    assert made["installed"] == current().model == "mini-book"
    assert len(made["losses"]) >= len(tried["losses"])  # it went on where the clock had stopped it
    assert call(capsys, "adapt", str(book), "--kind", "recogniser", "--back")["model"] == "mini"
    assert current().model == "mini"


def read(said: str, before: str, after: str, number: int) -> Read:
    return Read(f"s{number}", f"m{number}", 2.0, said, before, after, "unicode")


def test_the_gate_opens_for_what_is_surely_better_only() -> None:
    better = gate([read("abcdefgh", "abcdxxxx", "abcdefgx", n) for n in range(30)])
    assert better.verdict.adopt
    assert (better.before, better.after) == (0.5, 0.125)
    assert better.minutes_an_hour == pytest.approx(3 * 1.5 * 1800 / 60)
    same = gate([read("abcdefgh", "abcdxxxx", "abcdxxxx", n) for n in range(30)])
    worse = gate([read("abcdefgh", "abcdefgh", "abcdxxxx", n) for n in range(30)])
    few = gate([read("abcdefgh", "abcdxxxx", "abcdefgh", n) for n in range(5)])
    chance = gate([read("abcdefgh", "abcdxxxx", "abcdefgh" if n % 5 else "xxxxxxxxxxxxxxxxxxxxxx", n) for n in range(30)])
    assert not any(one.verdict.adopt for one in (same, worse, few, chance))
    assert "needed to tell" in few.verdict.why
    assert "no fewer" in same.verdict.why
