"""Pulling the virtual microphone's plug while it is recorded, and measuring the gaps by the numbered signal; shared by tests and benches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from e2e.recorders import until
from e2e.virtual_mic import RATE, VirtualMic, breaks, read_marker, write_marker
from fieldapp.audio.client import RecorderClient
from fieldapp.audio.masters import read_master
from fieldapp.model import Span

BACK = {"unplug": "replug", "freeze": "thaw"}


def unplug_again_and_again(mic: VirtualMic, book: Path, hows: list[str]) -> dict[str, Any]:
    """One recording with as many losses of its device; `hows` says whether the device vanishes or just falls silent."""
    with RecorderClient.start_or_attach(book, reserve=0) as recorder:
        recorder.arm("mic", channels=2)
        until(lambda: recorder.levels()["peak"])
        write_marker(book / "marker.wav", 60 + 12 * len(hows))
        mic.play(book / "marker.wav")
        until(lambda: recorder.levels()["held"][1] > -120)
        recorder.record(book / "audio" / "m")
        for how in hows:
            enough = recorder.status()["frames"] + RATE
            until(lambda enough=enough: recorder.status()["frames"] > enough)  # type: ignore[misc]
            parts = len(recorder.status()["paths"])
            getattr(mic, how)()
            until(lambda: recorder.status()["lost"])
            getattr(mic, BACK[how])()
            until(lambda parts=parts: len(recorder.status()["paths"]) > parts)  # type: ignore[misc]
        recorder.stop()
    master = read_master(book / "audio" / "m")
    numbers = [read_marker(part.read(Span(0, part.frames))) for part in master.parts]
    gaps = []
    for how, before, after, heard, heard_then in zip(hows, master.parts, master.parts[1:], numbers, numbers[1:]):
        truly = int(heard_then[0]) - int(heard[-1]) - 1
        noted = after.first_frame - before.first_frame - before.frames
        gaps.append({"how": how, "true_ms": truly / RATE * 1000, "noted_ms": noted / RATE * 1000, "error_ms": (noted - truly) / RATE * 1000})
    damaged = sum(bool(breaks(part)) or not part.all() for part in numbers[1:]) + bool(breaks(numbers[0]))
    return {"gaps": gaps, "damaged_parts": damaged, "journalled_gaps": sum(event["kind"] == "gap" for event in master.events)}
