"""Microphones and loudspeakers. They are listed in a process of their own, so that a sound system that crashes takes nothing down. Any thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fieldapp.audio.devices import Device, fresh_devices
from fieldapp.doctor.finding import Finding
from fieldapp.errors import DeviceError

WANTED_RATE = 48_000


def sound(look: Callable[[], Mapping[str, Sequence[Device]]] = fresh_devices) -> list[Finding]:
    """What can be recorded with and heard on."""
    try:
        devices = look()
    except DeviceError as trouble:
        return [Finding("sound", "missing", trouble.message, trouble.hint)]
    return [microphone(devices["input"]), loudspeaker(devices["output"])]


def microphone(inputs: Sequence[Device]) -> Finding:
    """Whether one can record, and with what."""
    if not inputs:
        return Finding(
            "microphone", "look", "none found", "Plug one in and check that the system's sound settings show it; recordings can be imported without."
        )
    found = f"{_named(inputs[0])}{_others(inputs)}"
    if inputs[0].rates and WANTED_RATE not in inputs[0].rates:
        return Finding("microphone", "look", found, f"It does not take {WANTED_RATE} Hz; recordings are made at the rate it offers.")
    return Finding("microphone", "ok", found)


def loudspeaker(outputs: Sequence[Device]) -> Finding:
    """Whether one can listen."""
    if not outputs:
        return Finding("loudspeaker", "look", "none found", "Plug in headphones; everything but listening works without.")
    return Finding("loudspeaker", "ok", f"{_named(outputs[0])}{_others(outputs)}")


def _named(device: Device) -> str:
    rates = f" at {', '.join(f'{rate / 1000:g}' for rate in device.rates)} kHz" if device.rates else ""
    return f"{device.name} ({device.host}), {device.channels} channel{'s' if device.channels != 1 else ''}{rates}"


def _others(devices: Sequence[Device]) -> str:
    return f"; also {', '.join(device.name for device in devices[1:])}" if len(devices) > 1 else ""
