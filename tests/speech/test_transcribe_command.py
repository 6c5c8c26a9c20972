"""`fieldapp transcribe` as a person calls it, on the tiny random model: drafts, vectors, going on after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fieldapp import cli
from fieldapp.errors import ModelError
from fieldapp.model import Annotation, AnnotationId, Recording, RecordingId, Segment, SegmentId, Span, Variety, VarietyId, new_id
from fieldapp.speech.manifest import Manifest
from fieldapp.speech.manifest import write as write_manifest
from fieldapp.speech.random_whisper import make
from fieldapp.store import people, segments, sessions, texts
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

from .sounds import F32, RATE, fan, real_speech, silence

pytestmark = pytest.mark.usefixtures("tried_before")

SIX_WORDS = "denbo gerban mibun panbir sardo zedan"
Printed = pytest.CaptureFixture[str]


def add_recording(book: Path, name: str, audio: F32, **more: object) -> RecordingId:
    soundfile.write(book / "audio" / name, audio, RATE, subtype="PCM_16")
    made = Recording(id=RecordingId(new_id()), session=_session(book), path=f"audio/{name}", rate=RATE, channels=1, bits=16, frames=len(audio), **more)  # type: ignore[arg-type]
    with Store.open(book) as store:
        store.do(lambda tx: sessions.add_recording(tx, made))
    return made.id


def _session(book: Path) -> object:
    with Store.open(book) as store:
        return store.do(lambda tx: sessions.ensure_session(tx, "suzhou")).id


@pytest.fixture
def book(tmp_path: Path, dev_data: Path) -> Path:
    """A fieldbook with a talk of four utterances and a recording of a fan."""
    folder = tmp_path / "book"
    Store.create(folder, "Suzhou").close()
    add_recording(folder, "talk.wav", np.concatenate([part for speech in real_speech(dev_data, 4) for part in (silence(1.0), speech)]))
    add_recording(folder, "fan.wav", fan(20.0))
    return folder


def transcribe(book: Path, model: Path, capsys: Printed, *more: str) -> dict[str, object]:
    capsys.readouterr()
    assert cli.main(["transcribe", str(book), "--model", str(model), "--device", "cpu", "--json", *more]) == 0
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def test_speech_becomes_drafts_with_vectors_and_noise_becomes_nothing(book: Path, mini_folder: Path, capsys: Printed) -> None:
    answer = transcribe(book, mini_folder, capsys)
    assert answer["texts"] == answer["found"]
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        assert segments.states(db) == {"draft": answer["found"]}
        for segment in (found for recording in sessions.recordings(db) for found in segments.segments(db, recording.id)):
            (draft,) = texts.texts(db, segment.id)
            assert (draft.tier, draft.source, draft.state) == ("transcription", "machine:mini", "draft")
            assert draft.text
            assert draft.run
            assert 0 < (draft.confidence or 0) <= 1
        assert {recording.path for recording in sessions.recordings(db) if segments.segments(db, recording.id)} == {"audio/talk.wav"}
        assert db.execute("SELECT count(DISTINCT segment) FROM vector").fetchone()[0] == answer["found"]
        assert db.execute("SELECT count(*) FROM frames").fetchone()[0] == answer["found"]
        ended, parameters = db.execute("SELECT ended, parameters FROM run WHERE kind = 'transcription'").fetchone()
    assert ended
    assert "On the processor" in json.loads(parameters)["device"]
    again = transcribe(book, mini_folder, capsys)
    assert (again["found"], again["texts"]) == (0, 0)


def test_each_variety_is_heard_in_its_own_language(book: Path, mini_folder: Path, capsys: Printed) -> None:
    with Store.open(book) as store:
        talk = sessions.find_recording(store.reader(), path="audio/talk.wav")
        assert talk is not None
        french, unknown = (Variety(id=VarietyId(new_id()), name=name, iso639_3=code) for name, code in (("French", "fra"), ("Nobody's", "qaa")))
        spoken = [Segment(id=SegmentId(new_id()), recording=talk.id, span=Span(n, n + 24_000), variety=v.id) for n, v in ((16_000, french), (50_000, unknown))]

        def work(tx: Transaction) -> None:
            people.add_variety(tx, french)
            people.add_variety(tx, unknown)
            segments.add_segments(tx, spoken)

        store.do(work)
    assert transcribe(book, mini_folder, capsys, "--pending")["texts"] == 2
    with Store.open(book, read_only=True) as store:
        told = [json.loads(row[0])["language"] for row in store.reader().execute("SELECT parameters FROM run WHERE kind = 'transcription'")]
    assert sorted(told) == ["", "fr"]


def test_what_a_person_wrote_stays(book: Path, mini_folder: Path, capsys: Printed) -> None:
    with Store.open(book) as store:
        master = sessions.find_recording(store.reader(), path="audio/talk.wav")
        assert master is not None
        mine, free = (Segment(id=SegmentId(new_id()), recording=master.id, span=span) for span in (Span(16_000, 40_000), Span(40_000, 90_000)))

        def work(tx: Transaction) -> None:
            segments.add_segments(tx, [mine, free])
            texts.add_texts(tx, [Annotation(id=AnnotationId(new_id()), segment=mine.id, tier="transcription", text="太阳")])

        store.do(work)
    answer = transcribe(book, mini_folder, capsys)
    assert (answer["found"], answer["texts"]) == (0, 1)
    with Store.open(book, read_only=True) as store:
        assert [text.text for text in texts.texts(store.reader(), mine.id)] == ["太阳"]
        assert [text.source for text in texts.texts(store.reader(), free.id)] == ["machine:mini"]


def test_translations_are_drafts_of_their_own_whoever_wrote_the_text(book: Path, mini_folder: Path, capsys: Printed) -> None:
    found = transcribe(book, mini_folder, capsys)["found"]
    with Store.open(book) as store:
        talk = sessions.find_recording(store.reader(), path="audio/talk.wav")
        assert talk is not None
        checked = segments.segments(store.reader(), talk.id)[0]
        store.do(lambda tx: segments.update_segment(tx, replace(checked, state="checked")))
    before = vectors(book)
    assert transcribe(book, mini_folder, capsys, "--task", "translate")["texts"] == found
    assert transcribe(book, mini_folder, capsys, "--task", "translate")["texts"] == 0
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        assert segments.states(db)["checked"] == 1
        written = [(text.tier, text.language, text.source, text.state) for text in texts.texts(db, checked.id)]
    assert written == [("transcription", "", "machine:mini", "draft"), ("translation", "en", "machine:mini", "draft")]
    assert vectors(book) == before


def test_text_and_translation_come_from_one_encoder_run(book: Path, mini_folder: Path, capsys: Printed) -> None:
    from fieldapp.audio.master import stream_master
    from fieldapp.bulk.transcription import Task, transcribe_fieldbook
    from fieldapp.speech.endpoints import NORMAL
    from fieldapp.speech.finals import FinalRules
    from fieldapp.speech.whisper import load

    model = load(mini_folder, "cpu", threads=1, workers=2)
    with Store.open(book) as store:
        task = Task(FinalRules(language="fr", translate=True), NORMAL, 2, batch=3)
        outcome = transcribe_fieldbook(store, model, lambda master: stream_master(book, [master]), task, lambda *_: None)
        assert model.encodes == outcome.found == outcome.texts
        tiers = store.reader().execute("SELECT tier, count(*) FROM annotation GROUP BY tier ORDER BY tier").fetchall()
    assert [tuple(row) for row in tiers] == [("transcription", outcome.found), ("translation", outcome.found)]


def vectors(book: Path) -> int:
    with Store.open(book, read_only=True) as store:
        return int(store.reader().execute("SELECT count(*) FROM vector").fetchone()[0])


def test_a_model_that_does_not_translate_is_a_sentence(book: Path, mini_folder: Path, tmp_path: Path, capsys: Printed) -> None:
    folder = tmp_path / "mute"
    shutil.copytree(mini_folder, folder)
    write_manifest(folder, Manifest(name="mute", tasks=("transcribe",)))
    for task in ("translate", "both"):
        assert cli.main(["transcribe", str(book), "--model", str(folder), "--task", task]) == 1
        assert "'mute' does not translate" in capsys.readouterr().err


def test_only_pending_listens_to_nothing_new(book: Path, mini_folder: Path, capsys: Printed) -> None:
    answer = transcribe(book, mini_folder, capsys, "--pending")
    assert (answer["found"], answer["texts"]) == (0, 0)


def test_a_recording_that_cannot_be_read_is_named_and_the_others_are_done(book: Path, mini_folder: Path, capsys: Printed) -> None:
    add_recording(book, "gone.wav", fan(1.0))
    (book / "audio" / "gone.wav").unlink()
    assert cli.main(["transcribe", str(book), "--model", str(mini_folder), "--device", "cpu"]) == 1
    out = capsys.readouterr().out
    assert "gone.wav" in out
    assert "Drafts by mini: " in out
    assert not out.startswith("0 drafts")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--model", "nowhere"], "There is no model 'nowhere'"),
        (["--model", "BOOK"], "no CTranslate2 model"),
        (["--language", "qaa"], "does not know the language code 'qaa'"),
        (["--device", "cuda"], "CUDA device 0 was asked for"),
        (["--beam", "0"], "--beam"),
        (["--batch", "99"], "--batch"),
    ],
)
def test_wrong_wishes_are_sentences(words: list[str], says: str, book: Path, mini_folder: Path, capsys: Printed) -> None:
    wish = [str(book) if word == "BOOK" else word for word in words]
    assert cli.main(["transcribe", str(book), "--model", str(mini_folder), *wish]) in (1, 2)
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_a_folder_that_is_no_fieldbook_is_a_sentence(tmp_path: Path, mini_folder: Path, capsys: Printed) -> None:
    assert cli.main(["transcribe", str(tmp_path), "--model", str(mini_folder)]) == 1
    assert "fieldapp:" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.e2e
def test_a_killed_run_goes_on_where_it_was(book: Path, mini_folder: Path, tmp_path: Path, dev_data: Path, capsys: Printed) -> None:
    model = make(tmp_path / "slow", "tiny", words=200)  # busy for a while, so that the kill comes in the middle
    for number in range(3):
        add_recording(book, f"more{number}.wav", np.concatenate([part for speech in real_speech(dev_data, 4) for part in (silence(1.0), speech)]))
    command = [sys.executable, "-m", "fieldapp", "transcribe", str(book), "--model", str(model), "--device", "cpu", "--beam", "1"]
    child = subprocess.Popen(command, env=os.environ | {"FIELDAPP_HOME": str(tmp_path / "home")})
    with Store.open(book, read_only=True) as store:
        deadline = time.monotonic() + 60
        while not segments.states(store.reader())["draft"] and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    with Store.open(book, read_only=True) as store:
        before = segments.states(store.reader())
    assert before["draft"] > 0
    assert before["pending"] > 0
    transcribe(book, mini_folder, capsys)
    with Store.open(book, read_only=True) as store:
        assert segments.states(store.reader()) == {"draft": before.total()}
        most = store.reader().execute("SELECT max(n) FROM (SELECT count(*) n FROM annotation GROUP BY segment)").fetchone()[0]
    assert most <= 1


def test_settings_become_rules() -> None:
    from fieldapp.commands.engine import endpoint_rules, live_rules
    from fieldapp.settings import Settings, Vad
    from fieldapp.speech.endpoints import ELICITATION, NORMAL
    from fieldapp.speech.live import LiveRules

    assert endpoint_rules(Settings()) == NORMAL
    assert endpoint_rules(Settings(pauses="elicitation")) == ELICITATION
    assert endpoint_rules(Settings(vad=Vad(firm=9.0, look_back=2.0))) == replace(NORMAL, firm=9.0, look_back=2.0)
    anything = Manifest(name="m")
    assert live_rules(Settings(), anything) == LiveRules()
    assert not live_rules(Settings(live_policy="finals"), anything).partials.wanted
    assert live_rules(Settings(), Manifest(name="wu", languages=("zh",))).finals.language == "zh"
    assert live_rules(Settings(spoken_language="yue"), Manifest(name="wu", languages=("zh",))).finals.language == "yue"


def test_the_live_engine_has_the_quick_model_and_knows_how_it_follows(mini_folder: Path, tmp_path: Path) -> None:
    from fieldapp.commands.engine import live_engine
    from fieldapp.settings import Settings

    shutil.copytree(mini_folder, quick := tmp_path / "quick")
    alone = live_engine(Settings(model=str(mini_folder), compute_device="cpu"))
    assert (alone.quick, alone.rules.pace, alone.note) == (None, "follow", "")
    both = live_engine(Settings(model=str(mini_folder), quick_model=str(quick), compute_device="cpu"))
    assert both.quick
    assert both.quick.manifest.name == "quick"
    spoken = Variety(id=VarietyId(new_id()), name="French", iso639_3="fra")
    assert live_engine(Settings(model=str(mini_folder), compute_device="cpu"), spoken).rules.finals.language == "fr"
    assert live_engine(Settings(model=str(mini_folder), compute_device="cpu", spoken_language="de"), spoken).rules.finals.language == "de"
    with pytest.raises(ModelError, match="does not know the language code 'qaa'"):
        live_engine(Settings(model=str(mini_folder), spoken_language="qaa", compute_device="cpu"))


def test_a_cancelled_run_keeps_what_is_done(book: Path, mini_folder: Path, capsys: Printed) -> None:
    from fieldapp.audio.master import stream_master
    from fieldapp.bulk.transcription import Task, transcribe_fieldbook
    from fieldapp.errors import Cancelled
    from fieldapp.speech.endpoints import NORMAL
    from fieldapp.speech.finals import FinalRules
    from fieldapp.speech.whisper import load

    told: list[tuple[float, str]] = []

    def progress(share: float, doing: str) -> None:
        told.append((share, doing))
        if share > 0:
            raise Cancelled

    model, task = load(mini_folder, "cpu", threads=1, workers=2), Task(FinalRules(language="en"), NORMAL, 2)
    with Store.open(book) as store, pytest.raises(Cancelled):
        transcribe_fieldbook(store, model, lambda master: stream_master(book, [master]), task, progress)
    assert 0 < told[-1][0] < 1
    assert "left" in told[-1][1]
    with Store.open(book, read_only=True) as store:
        before = segments.states(store.reader())
    assert before["draft"] == 1
    assert transcribe(book, mini_folder, capsys)["texts"] == before["pending"]
