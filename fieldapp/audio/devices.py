"""Sound devices: which there are, what they accept, and finding one again by its name. Any thread, but see below.

PortAudio freezes its list of devices when it starts and a restart stops every stream. So the recorder restarts it only while no
stream is open, and everybody else asks `fresh_devices()`, which looks in a process of its own (`python -m fieldapp.audio.devices`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from fieldapp.audio.launch import own_process, own_surroundings
from fieldapp.errors import DeviceError

RATES = (44_100, 48_000, 88_200, 96_000)
LOOK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Device:
    """One input or output. `name` and `host` together are what a device is remembered by; `index` holds until the next restart."""

    name: str
    host: str
    index: int
    channels: int
    rate: int
    default: bool
    rates: tuple[int, ...] = ()


def portaudio() -> Any:
    """The sounddevice module; imported late, because a machine without PortAudio can still do everything but record."""
    try:
        import sounddevice  # noqa: PLC0415
    except OSError as trouble:
        raise DeviceError("PortAudio is missing, so there are no sound devices.", "Install it (Debian: libportaudio2).") from trouble
    return sounddevice


def look_again() -> None:
    """Restart PortAudio so that it sees what was plugged in since. Only while no stream of this process is open."""
    sounddevice = portaudio()
    sounddevice._terminate()  # the only way there is: PortAudio has no hot-plug
    sounddevice._initialize()


def list_devices(kind: str = "input", probe: bool = False) -> list[Device]:
    """Inputs or outputs as PortAudio knows them now, the default first; `probe` also asks each which rates it accepts."""
    sounddevice = portaudio()
    hosts = sounddevice.query_hostapis()
    default = hosts[0][f"default_{kind}_device"] if hosts else -1
    found = []
    for facts in sounddevice.query_devices():
        channels = facts[f"max_{kind}_channels"]
        if channels > 0:
            rates = tuple(rate for rate in RATES if probe and accepts(facts["index"], rate, min(channels, 2), kind))
            host = hosts[facts["hostapi"]]["name"]
            found.append(Device(facts["name"], host, facts["index"], channels, int(facts["default_samplerate"]), facts["index"] == default, rates))
    return sorted(found, key=lambda device: not device.default)


def accepts(index: int, rate: int, channels: int, kind: str = "input") -> bool:
    """Whether the device can really be opened so."""
    sounddevice = portaudio()
    check = sounddevice.check_input_settings if kind == "input" else sounddevice.check_output_settings
    try:
        check(device=index, channels=channels, dtype="float32", samplerate=rate)
    except (sounddevice.PortAudioError, ValueError):
        return False
    return True


def find_input(name: str | None) -> Device:
    """The input remembered by this name (`name` or `name @ host`), or the default one."""
    return _find(list_devices("input"), name, "microphone")


def find_output(name: str | None) -> Device:
    """The output remembered by this name, or the default one."""
    return _find(list_devices("output"), name, "loudspeaker")


def _find(devices: list[Device], name: str | None, what: str) -> Device:
    if not devices:
        raise DeviceError(f"No {what} was found.", "Plug one in and check that the system sees it.")
    if name is None:
        return devices[0]
    for device in devices:
        if name in (device.name, f"{device.name} @ {device.host}"):
            return device
    known = ", ".join(device.name for device in devices)
    raise DeviceError(f"The {what} '{name}' is not there.", f"Plug it in, or choose one of: {known}.")


def fresh_devices() -> dict[str, list[Device]]:
    """Inputs and outputs as they are at this moment, with the rates they accept; takes a fraction of a second and a process."""
    try:
        seen = subprocess.run(
            own_process("fieldapp.audio.devices"), env=own_surroundings(), capture_output=True, timeout=LOOK_SECONDS, check=True, stdin=subprocess.DEVNULL
        )
        answer = json.loads(seen.stdout)
    except (subprocess.SubprocessError, OSError, ValueError) as trouble:
        raise DeviceError("The sound devices could not be listed.", "Restart the computer's sound service, or the computer.") from trouble
    if "error" in answer:
        raise DeviceError(answer["error"], answer["hint"])
    return {kind: [Device(**{**facts, "rates": tuple(facts["rates"])}) for facts in answer[kind]] for kind in ("input", "output")}


def main() -> int:
    """Print what is there as JSON."""
    try:
        answer: dict[str, Any] = {kind: [asdict(device) for device in list_devices(kind, probe=True)] for kind in ("input", "output")}
    except DeviceError as trouble:
        answer = {"error": trouble.message, "hint": trouble.hint}
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
