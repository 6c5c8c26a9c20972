"""Where a model runs: processor or graphics card, which number format, how many threads, and why. Any thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Set
from dataclasses import dataclass

from fieldapp.errors import ModelError

CPU_TYPES = (("int8_float32", "8-bit integers, the fastest on this processor"), ("float32", "32-bit floats: this processor has no fast 8-bit arithmetic"))
CUDA_TYPES = (
    ("float16", "16-bit floats, the fastest on this graphics card"),
    ("bfloat16", "16-bit brain floats, the fastest on this graphics card"),
    ("int8_float32", "8-bit integers: this graphics card has no fast 16-bit floats"),
    ("float32", "32-bit floats: this graphics card has no shorter ones"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """A decision that was made and can be shown."""

    kind: str
    compute_type: str
    threads: int
    reason: str
    index: int = 0


def processor_cores() -> int:
    """The cores this process may use."""
    affinity: Callable[[int], Set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def choose(wanted: str = "auto", *, compute_type: str = "auto", threads: int = 0, index: int = 0) -> Device:
    """Decide on a device. `threads` 0 leaves one core to the recorder and the window."""
    import ctranslate2  # noqa: PLC0415  (settings pages ask for devices without loading models)

    if wanted not in ("auto", "cpu", "cuda"):
        raise ModelError(f"'{wanted}' is no device.", "Known are auto, cpu and cuda.")
    threads = threads or max(1, processor_cores() - 1)
    cards = 0 if wanted == "cpu" else _cuda_cards()
    if wanted == "cuda" and index >= cards:
        raise ModelError(f"CUDA device {index} was asked for, but {cards or 'none'} can be used.", "Choose cpu, or install NVIDIA's driver and CUDA libraries.")
    if cards:
        name, why = _pick(ctranslate2.get_supported_compute_types("cuda", index), CUDA_TYPES, compute_type, "graphics card")
        return Device("cuda", name, threads, f"On the graphics card with {why}.", index)
    name, why = _pick(ctranslate2.get_supported_compute_types("cpu"), CPU_TYPES, compute_type, "processor")
    lead = "No CUDA graphics card was found, so on" if wanted == "auto" else "On"
    return Device("cpu", name, threads, f"{lead} the processor with {why}, {threads} thread{'s' if threads != 1 else ''}.")


def _cuda_cards() -> int:
    import ctranslate2  # noqa: PLC0415

    try:
        return int(ctranslate2.get_cuda_device_count())
    except RuntimeError:  # a driver too old for the library counts as none
        return 0


def _pick(supported: Set[str], ranked: tuple[tuple[str, str], ...], wanted: str, where: str) -> tuple[str, str]:
    if wanted != "auto":
        if wanted not in supported:
            raise ModelError(f"This {where} cannot compute in {wanted}.", f"It can in {', '.join(sorted(supported))}.")
        return wanted, f"{wanted} as asked"
    return next(((name, why) for name, why in ranked if name in supported), ("default", "its default format"))
