"""Text while recording, with a file in place of the microphone: the model may be quick, slow, broken or missing; the recording never notices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from e2e.recorders import recorder_ends_with, until
from numpy.typing import NDArray
from speech.scripted import Scripted, said
from speech.sounds import real_speech

from fieldapp.audio import protocol
from fieldapp.audio.client import RecorderClient
from fieldapp.bulk.drafts import UNHEARD, Drafts
from fieldapp.cli import main
from fieldapp.errors import ModelError
from fieldapp.model import Segment, Span
from fieldapp.prompts import read_prompts
from fieldapp.session import plan, recovery, running
from fieldapp.session.closing import Outcome
from fieldapp.session.ear import Ear
from fieldapp.session.live_text import Engine
from fieldapp.session.sound import Run
from fieldapp.speech.bulk import find_speech
from fieldapp.speech.endpoints import EndpointRules
from fieldapp.speech.finals import FinalRules, Utterance
from fieldapp.speech.live import QUICK_FIRST, LiveRules
from fieldapp.speech.manifest import Context, Manifest
from fieldapp.speech.partials import PartialRules
from fieldapp.speech.recogniser import F32, Decoded, at_rate
from fieldapp.store import segments, spaces, texts, vectors
from fieldapp.store.rows import SEGMENT
from fieldapp.store.store import Store
from fieldapp.store.transaction import Transaction

RATE = 48_000
TURN = 4.0  # seconds of a prompt, in the middle of which somebody speaks
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def talk(dev_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four answers of about 1.6 seconds, each in the middle of a turn of its own."""
    sound = np.zeros(round(4 * TURN * RATE), np.float32)
    for number, speech in enumerate(real_speech(dev_data, 4)):
        heard: NDArray[np.float32] = soxr.resample(speech[8_000:34_000], 16_000, RATE)
        begin = round((number * TURN + 1.0) * RATE)
        sound[begin : begin + len(heard)] = heard
    place = tmp_path_factory.mktemp("sound") / "talk.wav"
    soundfile.write(place, sound, RATE, subtype="PCM_24")
    return place


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with recorder_ends_with(tmp_path / "book"), Store.create(tmp_path / "book", "t") as made:
        yield made


def engine(answer: Callable[[F32, Context], Decoded] = lambda _audio, _context: said("a few plain words")) -> Engine:
    return Engine(Scripted(answer), LiveRules(finals=FinalRules(language="en"), partials=PartialRules(wanted=False)))


def begin(store: Store, talk: Path, load: Callable[[], Engine], *, prompts: int = 0, speed: float = 0.0, patience: float = 20.0) -> running.RunningSession:
    listed = talk.with_name("list.csv")
    listed.write_text("meaning_id,text\n" + "".join(f"m{n},say {n}\n" for n in range(prompts)), encoding="utf-8")
    source: dict[str, Any] = {"source": str(talk), "speed": speed}
    client = RecorderClient.start_or_attach(store.folder, reserve=0)
    armed = running.arm(client, source)
    made = plan.make_plan(store, plan.Wish(speaker="W1", prompts=read_prompts(listed) if prompts else None), {**armed, "bits": 24})
    session = running.begin(store, client, made, source)
    session.write_live(load, patience)
    return session


def record(store: Store, talk: Path, load: Callable[[], Engine], *, prompts: int = 0) -> tuple[running.RunningSession, Outcome]:
    """The whole file, as fast as it goes, with a key at the end of each turn."""
    session = begin(store, talk, load, prompts=prompts)
    until(lambda: session.look().ended)
    for number in range(1, prompts):
        session.press("next", frame=round(number * TURN * RATE))
    return session, session.stop()


def everything_is_there(outcome: Outcome, store: Store, talk: Path) -> bool:
    played, _ = soundfile.read(talk, dtype="int32")
    heard, _ = soundfile.read(store.folder / outcome.parts[0].path, dtype="int32")
    return bool(np.array_equal(played, heard[: len(played)]))


def drafts(store: Store, outcome: Outcome) -> list[tuple[str, str]]:
    return [(text.text, text.source) for segment in outcome.segments for text in texts.texts(store.reader(), segment.id)]


def silent(talk: Path, outcome: Outcome) -> list[Span]:
    """Stretches of speech that no segment holds."""
    spans = [at_rate(span, RATE) for span in find_speech([soxr.resample(soundfile.read(talk, dtype="float32")[0], RATE, 16_000)], EndpointRules())]
    assert len(spans) == 4
    cores = [Span(span.start + RATE // 3, span.stop - RATE // 4) for span in spans]
    return [core for core in cores if not any(one.span.start <= core.start and core.stop <= one.span.stop for one in outcome.segments)]


def test_everything_said_becomes_a_segment_with_its_draft_and_vectors(store: Store, talk: Path) -> None:
    session, outcome = record(store, talk, engine)
    assert everything_is_there(outcome, store, talk)
    assert silent(talk, outcome) == []
    assert drafts(store, outcome) == [("a few plain words", "machine:scripted")] * 4
    assert {(one.state, one.source, one.speaker) for one in outcome.segments} == {("draft", "machine:silero", session.plan.course.speaker)}
    assert all(one.quality["peak_db"] < 0 for one in outcome.segments)
    assert session.text
    assert [one.text for one in session.text.said()] == ["a few plain words"] * 4
    nearby = session.look().nearby
    assert nearby
    assert nearby.segment
    assert nearby.segment.id in {one.segment for one in session.text.said()}
    look = session.look().text
    assert look
    assert (look.waiting, look.partial, look.sentence) == (0, "", "")
    raw = spaces.spaces(store.reader(), "meaning")[0]
    assert vectors.lacking(store.reader(), raw) == []
    assert main(["check", str(store.folder)]) == 0


def test_a_take_is_given_what_was_said_in_it_and_nothing_is_there_twice(store: Store, talk: Path) -> None:
    heard: list[str] = []

    def count(_audio: F32, _context: Context) -> Decoded:
        heard.append(f"answer {len(heard)}")
        return said(heard[-1])

    session, outcome = record(store, talk, lambda: engine(count), prompts=4)
    made = [(one.meaning_id, one.state, one.source) for one in outcome.segments]
    assert made == [(f"m{n}", "draft", "elicitation") for n in range(4)], (made, heard, session.look(), outcome.frames)
    assert [text for text, _ in drafts(store, outcome)] == ["answer 0", "answer 1", "answer 2", "answer 3"]
    raw = spaces.spaces(store.reader(), "meaning")[0]
    assert vectors.lacking(store.reader(), raw) == []
    assert all(vectors.frames(store.reader(), raw, one.id) for one in outcome.segments)
    assert main(["check", str(store.folder)]) == 0


def fails(_audio: F32, _context: Context) -> Decoded:
    raise RuntimeError("out of memory")


def test_a_model_that_fails_leaves_pending_rows_and_a_sentence(store: Store, talk: Path) -> None:
    session, outcome = record(store, talk, lambda: engine(fails))
    assert everything_is_there(outcome, store, talk)
    assert silent(talk, outcome) == []
    assert {one.state for one in outcome.segments} == {"pending"}
    look = session.look().text
    assert look
    assert "out of memory" in look.sentence


def test_a_model_that_cannot_be_loaded_is_a_sentence_and_the_session_is_as_without_it(store: Store, talk: Path) -> None:
    def missing() -> Engine:
        raise ModelError("There is no model 'x'.", "Install one.")

    session, outcome = record(store, talk, missing)
    assert everything_is_there(outcome, store, talk)
    assert silent(talk, outcome) == []
    look = session.look().text
    assert look
    assert look.sentence == "No live text: There is no model 'x'. Install one."


def test_a_model_that_hangs_holds_up_neither_keys_nor_stop(store: Store, talk: Path) -> None:
    asked, released = threading.Event(), threading.Event()

    def hangs(_audio: F32, _context: Context) -> Decoded:
        asked.set()
        assert released.wait(60)
        return said("too late")

    session = begin(store, talk, lambda: engine(hangs), prompts=4, patience=0.3)
    assert asked.wait(30)
    until(lambda: session.look().ended)
    for number in range(1, 4):
        assert session.press("next", frame=round(number * TURN * RATE))
    outcome = session.stop()
    assert not released.is_set()
    assert everything_is_there(outcome, store, talk)
    assert [one.meaning_id for one in outcome.segments] == ["m0", "m1", "m2", "m3"]
    before = segments.segments(store.reader(), outcome.master)
    released.set()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "live text"])
    assert segments.segments(store.reader(), outcome.master) == before


def test_what_was_read_is_seen_while_keeping_it_has_to_wait(store: Store, talk: Path) -> None:
    held, free = threading.Event(), threading.Event()

    def writes_for_long(_: Transaction) -> None:
        held.set()
        free.wait(60)

    def answer(_audio: F32, _context: Context) -> Decoded:
        if not held.is_set():
            threading.Thread(target=store.do, args=(writes_for_long,)).start()
            assert held.wait(60)
        return said("a few plain words")

    session = begin(store, talk, lambda: engine(answer))
    try:
        text = session.text
        assert text
        until(lambda: text.look().partial == "a few plain words")
        assert text.look().finals == ()
    finally:
        free.set()
    session.stop()
    assert [one.text for one in text.said()] == ["a few plain words"] * 4
    assert (text.look().partial, text.look().finals[-1].text) == ("", "a few plain words")


@pytest.mark.slow
def test_who_takes_a_session_over_goes_on_where_the_text_ended(store: Store, talk: Path) -> None:
    first = begin(store, talk, engine, speed=6.0)
    until(lambda: first.text and len(first.text.said()) >= 1)
    first.detach()
    second = recovery.take_over(store)
    second.write_live(engine)
    until(lambda: second.look().ended)
    outcome = second.stop()
    assert silent(talk, outcome) == []
    ordered = [(one.span.start, one.span.stop) for one in outcome.segments]
    assert all(stop <= start for (_, stop), (start, _) in pairwise(ordered))
    assert len(drafts(store, outcome)) == 4


def two_models() -> Engine:
    """A quick one drafts, the other reads again; they are of different width."""
    thorough = Scripted(lambda _a, _c: said("with care"), manifest=Manifest(name="thorough"))
    quick = Scripted(lambda _a, _c: said("at once"), manifest=Manifest(name="quick"))
    return Engine(thorough, replace(engine().rules, pace=QUICK_FIRST), quick=quick, note="'thorough' is slow here.")


def test_a_quick_draft_is_replaced_when_the_model_has_read_again(store: Store, talk: Path) -> None:
    session, outcome = record(store, talk, two_models)
    assert drafts(store, outcome) == [("with care", "machine:thorough")] * 4
    assert {(one.state, "provisional" in one.quality) for one in outcome.segments} == {("draft", False)}
    assert {space.model.split("@")[0] for space in spaces.spaces(store.reader(), "meaning")} == {"thorough"}
    assert session.text
    assert sorted(one.text for one in session.text.said()) == ["at once"] * 4 + ["with care"] * 4
    assert [one.text for one in session.text.look().finals] == ["with care"] * 4


def test_a_quick_draft_waits_for_a_later_reading_unless_somebody_corrected_it(store: Store, talk: Path) -> None:
    _, outcome = record(store, talk, two_models)
    kept, corrected = outcome.segments[:2]
    quick = Drafts(store, Scripted(manifest=Manifest(name="quick")), FinalRules(language="en"), {})
    for one in (kept, corrected):
        store.do(lambda tx, one=one: clear(tx, one))  # type: ignore[misc]
        assert quick.write_provisional(one, Utterance(text="at once", language="en", model="quick"))
    waiting = [segment.id for segment in SEGMENT.each(store.reader(), UNHEARD)]
    assert waiting == [kept.id, corrected.id]
    store.do(lambda tx: texts.set_text(tx, corrected.id, "transcription", "mended", state="draft"))
    assert [segment.id for segment in SEGMENT.each(store.reader(), UNHEARD)] == [kept.id]
    assert not quick.write(corrected, Utterance(text="again", language="en", model="thorough"), lambda: np.zeros(0, np.float32))
    assert quick.write(kept, Utterance(text="again", language="en", model="thorough"), lambda: np.zeros(0, np.float32))
    assert [text.text for one in (kept, corrected) for text in texts.texts(store.reader(), one.id)] == ["again", "mended"]


def clear(tx: Transaction, segment: Segment) -> None:
    """As if nobody had read it yet."""
    for text in texts.texts(tx.db, segment.id):
        texts.delete_text(tx, text.id)
    segments.update_segment(tx, replace(segment, state="pending"))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a word of Unix")
def test_recording_with_live_text_prints_drafts_and_a_killed_one_is_finished_later(
    tmp_path: Path, mini_folder: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with recorder_ends_with(tmp_path / "killed") as book:
        command = [sys.executable, "-m", "fieldapp", "record", str(book), "--source", str(talk), "--speed", "3", "--live", "--model", str(mini_folder)]
        application = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT)
        assert application.stderr
        lines = iter(application.stderr)
        assert any(" s  " in line and len(line.split()) == 8 for line in lines)  # a draft was printed
        os.kill(application.pid, signal.SIGKILL)
        application.communicate()
        contact = protocol.read_contact(book)
        assert contact
        os.kill(contact["pid"], signal.SIGKILL)
        protocol.contact_path(book).unlink(missing_ok=True)
        with Store.open(book) as store:
            outcome = recovery.close_unfinished(store)[0]
            assert (outcome.state, outcome.segments[0].state) == ("recovered", "draft")
            before = drafts(store, outcome)
        assert main(["transcribe", str(book), "--pending", "--json", "--model", str(mini_folder), "--language", "en"]) == 0
        assert json.loads(capsys.readouterr().out)["found"] == 0
        with Store.open(book) as store:
            assert segments.states(store.reader())["pending"] == 0
            assert drafts(store, outcome)[: len(before)] == before


def test_model_and_language_without_live_are_refused(tmp_path: Path) -> None:
    assert main(["record", str(tmp_path / "b"), "--model", "no such model"]) == 2


def test_an_ear_hears_the_same_whatever_the_pace(store: Store, talk: Path) -> None:
    _, outcome = record(store, talk, engine)
    runs = [Run((store.folder / outcome.parts[0].path).with_suffix(""))]

    def heard(step: float) -> F32:
        ear, blocks = Ear(runs, RATE), []
        while ear.behind:
            blocks.append(ear.hear(step))
        return np.concatenate([*blocks, ear.finish()])

    whole = heard(1000.0)
    assert len(whole) == outcome.frames // 3
    assert np.allclose(whole, heard(0.37), atol=1e-4)
    assert np.allclose(whole[20_000:30_000], Ear(runs, RATE).read_back(Span(20_000, 30_000)), atol=0.05)
    assert Ear(runs, RATE, start=100).in_frames(Span(0, 16_000)) == Span(102, 48_102)
