"""Killing the application and the recorder while a file is recorded in real time, and looking at what is left; shared by tests and benches."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import parselmouth
import soundfile
import wavinfo

from e2e.recorders import until
from e2e.virtual_mic import RATE, breaks, read_marker, write_marker
from fieldapp.audio import protocol
from fieldapp.audio.client import RecorderClient
from fieldapp.audio.launch import own_surroundings
from fieldapp.audio.masters import read_master
from fieldapp.model import Span

APPLICATION = Path(__file__).with_name("application.py")


def application(book: Path, *words: str) -> subprocess.Popen[bytes]:
    """A running application of a process group of its own; returns when it records."""
    process = subprocess.Popen([sys.executable, str(APPLICATION), str(book), *words], stdout=subprocess.PIPE, env=own_surroundings(), start_new_session=True)
    assert process.stdout
    assert process.stdout.readline() == b"recording\n"
    return process


def put_down(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of the whole process group, as a session manager or a crash would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdout
    process.stdout.close()


def kill_the_application(book: Path, times: int, seed: int) -> dict[str, Any]:
    """Again and again at random moments of one recording; every frame of the source must be in the master."""
    chance = random.Random(seed)
    write_marker(book / "marker.wav", 0.8 * times + 4)
    pids = set()
    for _ in range(times):
        process = application(book, "--source", str(book / "marker.wav"))
        contact = protocol.read_contact(book)
        assert contact
        pids.add(contact["pid"])
        time.sleep(chance.uniform(0.05, 0.5))
        put_down(process)
    with RecorderClient.attach(book) as successor:
        assert successor.status()["state"] == "recording"
        until(lambda: successor.status()["state"] == "armed", 60)
    master = read_master(book / "audio" / "m")
    numbers = read_marker(master.parts[0].read(Span(0, master.frames)))
    played = soundfile.info(book / "marker.wav").frames
    intact = bool(breaks(numbers) == [] and numbers[0] == 1)
    return {"kills": times, "recorders": len(pids), "played_frames": played, "lost_frames": played - len(numbers), "intact": intact}


def kill_the_recorder(book: Path, after: float) -> dict[str, Any]:
    """Once; how much of what had been heard by then is missing, and whether all programs open the file before and after repair."""
    book.mkdir(parents=True)
    write_marker(book / "marker.wav", after + 30)
    with RecorderClient.start_or_attach(book, reserve=0) as client:
        client.arm_file(book / "marker.wav")
        began = protocol.now()
        client.record(book / "audio" / "m")
        time.sleep(after)
        os.kill(client.pid, signal.SIGKILL)
        heard = protocol.now() - began
    path = book / "audio" / "m.wav"
    before = opened_by(path)
    master = read_master(book / "audio" / "m", mend=True)
    numbers = read_marker(master.parts[0].read(Span(0, master.frames)))
    intact = bool(breaks(numbers) == [] and numbers[0] == 1 and len(numbers) == master.frames)
    after_repair = opened_by(path)
    lost = heard - master.frames / RATE
    tail = master.frames - min(before.values(), default=0)
    return {
        "heard_seconds": heard,
        "lost_seconds": lost,
        "tail_unseen_before_repair_seconds": tail / RATE,
        "opened_before_repair": sorted(before),
        "intact": intact and len(before) == 4 and set(after_repair.values()) == {master.frames} and len(after_repair) == 4,
    }


def opened_by(path: Path) -> dict[str, int]:
    """The programs that open a file, and how many frames each sees."""
    with wave.open(str(path)) as plain:
        frames = plain.getnframes()
    return {
        "wave": frames,
        "soundfile": soundfile.info(path).frames,
        "wavinfo": wavinfo.WavInfoReader(str(path)).data.frame_count,
        "parselmouth": parselmouth.Sound(str(path)).get_number_of_samples(),
    }
