"""The recorder on a virtual microphone: PortAudio, the C callback and the C ring, with every frame numbered by a marker signal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from e2e.plugging import unplug_again_and_again
from e2e.recorders import recorder_ends_with, until
from e2e.suffering import record_while_suffering
from e2e.virtual_mic import RATE, VirtualMic, breaks, read_marker, write_marker
from fieldapp.audio.client import RecorderClient
from fieldapp.audio.devices import fresh_devices
from fieldapp.audio.growing import GrowingMaster
from fieldapp.audio.launch import own_surroundings
from fieldapp.errors import DeviceError
from fieldapp.model import Span

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_24_bit_frames_survive_the_whole_way_and_the_preroll_is_there(virtual_mic: VirtualMic, book: Path, recorder: RecorderClient) -> None:
    armed = recorder.arm("mic", channels=2)
    assert armed["rate"] == RATE
    until(lambda: recorder.levels()["peak"])
    write_marker(book / "marker.wav", 5)
    player = virtual_mic.play(book / "marker.wav")
    until(lambda: recorder.levels()["peak"] and recorder.levels()["held"][1] > -120)
    assert recorder.record(book / "audio" / "m")["preroll"] > 0
    player.wait(30)
    until(lambda: recorder.status()["frames"] > 5.5 * RATE)
    assert recorder.stop()["why"] == "asked"
    master = GrowingMaster(book / "audio" / "m")
    numbers = read_marker(master.read(Span(0, master.frames)))
    heard = numbers[numbers > 0]
    assert breaks(numbers) == []
    assert heard[0] == 1, "the pre-roll begins before the first frame played"
    assert len(heard) == 5 * RATE


def test_devices_are_listed_with_the_rates_they_accept(virtual_mic: VirtualMic) -> None:
    inputs = fresh_devices()["input"]
    mic = next(device for device in inputs if device.name == "mic")
    assert mic.host == "ALSA"
    assert 48_000 in mic.rates
    assert inputs[0].default


def test_a_microphone_that_is_not_there_is_named(virtual_mic: VirtualMic, recorder: RecorderClient) -> None:
    with pytest.raises(DeviceError, match=r"'violin' is not there.*mic"):
        recorder.arm("violin")
    virtual_mic.unplug()
    with pytest.raises(DeviceError, match="could not be opened"):
        recorder.arm("mic")


def test_the_session_goes_on_after_each_unplug_and_the_gaps_have_their_length(virtual_mic: VirtualMic, book: Path) -> None:
    outcome = unplug_again_and_again(virtual_mic, book, ["unplug", "freeze"])
    assert outcome["damaged_parts"] == 0
    assert len(outcome["gaps"]) == 2
    assert max(abs(gap["error_ms"]) for gap in outcome["gaps"]) < 20


def test_no_frame_is_lost_while_the_application_suffers_and_models_take_every_core(virtual_mic: VirtualMic, book: Path) -> None:
    with recorder_ends_with(book):
        outcome = record_while_suffering(book, virtual_mic, 6, models=2, size="tiny")
    assert outcome["frames_lost_by_the_recorder"] == 0
    assert outcome["overflows"] == 0
    assert outcome["last_number"] == 6 * RATE


REFUSED = """
import time
from fieldapp.audio import sources
sources.accepts = lambda index, rate, channels: False  # the virtual card itself accepts every rate
mic = sources.DeviceSource("mic", 96_000, 1)
mic.open()
while not len(mic.read()):
    time.sleep(0.05)
mic.close()
print(mic.rate, mic.notice)
"""


def test_a_refused_rate_falls_back_to_the_devices_own_and_says_so(virtual_mic: VirtualMic) -> None:
    done = subprocess.run([sys.executable, "-c", REFUSED], env=own_surroundings(), capture_output=True, text=True, check=True, timeout=60)
    rate, notice = done.stdout.strip().split(" ", 1)
    assert rate in ("44100", "48000")
    assert notice == f"mic refuses 96000 Hz, so {rate} Hz is recorded."
