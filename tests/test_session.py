"""Sessions recorded for real, with a file in place of the microphone."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from e2e.marked_session import RATE, MarkedSession, make_session
from e2e.recorders import recorder_ends_with, until

from fieldapp.audio import protocol
from fieldapp.audio.client import RecorderClient
from fieldapp.cli import main
from fieldapp.errors import FieldError, NotThere
from fieldapp.model import Recording
from fieldapp.session import plan, recovery, running
from fieldapp.session.closing import close_session
from fieldapp.store import people, prompts, segments, sessions, texts
from fieldapp.store.store import Store


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Path]:
    with recorder_ends_with(tmp_path / "book") as folder:
        yield folder


def record(book: Path, script: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> dict[str, Any]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(script))
    assert main(["record", str(book), "--json", *words]) == 0, capsys.readouterr().err
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def marked(folder: Path, prompts: int, seed: int) -> tuple[MarkedSession, list[str]]:
    session = make_session(prompts, seed)
    sound, listed = session.write_sound(folder / "played.wav"), session.write_list(folder / "list.csv")
    return session, ["--source", str(sound), "--prompts", str(listed), "--speaker", "W1", "--variety", "Suzhou"]


def heard(book: Path, told: dict[str, Any]) -> Any:
    return soundfile.read(book / told["files"][0]["path"], dtype="float32")[0]


def test_every_take_holds_its_own_answer_and_carries_speaker_prompt_and_take(
    tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, words = marked(tmp_path, 12, 4)
    answer = record(book, session.script(), capsys, monkeypatch, *words, "--speed", "0")
    told = answer["sessions"][0]
    assert session.mistakes(told["segments"], heard(book, told)) == {"mismatched": [], "cut": [], "missing": []}
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        stored = segments.segments(db, told["master"])
        assert {people.person(db, s.speaker or "").code for s in stored} == {"W1"}
        assert {people.variety(db, s.variety or "").name for s in stored} == {"Suzhou"}
        assert [prompts.item(db, s.item or "").meaning_id for s in stored] == [s.meaning_id for s in stored] == [a.topic for a in session.answers if a.kept]
        assert all(s.state == "pending" and s.quality["peak_db"] < 0 for s in stored)
        master = sessions.recording(db, told["master"])
        assert (master.state, master.frames, master.role, len(master.sha256)) == ("closed", round(told["seconds"] * RATE), "master", 64)
        kinds = [event.kind for event in sessions.events(db, master.id)]
        assert kinds.count("speech_start") == len(stored)
        assert kinds[0] == "begin"
    assert main(["check", str(book)]) == 0


def test_prompts_without_an_answer_are_named(tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    _, words = marked(tmp_path, 4, 1)
    told = record(book, "@2 next\n@4 skip\n@6 next\n@7 stop\n", capsys, monkeypatch, *words, "--speed", "0")["sessions"][0]
    answered = {segment["text"] for segment in told["segments"]}
    assert told["unanswered"]
    assert not answered & set(told["unanswered"])
    assert len(answered) + len(told["unanswered"]) == 4


def test_two_answers_are_told_apart_and_remarks_become_notes(
    tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, words = marked(tmp_path, 3, 1)
    script = "@2 remark a little hoarse\n@3 second\n@5 next\n@6 frobnicate\n@6 stop\n"
    answer = record(book, script, capsys, monkeypatch, *words, "--speed", "0")
    one, two = answer["sessions"][0]["segments"][:2]
    assert (one["take"], two["take"], two["answer"], one["meaning_id"]) == (1, 2, "second", two["meaning_id"])
    assert any("frobnicate" in problem for problem in answer["notices"])
    with Store.open(book, read_only=True) as store:
        assert [(text.tier, text.text) for text in texts.texts(store.reader(), one["id"])] == [("note", "a little hoarse")]


def test_the_same_list_is_kept_once_and_its_order_can_be_drawn_again(
    tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, words = marked(tmp_path, 6, 1)
    script = "".join(f"@{second} next\n" for second in (2, 4, 6))
    orders = []
    for seed in ("5", "5", "6"):
        told = record(book, script, capsys, monkeypatch, *words, "--speed", "0", "--seed", seed)["sessions"][0]
        orders.append([segment["meaning_id"] for segment in told["segments"]][:3])
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    with Store.open(book, read_only=True) as store:
        assert len(prompts.promptlists(store.reader())) == 1
        assert len({session.name for session in sessions.sessions(store.reader())}) == 3


def test_a_recording_without_prompts_is_cut_where_nobody_speaks(
    tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, words = marked(tmp_path, 3, 1)
    told = record(book, "", capsys, monkeypatch, *words[:2], "--speed", "0")["sessions"][0]
    found = [(segment["start"], segment["stop"]) for segment in told["segments"]]
    assert found
    assert all(any(start <= answer.start and answer.stop <= stop for start, stop in found) for answer in session.answers)


@pytest.mark.parametrize(
    "words",
    [["--seconds", "-1"], ["--speed", "-2", "--source", "x.wav"], ["--resume", "--source", "x.wav"], ["--early", "3"], ["--source", "a", "--device", "b"]],
)
def test_words_that_make_no_sense_together_are_refused(book: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", str(book), *words]) == 2
    assert "fieldapp:" in capsys.readouterr().err


def test_a_source_that_is_missing_or_a_list_that_is_none_leaves_no_session_behind(tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", str(book), "--source", str(tmp_path / "none.wav")]) == 1
    (tmp_path / "empty.csv").touch()
    assert main(["record", str(book), "--prompts", str(tmp_path / "empty.csv")]) == 1
    assert main(["record", str(book), "--prompts", "no-such-list"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3
    with Store.open(book, read_only=True) as store:
        assert sessions.sessions(store.reader()) == []


def test_stored_segments_are_respoken_and_found_from_the_segment(
    tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, words = marked(tmp_path, 3, 1)
    first = record(book, "@2 next\n@4 next\n@6 stop\n", capsys, monkeypatch, *words, "--speed", "0")["sessions"][0]
    oral = ["--kind", "careful", "--session", first["session"], "--speaker", "W2", "--speed", "0", *words[:2]]
    told = record(book, "@2 redo\n@4 next\n@5 stop\n", capsys, monkeypatch, *oral)["sessions"][0]
    spoken = first["segments"]
    assert [(s["oral"], s["of"], s["take"], s["speaker"]) for s in told["segments"]][:2] == [("careful", spoken[0]["id"], take, "W2") for take in (1, 2)]
    with Store.open(book, read_only=True) as store:
        db = store.reader()
        found = segments.oral_annotations(db, spoken[0]["id"])
        assert [(one.id, one.best, one.item) for one in found] == [(s["id"], s["best"], None) for s in told["segments"][:2]]
        master = sessions.recording(db, told["master"])
        assert (master.role, master.session, master.metadata["of"]) == ("careful", sessions.recording(db, first["master"]).session, first["master"])
    assert main(["record", str(book), "--kind", "careful"]) == 2
    assert main(["record", str(book), "--kind", "careful", "--session", "none"]) == 1


# --- crashes ---


def start_session(store: Store, folder: Path, speed: float, limit: int = 0) -> tuple[MarkedSession, running.RunningSession]:
    from fieldapp.prompts import read_prompts

    session = make_session(6, 3)
    source: dict[str, Any] = {"source": str(session.write_sound(folder / "played.wav")), "speed": speed}
    client = RecorderClient.start_or_attach(store.folder, reserve=0)
    armed = running.arm(client, source)
    wish = plan.Wish(speaker="W1", prompts=read_prompts(session.write_list(folder / "list.csv")))
    made = plan.make_plan(store, wish, {**armed, "bits": 24})
    return session, running.begin(store, client, made, source, limit=limit)


def press_all(session: MarkedSession, recorded: running.RunningSession, after: float = 0.0, before: float = 1e9) -> None:
    for second, key in session.keys:
        if after < second <= before:
            frame = round(second * RATE)
            until(lambda frame=frame: recorded.look().frames >= frame or recorded.look().ended)  # type: ignore[misc]
            recorded.press(key, frame=frame)


def test_a_new_application_takes_a_running_session_over_without_losing_a_key(tmp_path: Path, book: Path) -> None:
    half = 6.0
    with Store.create(book / "it", "t") as store, recorder_ends_with(book / "it"):
        session, first = start_session(store, tmp_path, 8.0)
        press_all(session, first, before=half)
        first.detach()
        assert [one.alive for one in recovery.unfinished(store)] == [True]
        assert recovery.close_unfinished(store) == []
        second = recovery.take_over(store)
        assert second.look().view == first.look().view
        press_all(session, second, after=half)
        until(lambda: second.look().ended)
        outcome = second.stop(round(session.seconds * RATE))
        told = [{"start": s.span.start / RATE, "stop": s.span.stop / RATE, "meaning_id": s.meaning_id} for s in outcome.segments]
        sound = soundfile.read(book / "it" / outcome.parts[0].path, dtype="float32")[0]
        assert session.mistakes(told, sound) == {"mismatched": [], "cut": [], "missing": []}
        with pytest.raises(NotThere):
            recovery.take_over(store)


def test_times_survive_the_roll_over_into_further_parts(tmp_path: Path, book: Path) -> None:
    with Store.create(book / "it", "t") as store, recorder_ends_with(book / "it"):
        session, recorded = start_session(store, tmp_path, 0.0, limit=5_000 + 144_000 * 7)  # seven seconds a part
        until(lambda: recorded.look().ended)
        press_all(session, recorded)
        outcome = recorded.stop(round(session.seconds * RATE))
        assert len(outcome.parts) > 1
        assert all(other.first_frame == one.first_frame + one.frames for one, other in zip(outcome.parts, outcome.parts[1:], strict=False))
        told = [{"start": s.span.start / RATE, "stop": s.span.stop / RATE, "meaning_id": s.meaning_id} for s in outcome.segments]
        played = soundfile.read(tmp_path / "played.wav", dtype="float32")[0]
        assert session.mistakes(told, played) == {"mismatched": [], "cut": [], "missing": []}
        stored = sessions.parts(store.reader(), outcome.master)
        assert [part.master for part in stored] == [None] + [outcome.master] * (len(stored) - 1)


def test_closing_twice_changes_nothing(tmp_path: Path, book: Path) -> None:
    with Store.create(book / "it", "t") as store, recorder_ends_with(book / "it"):
        session, recorded = start_session(store, tmp_path, 0.0)
        until(lambda: recorded.look().ended)
        press_all(session, recorded)
        outcome = recorded.stop(round(session.seconds * RATE))
        before = segments.segments(store.reader(), outcome.master), sessions.events(store.reader(), outcome.master)
        close_session(store, sessions.recording(store.reader(), outcome.master))
        assert before == (segments.segments(store.reader(), outcome.master), sessions.events(store.reader(), outcome.master))


def test_a_session_that_never_got_a_frame_leaves_nothing_behind(book: Path) -> None:
    with Store.create(book / "it", "t") as store:
        plan.make_plan(store, plan.Wish(), {"rate": 48_000, "channels": 1, "bits": 24})
        assert len(recovery.unfinished(store)) == 1
        assert recovery.close_unfinished(store) == []
        assert (recovery.unfinished(store), sessions.sessions(store.reader())) == ([], [])


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a word of Unix")
def test_application_and_recorder_are_both_killed_and_every_acknowledged_take_is_there(tmp_path: Path, book: Path) -> None:
    session, words = marked(tmp_path, 8, 6)
    half = session.keys[len(session.keys) // 2][0]
    script = "".join(f"@{second:.4f} {key}\n" for second, key in session.keys if second <= half)
    command = [sys.executable, "-m", "fieldapp", "record", str(book), *words, "--speed", "8"]
    application = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=Path(__file__).parent.parent)
    assert application.stdin
    application.stdin.write(script)
    application.stdin.flush()

    def written() -> int:
        try:
            with Store.open(book, read_only=True) as store:
                return max([event.frame for master in masters(store) for event in sessions.events(store.reader(), master.id)], default=0)
        except FieldError:
            return 0

    until(lambda: written() >= round(half * RATE))
    os.kill(application.pid, signal.SIGKILL)
    contact = protocol.read_contact(book)
    assert contact
    os.kill(contact["pid"], signal.SIGKILL)
    application.wait(10)
    application.stdin.close()
    protocol.contact_path(book).unlink()  # the dead cannot tidy up, and no fixture should wait for them
    with Store.open(book) as store:
        outcome = recovery.close_unfinished(store)[0]
        assert outcome.state == "recovered"
        expected = [answer for answer in session.answers if answer.kept and answer.stop < half]
        for segment, answer in zip(outcome.segments, expected, strict=False):
            assert segment.span.start / RATE <= answer.start
            assert answer.stop <= segment.span.stop / RATE
            assert segment.meaning_id == answer.topic
        assert len(outcome.segments) >= len(expected)
        assert soundfile.info(book / outcome.parts[0].path).frames == outcome.parts[0].frames


def masters(store: Store) -> list[Recording]:
    return [recording for recording in sessions.recordings(store.reader()) if recording.master is None]


def test_a_recorder_that_is_about_to_end_is_waited_for(book: Path) -> None:
    for _ in range(8):
        with RecorderClient.start_or_attach(book, reserve=0) as client:
            assert client.status()["state"] == "idle"
            client.bye()
