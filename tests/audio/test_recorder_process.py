"""The recorder process over a file in a microphone's place: what was played is what is in the master, whatever clients do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from e2e.recorders import recorder_ends_with, until

from fieldapp.audio import protocol
from fieldapp.audio.client import NoRecorder, RecorderClient
from fieldapp.audio.growing import GrowingMaster
from fieldapp.audio.journal import journal_path, read_journal
from fieldapp.audio.launch import own_process, own_surroundings
from fieldapp.audio.peaks import Peaks
from fieldapp.audio.recorder import URGENCY
from fieldapp.audio.repair import file_digest
from fieldapp.errors import AudioError, DeviceError, DiskFull, ReadOnly, WrongUsage
from fieldapp.model import Span

RATE = 48_000


def noise(path: Path, seconds: float, channels: int = 2) -> np.ndarray[Any, Any]:
    """A file of 24-bit noise, and its samples as integers."""
    samples = np.random.default_rng(7).integers(-(2**23), 2**23, (round(seconds * RATE), channels)).astype(np.int32) << 8
    soundfile.write(path, samples, RATE, subtype="PCM_24")
    return samples


def samples_of(path: Path) -> np.ndarray[Any, Any]:
    read: np.ndarray[Any, Any] = soundfile.read(path, dtype="int32", always_2d=True)[0]
    return read


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Path]:
    """A folder whose recorder is ended afterwards, whatever the test did."""
    with recorder_ends_with(tmp_path / "book") as folder:
        yield folder


@pytest.fixture
def recorder(book: Path) -> Iterator[RecorderClient]:
    with RecorderClient.start_or_attach(book, reserve=0) as client:
        yield client


def gone(client: RecorderClient) -> bool:
    try:
        client.status()
    except NoRecorder:
        return True
    return False


def ended(client: RecorderClient) -> dict[str, Any]:
    """Wait for the file to be over and say how the recording ended."""
    until(lambda: client.status()["state"] == "armed")
    return dict(client.status()["last"])


def test_the_master_holds_a_24_bit_file_bit_for_bit(recorder: RecorderClient, book: Path) -> None:
    played = noise(book / "played.wav", 5.3)
    recorder.arm_file(book / "played.wav", speed=0)
    recorder.record(book / "audio" / "m", peaks=book / "derived" / "peaks")
    assert ended(recorder)["frames"] == len(played)
    assert np.array_equal(samples_of(book / "audio" / "m.wav"), played)
    assert Peaks(book / "derived" / "peaks" / "m.wav.peaks").growing


def test_the_journal_tells_everything_about_the_file(recorder: RecorderClient, book: Path) -> None:
    noise(book / "played.wav", 1)
    recorder.arm_file(book / "played.wav", speed=0)
    recorder.record(book / "audio" / "m")
    ended(recorder)
    journal = journal_path(book / "audio" / "m")
    until(lambda: "digest" in {entry["kind"] for entry in read_journal(journal)})
    lines = {entry["kind"]: entry for entry in read_journal(journal)}
    assert lines["begun"]["rate"] == RATE
    assert lines["begun"]["device"] == "played.wav"
    assert lines["closed"]["frames"] == RATE
    assert lines["closed"]["bytes"] == (book / "audio" / "m.wav").stat().st_size
    assert lines["digest"]["sha256"] == file_digest(book / "audio" / "m.wav")
    assert lines["ended"]["why"] == "the source ended"


def test_a_master_rolls_over_into_parts_that_join_without_a_seam(recorder: RecorderClient, book: Path) -> None:
    played = noise(book / "played.wav", 3)
    recorder.arm_file(book / "played.wav", speed=0)
    recorder.record(book / "audio" / "m", limit=300_000)
    paths = ended(recorder)["paths"]
    assert [Path(path).name for path in paths] == ["m.wav", "m-part2.wav", "m-part3.wav"]
    assert max(Path(path).stat().st_size for path in paths) <= 300_000
    assert np.array_equal(np.concatenate([samples_of(Path(path)) for path in paths]), played)
    master = GrowingMaster(book / "audio" / "m")
    assert master.frames == len(played)
    seam = master.parts[1].first_frame
    assert np.array_equal(master.read(Span(seam - 9, seam + 9)), (played[seam - 9 : seam + 9] / 2**31).astype(np.float32))


def test_a_new_client_takes_a_running_recording_over(book: Path) -> None:
    played = noise(book / "played.wav", 1.5)
    with RecorderClient.start_or_attach(book, reserve=0) as first:
        first.arm_file(book / "played.wav")
        first.record(book / "audio" / "m")
        pid = first.pid
    with RecorderClient.start_or_attach(book) as second:
        assert second.pid == pid
        assert second.status()["state"] == "recording"
        assert ended(second)["frames"] == len(played)
    assert np.array_equal(samples_of(book / "audio" / "m.wav"), played)


def test_marks_rise_with_the_clock_and_lie_where_the_sound_is(recorder: RecorderClient, book: Path) -> None:
    noise(book / "played.wav", 60, channels=1)
    recorder.arm_file(book / "played.wav", speed=1)
    before = protocol.now()
    recorder.record(book / "audio" / "m")
    after = protocol.now()
    until(lambda: recorder.status()["frames"] > RATE // 2)
    moment = protocol.now()
    frame = recorder.mark(moment)
    assert (moment - after) * RATE - RATE * 0.01 <= frame <= (moment - before) * RATE + RATE * 0.01
    assert recorder.mark(moment + 0.25) - recorder.mark(moment) == pytest.approx(RATE / 4, abs=RATE * 0.02)
    assert recorder.stop()["why"] == "asked"


def test_a_growing_master_can_be_read_behind_the_writer(recorder: RecorderClient, book: Path) -> None:
    played = noise(book / "played.wav", 30)
    recorder.arm_file(book / "played.wav")
    recorder.record(book / "audio" / "m")
    master = GrowingMaster(book / "audio" / "m")
    until(lambda: master.frames > RATE)
    assert np.array_equal(master.read(Span(RATE - 5000, RATE)), (played[RATE - 5000 : RATE] / 2**31).astype(np.float32))
    assert Path(book / "audio" / "m.wav").exists()
    recorder.stop()


def test_a_client_that_never_reads_is_dropped_and_the_recording_goes_on(recorder: RecorderClient, book: Path) -> None:
    played = noise(book / "played.wav", 2)
    recorder.arm_file(book / "played.wav")
    recorder.record(book / "audio" / "m")
    contact = protocol.read_contact(book)
    assert contact
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(contact["address"])
        rude.sendall(protocol.pack({"hello": contact["token"], "protocol": 1, "name": "rude"}))
        rude.settimeout(20)
        flood = protocol.pack({"do": "levels", "spectrum": True}) * 20_000
        with pytest.raises(OSError):  # noqa: PT011  (broken pipe or reset, as the system likes)
            rude.sendall(flood)
    assert until(lambda: recorder.status()["attached"] == ["fieldapp"])
    ended(recorder)
    assert np.array_equal(samples_of(book / "audio" / "m.wav"), played)


@pytest.mark.parametrize("first", [b"{}\n", b"no json\n", b'{"hello":"wrong","protocol":1}\n', b'{"do":"stop"}\n', b"\xff\xfe\n"])
def test_a_stranger_is_turned_away(recorder: RecorderClient, book: Path, first: bytes) -> None:
    contact = protocol.read_contact(book)
    assert contact
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(20)
        stranger.connect(contact["address"])
        stranger.sendall(first)
        assert stranger.recv(100) == b""
    assert recorder.status()["state"] == "idle"


def test_what_makes_no_sense_is_refused_with_a_sentence(recorder: RecorderClient, book: Path) -> None:
    with pytest.raises(AudioError, match="Nothing is being recorded"):
        recorder.stop()
    with pytest.raises(DeviceError, match="No microphone is open"):
        recorder.record(book / "audio" / "m")
    with pytest.raises(WrongUsage, match="dance"):
        recorder.ask("dance")
    with pytest.raises(WrongUsage, match="asked wrongly"):
        recorder.ask("arm", rate="fast")
    with pytest.raises(AudioError, match="cannot be read as sound"):
        recorder.arm_file(book / "nothing.wav")
    noise(book / "played.wav", 60, channels=1)
    recorder.arm_file(book / "played.wav")
    (book / "audio").mkdir()
    (book / "audio" / "m.wav").write_bytes(b"somebody's work")
    with pytest.raises(AudioError, match="exists already"):
        recorder.record(book / "audio" / "m")
    with pytest.raises(AudioError, match="8 bits"):
        recorder.record(book / "audio" / "n", bits=8)
    (book / "audio" / "q.journal.jsonl").write_text("")
    with pytest.raises(AudioError, match="never continued"):
        recorder.record(book / "audio" / "q")
    recorder.record(book / "audio" / "o")
    with pytest.raises(AudioError, match="running already"):
        recorder.record(book / "audio" / "p")
    assert (book / "audio" / "m.wav").read_bytes() == b"somebody's work"


def test_recording_is_refused_where_only_the_reserve_is_left(book: Path) -> None:
    noise(book / "played.wav", 1)
    with RecorderClient.start_or_attach(book, reserve=10**18) as client:
        client.arm_file(book / "played.wav")
        with pytest.raises(DiskFull, match="stay reserved"):
            client.record(book / "audio" / "m")
        assert client.status()["state"] == "armed"


def test_a_recorder_nobody_needs_ends_by_itself(book: Path) -> None:
    noise(book / "played.wav", 60, channels=1)
    with RecorderClient.start_or_attach(book, reserve=0, unattended=0.5) as client:
        client.arm_file(book / "played.wav")
        client.record(book / "audio" / "m")
    until(lambda: not protocol.contact_path(book).exists())
    assert [entry["why"] for entry in read_journal(journal_path(book / "audio" / "m")) if entry["kind"] == "ended"] == ["nobody was attached"]
    with pytest.raises(NoRecorder):
        RecorderClient.attach(book)


def test_a_termination_signal_closes_the_master(recorder: RecorderClient, book: Path) -> None:
    noise(book / "played.wav", 60, channels=1)
    recorder.arm_file(book / "played.wav")
    recorder.record(book / "audio" / "m")
    until(lambda: recorder.status()["frames"])
    os.kill(recorder.pid, 15)
    until(lambda: not protocol.contact_path(book).exists())
    assert [entry["why"] for entry in read_journal(journal_path(book / "audio" / "m")) if entry["kind"] == "ended"] == ["signal SIGTERM"]


def test_what_a_killed_recorder_left_is_no_recorder(book: Path) -> None:
    with RecorderClient.start_or_attach(book) as first:
        os.kill(first.pid, 9)
        until(lambda: gone(first))
    left = protocol.read_contact(book)
    assert left
    assert Path(left["address"]).exists()
    with pytest.raises(NoRecorder):
        RecorderClient.attach(book)
    with RecorderClient.start_or_attach(book) as second:
        assert second.pid != first.pid
        assert not Path(left["address"]).exists()


def test_a_deleted_derived_folder_does_not_lose_the_recorder(recorder: RecorderClient, book: Path) -> None:
    protocol.contact_path(book).unlink()
    until(lambda: protocol.read_contact(book))
    with RecorderClient.attach(book) as found:
        assert found.pid == recorder.pid


def test_the_recorder_loads_neither_the_window_nor_models_nor_the_store() -> None:
    look = "import json, sys, fieldapp.audio.recorder, rtmixer; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", look], env=own_surroundings(), capture_output=True, check=True).stdout)
    roots = {name.split(".")[0] for name in loaded} | {".".join(name.split(".")[:2]) for name in loaded}
    assert not roots & {
        "PySide6",
        "ctranslate2",
        "faster_whisper",
        "av",
        "torch",
        "onnxruntime",
        "sqlite_utils",
        "fieldapp.store",
        "fieldapp.speech",
        "fieldapp.gui",
    }


def test_a_frozen_program_runs_the_recorder_from_its_own_executable(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_process("fieldapp.audio.recorder", "x") == [sys.executable, "run-module", "fieldapp.audio.recorder", "x"]
    words = [sys.executable, "-m", "fieldapp", "run-module", "fieldapp.audio.recorder", "--help"]
    assert b"--unattended" in subprocess.run(words, env=own_surroundings(), capture_output=True, check=True).stdout


def test_a_folder_that_is_not_there_or_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoRecorder, match="There is no folder"):
        RecorderClient.start_or_attach(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "derived").write_text("a file where a folder should be")  # unwritable even for root
    with pytest.raises(ReadOnly, match="cannot be written"):
        RecorderClient.start_or_attach(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system does not divide the processor between sessions")
def test_a_recorder_that_may_comes_first_among_sessions_too(recorder: RecorderClient) -> None:
    status = recorder.status()
    if not status["urgent"]:
        pytest.skip("this system grants no higher priority")
    assert os.getpriority(os.PRIO_PROCESS, status["pid"]) == URGENCY
    assert Path(f"/proc/{status['pid']}/autogroup").read_text(encoding="ascii").split()[-1] == str(URGENCY)
    assert os.getpriority(os.PRIO_PROCESS, 0) != URGENCY
