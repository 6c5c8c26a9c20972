"""Sessions heard by a microphone: the right prompt, speaker and take in every segment, and no onset cut."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from e2e.marked_session import RATE, Answer, MarkedSession
from e2e.recorders import recorder_ends_with, until
from e2e.virtual_mic import VirtualMic
from fieldapp.audio import protocol
from fieldapp.audio.client import RecorderClient
from fieldapp.prompts import read_prompts
from fieldapp.session import plan, recovery, running
from fieldapp.session.running import RunningSession
from fieldapp.session.sound import Listener
from fieldapp.store.store import Store

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


def evenly(prompts: int, every: float, first: float) -> MarkedSession:
    """An answer of 0.7 s to each prompt, one every so many seconds."""
    session = MarkedSession([f"m{number:03d}" for number in range(prompts)])
    session.answers = [Answer(n, topic, first + n * every, first + n * every + 0.7, True) for n, topic in enumerate(session.topics)]
    session.seconds = first + prompts * every
    return session


def test_a_timed_session_on_the_microphone_carries_the_right_prompt_speaker_and_take(virtual_mic: VirtualMic, book: Path, tmp_path: Path) -> None:
    session = evenly(4, 2.5, 0.6)
    listed, sound = session.write_list(tmp_path / "list.csv"), session.write_sound(tmp_path / "played.wav")
    words = ["record", str(book), "--device", "mic", "--prompts", str(listed), "--speaker", "W1", "--seconds", "10", "--every", "2.5", "--json"]
    recording = subprocess.Popen(
        [sys.executable, "-m", "fieldapp", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert recording.stderr
    assert "1/4" in recording.stderr.readline()
    virtual_mic.play(sound)
    out, err = recording.communicate(timeout=60)
    assert recording.returncode == 0, err
    told = json.loads(out)["sessions"][0]
    assert [(s["meaning_id"], s["take"], s["speaker"], s["best"]) for s in told["segments"]] == [(topic, 1, "W1", True) for topic in session.topics]
    heard = soundfile.read(book / told["files"][0]["path"], dtype="float32", always_2d=True)[0][:, 0]
    assert session.mistakes(told["segments"], heard) == {"mismatched": [], "cut": [], "missing": []}


def begin_on_microphone(store: Store, session: MarkedSession, folder: Path) -> RunningSession:
    client = RecorderClient.start_or_attach(store.folder, reserve=0)
    source = {"device": "mic", "channels": 1, "rate": RATE}
    armed = running.arm(client, source)
    wish = plan.Wish(speaker="W1", prompts=read_prompts(session.write_list(folder / "list.csv")))
    return running.begin(store, client, plan.make_plan(store, wish, {**armed, "bits": 24}), source, preroll=0.0)


def first_sound(recorded: RunningSession) -> int:
    """The frame at which the playing began, as the master holds it."""
    listener = Listener(recorded.runs, RATE, lambda _: None)

    def begun() -> int:
        listener.hear(1 << 24)
        speech = listener.meter.loudness().speech()
        return speech[0].start if speech else 0

    return until(begun)


def test_keys_pressed_while_the_microphone_is_open_cut_no_onset_that_came_before_them(virtual_mic: VirtualMic, tmp_path: Path) -> None:
    """The keys come from a clock that knows when the next tone begins, and is 280 ms late; the other 20 ms are the machine's."""
    session = evenly(4, 2.0, 1.0)
    with recorder_ends_with(tmp_path / "it"), Store.create(tmp_path / "it", "t") as store:
        recorded = begin_on_microphone(store, session, tmp_path)
        virtual_mic.play(session.write_sound(tmp_path / "played.wav"))
        begun = first_sound(recorded)
        with RecorderClient.attach(store.folder) as clock:
            known = protocol.now()
            frame = clock.mark(known)
        onset = begun
        for answer in session.answers[1:]:
            onset = begun + round((answer.start - session.answers[0].start) * RATE)
            moment = known + (onset - frame) / RATE + 0.28
            until(lambda moment=moment: protocol.now() >= moment)  # type: ignore[misc]
            recorded.press("next", moment=moment)
        until(lambda: recorded.look().frames > onset + 1.2 * RATE)
        outcome = recorded.stop()
        told = [{"start": s.span.start / RATE, "stop": s.span.stop / RATE, "meaning_id": s.meaning_id} for s in outcome.segments]
        heard = soundfile.read(store.folder / outcome.parts[0].path, dtype="float32", always_2d=True)[0][:, 0]
        assert session.mistakes(told, heard) == {"mismatched": [], "cut": [], "missing": []}


def test_a_session_goes_on_when_its_recorder_is_killed_and_times_stay_true(virtual_mic: VirtualMic, tmp_path: Path) -> None:
    session = evenly(6, 2.0, 1.0)
    with recorder_ends_with(tmp_path / "it"), Store.create(tmp_path / "it", "t") as store:
        recorded = begin_on_microphone(store, session, tmp_path)
        virtual_mic.play(session.write_sound(tmp_path / "played.wav"))
        begun = first_sound(recorded)
        until(lambda: recorded.look().frames > begun + 1.2 * RATE)
        contact = protocol.read_contact(store.folder)
        assert contact
        os.kill(contact["pid"], signal.SIGKILL)
        until(lambda: len(recorded.runs) == 2)
        until(lambda: recorded.look().frames > begun + 10.9 * RATE)
        outcome = recorded.stop()
        assert len(outcome.parts) == 2
        assert [gap.stop for gap in outcome.gaps] == [outcome.parts[1].first_frame]
        assert recovery.unfinished(store) == []
        heard = soundfile.read(store.folder / outcome.parts[1].path, dtype="float32", always_2d=True)[0][:, 0]
        last = session.answers[-1]
        on_time = outcome.parts[1].first_frame + int(np.flatnonzero(np.abs(heard) > 0.05)[-1]) - begun
        assert abs(on_time / RATE - (last.stop - session.answers[0].start)) < 0.05
        assert all(part.sha256 and part.frames for part in outcome.parts)


def test_a_stored_segment_is_played_and_what_is_said_after_it_is_kept(virtual_mic: VirtualMic, book: Path, tmp_path: Path) -> None:
    session = evenly(2, 2.0, 0.6)
    words = ["--source", str(session.write_sound(tmp_path / "played.wav")), "--speed", "0", "--prompts", str(session.write_list(tmp_path / "list.csv"))]
    script = f"@2 next\n@{session.seconds} stop\n"
    run = [sys.executable, "-m", "fieldapp", "record", str(book), "--json"]
    first = json.loads(subprocess.run([*run, *words], input=script, capture_output=True, text=True, cwd=ROOT, check=True).stdout)["sessions"][0]
    oral = [*run, "--kind", "careful", "--session", first["session"], "--device", "mic"]
    recording = subprocess.Popen(oral, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert recording.stderr
    assert recording.stdin
    _until_told(recording, "1/2")  # the segment has been played and it is the person's turn
    answer = evenly(1, 1.0, 0.4)
    virtual_mic.play(answer.write_sound(tmp_path / "answer.wav")).wait(20)
    recording.stdin.write("next\n")
    recording.stdin.flush()
    _until_told(recording, "2/2")
    out, err = recording.communicate("stop\n", timeout=60)
    assert recording.returncode == 0, err
    told = json.loads(out)["sessions"][0]
    kept = told["segments"][0]
    assert (kept["of"], kept["oral"], kept["take"]) == (first["segments"][0]["id"], "careful", 1)
    heard = soundfile.read(book / told["files"][0]["path"], dtype="float32", always_2d=True)[0][:, 0]
    assert answer.mistakes([{**kept, "meaning_id": "m000"}], heard) == {"mismatched": [], "cut": [], "missing": []}


def _until_told(recording: subprocess.Popen[str], wanted: str) -> None:
    assert recording.stderr
    told = list[str]()
    while wanted not in "".join(told[-1:]):
        told.append(recording.stderr.readline())
        assert told[-1], f"it ended, with {recording.wait()}, after saying: {''.join(told)}"
