"""Processor, memory, graphics card, sound: what is said about machines we do not have here."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fieldapp.audio.devices import Device
from fieldapp.doctor import machine
from fieldapp.doctor.machine import graphics_card, memory, mkl_override, processor
from fieldapp.doctor.sound import sound
from fieldapp.errors import DeviceError


def test_a_modern_processor_is_fine() -> None:
    finding = processor("A", {"AVX2", "AVX512F", "AVX512VNNI", "SSE2"}, 8)
    assert (finding.status, finding.found) == ("ok", "A, 8 cores, AVX2, AVX-512, VNNI")


def test_an_arm_processor_is_fine() -> None:
    assert processor("M", {"ASIMD"}, 8).status == "ok"


def test_an_old_processor_is_told() -> None:
    finding = processor("Old", {"SSE2"}, 1)
    assert finding.status == "look"
    assert "1 core," in finding.found


def test_little_memory_is_told_and_unknown_memory_is_not() -> None:
    assert memory(2 * 2**30).status == "look"
    assert memory(8 * 2**30).status == "ok"
    assert memory(0).status == "ok"


def test_the_switch_that_slows_amd_down_is_told() -> None:
    assert mkl_override("AMD Ryzen 7", {"CT2_USE_MKL": "1"})[0].status == "look"
    assert not mkl_override("AMD Ryzen 7", {"CT2_USE_MKL": "0"})
    assert not mkl_override("AMD Ryzen 7", {})
    assert not mkl_override("Intel", {"CT2_USE_MKL": "1"})


def engine(monkeypatch: pytest.MonkeyPatch, count: object) -> None:
    def cards() -> object:
        if isinstance(count, Exception):
            raise count
        return count

    fake = types.SimpleNamespace(get_cuda_device_count=cards, get_supported_compute_types=lambda _: {"float16", "int8"})
    monkeypatch.setitem(sys.modules, "ctranslate2", fake)


def test_a_card_that_answers_is_named_with_what_it_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, 1)
    assert graphics_card().found == "1 CUDA device (float16, int8)"


def test_an_old_driver_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, RuntimeError("driver version is insufficient"))
    assert graphics_card().status == "look"
    assert "insufficient" in graphics_card().found


def test_a_driver_without_a_card_and_a_machine_without_a_driver_differ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine(monkeypatch, 0)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(machine, "NVIDIA_DRIVER", tmp_path / "version")
    assert graphics_card().status == "ok"
    (tmp_path / "version").touch()
    assert graphics_card().status == "look"


def test_a_speech_engine_that_cannot_be_loaded_is_essential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    assert graphics_card().status == "missing"


def test_this_machine_can_be_looked_at() -> None:
    assert machine.cores() >= 1
    assert machine.processor_name()
    assert machine.features()


ZOOM = Device("Zoom H5", "ALSA", 3, 2, 48_000, True, (44_100, 48_000))
BUILT_IN = Device("Built-in", "ALSA", 0, 1, 44_100, False, (44_100,))


def with_devices(inputs: Sequence[Device], outputs: Sequence[Device]) -> Mapping[str, Sequence[Device]]:
    return {"input": inputs, "output": outputs}


def test_the_first_microphone_is_named_with_its_rates_and_the_others_by_name() -> None:
    first = sound(lambda: with_devices([ZOOM, BUILT_IN], []))[0]
    assert (first.status, first.found) == ("ok", "Zoom H5 (ALSA), 2 channels at 44.1, 48 kHz; also Built-in")


def test_a_microphone_without_the_rate_of_masters_is_told() -> None:
    assert sound(lambda: with_devices([BUILT_IN], [ZOOM]))[0].status == "look"


def test_no_devices_are_told_but_not_essential() -> None:
    assert [finding.status for finding in sound(lambda: with_devices([], []))] == ["look", "look"]


def test_a_sound_system_that_cannot_be_asked_is_essential() -> None:
    def broken() -> Mapping[str, Sequence[Device]]:
        raise DeviceError("PortAudio is missing.", "Install it.")

    (finding,) = sound(broken)
    assert (finding.status, finding.found, finding.advice) == ("missing", "PortAudio is missing.", "Install it.")
