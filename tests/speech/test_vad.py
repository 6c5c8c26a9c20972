from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.speech.endpoints import WINDOW, Endpointer
from fieldapp.speech.vad import VoiceActivity

from .sounds import F32, NOISES, fan, real_speech, silence


def whole_file_pass(audio: F32) -> F32:
    return np.asarray(get_vad_model()(np.pad(audio, (0, -len(audio) % WINDOW))), np.float32).reshape(-1)


def pushed(audio: F32, sizes: list[int]) -> F32:
    machine, parts, at = VoiceActivity(), [], 0
    for size in sizes:
        parts.append(machine.push(audio[at : at + size]))
        at += size
    return np.concatenate([*parts, machine.push(audio[at:]), machine.finish()])


@given(st.lists(st.integers(0, 9_000), max_size=12), st.integers(0, 60_000))
@settings(max_examples=25)
def test_blocks_of_any_size_give_what_one_pass_over_the_file_gives(sizes: list[int], length: int) -> None:
    audio = np.concatenate([fan(2.0), np.random.default_rng(5).standard_normal(30_000).astype(np.float32) * 0.2])[:length]
    found = pushed(audio, sizes)
    assert len(found) == -(-length // WINDOW)
    whole = whole_file_pass(audio) if length else found
    whole[-1:] = found[-1:]  # the library zeroes the end of its last window, which it takes for the context of the first
    np.testing.assert_allclose(found, whole, atol=1e-5)


def test_real_speech_pushed_in_small_blocks_equals_the_whole_file_pass(dev_data: Path) -> None:
    audio = np.concatenate(real_speech(dev_data, 3))
    found, whole = pushed(audio, [1600] * 80), whole_file_pass(audio)
    np.testing.assert_allclose(found[:-1], whole[:-1], atol=1e-5)


@pytest.mark.parametrize("kind", NOISES)
def test_nobody_speaks_in_a_noise(kind: str) -> None:
    endpoints = Endpointer()
    assert endpoints.push(VoiceActivity().push(NOISES[kind](30.0))) == []
    assert endpoints.finish() is None


def test_speech_in_noise_is_found_where_it_was_put(dev_data: Path) -> None:
    speech = real_speech(dev_data, 1)[0]
    audio = np.concatenate([silence(5.0), speech, silence(5.0)]) + fan(10.0 + len(speech) / 16_000)[: len(speech) + 160_000]
    spans = Endpointer().push(VoiceActivity().push(audio))
    assert spans
    assert spans[0].start > 4 * 16_000
    assert spans[-1].stop < len(speech) + 6.5 * 16_000
