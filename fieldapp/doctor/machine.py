"""Processor, memory and graphics card, as far as they decide how fast models run. Any thread."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
from collections.abc import Callable, Mapping, Set
from pathlib import Path

from fieldapp.doctor.finding import Finding

TELLING = (("AVX2", "AVX2"), ("AVX512F", "AVX-512"), ("AVX512VNNI", "VNNI"), ("ASIMD", "NEON"), ("ASIMDDP", "dot products"))
MEMORY_FOR_LARGE_MODELS = 4 * 2**30
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def machine() -> list[Finding]:
    """What models will run on."""
    return [processor(processor_name(), features(), cores()), memory(memory_bytes()), graphics_card(), *mkl_override(processor_name(), os.environ)]


def processor(name: str, has: Set[str], usable: int) -> Finding:
    """Whether the processor has what fast models need."""
    told = [label for feature, label in TELLING if feature in has]
    found = f"{name}, {usable} core{'s' if usable != 1 else ''}, {', '.join(told) or 'no vector extensions known here'}"
    if "AVX2" in has or "ASIMD" in has:
        return Finding("processor", "ok", found)
    return Finding("processor", "look", found, "Models run several times slower without AVX2; prefer small models, or transcribe later on another machine.")


def memory(installed: int) -> Finding:
    """Whether larger models fit."""
    if not installed:
        return Finding("memory", "ok", "its size cannot be read on this system")
    found = f"{installed / 2**30:.1f} GB"
    if installed >= MEMORY_FOR_LARGE_MODELS:
        return Finding("memory", "ok", found)
    return Finding("memory", "look", found, "Stay with the starter model or a base model, and close other programs while recording.")


def graphics_card() -> Finding:
    """How many CUDA devices the speech engine sees, and why not more."""
    try:
        import ctranslate2  # noqa: PLC0415  (slow to load, and doctor must speak even where it is broken)

        count = int(ctranslate2.get_cuda_device_count())
    except ImportError as trouble:
        return Finding("graphics card", "missing", f"the speech engine cannot be loaded: {trouble}", "Run installers/setup.sh again.")
    except RuntimeError as trouble:
        return Finding("graphics card", "look", f"not usable: {trouble}", "Update NVIDIA's driver; until then models run on the processor.")
    if count:
        types = ", ".join(sorted(ctranslate2.get_supported_compute_types("cuda")))
        return Finding("graphics card", "ok", f"{count} CUDA device{'s' if count > 1 else ''} ({types})")
    if NVIDIA_DRIVER.exists() or shutil.which("nvidia-smi"):
        found = "NVIDIA's driver is installed, but no CUDA device answers"
        return Finding("graphics card", "look", found, "See what nvidia-smi says; until then models run on the processor.")
    return Finding("graphics card", "ok", "no NVIDIA driver, so models run on the processor")


def mkl_override(name: str, environment: Mapping[str, str]) -> list[Finding]:
    """A switch that makes 8-bit models three to five times slower on AMD processors."""
    if "AMD" not in name or environment.get("CT2_USE_MKL", "0") == "0":
        return []
    return [Finding("CT2_USE_MKL", "look", "set on an AMD processor: 8-bit models run 3-5 times slower", "Unset the variable CT2_USE_MKL.")]


def processor_name() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def features() -> Set[str]:
    """The vector extensions numpy found; it asks the processor itself, on every system."""
    known: Mapping[str, bool] = importlib.import_module("numpy._core._multiarray_umath").__cpu_features__
    return {name for name, present in known.items() if present}


def cores() -> int:
    """The cores this process may use."""
    affinity: Callable[[int], Set[int]] | None = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def memory_bytes() -> int:
    """Installed memory, 0 where the system does not tell."""
    ask: Callable[[str], int] | None = getattr(os, "sysconf", None)
    try:
        return ask("SC_PAGE_SIZE") * ask("SC_PHYS_PAGES") if ask else 0
    except (ValueError, OSError):
        return 0
