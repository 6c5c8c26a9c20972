"""Live quality: each fault is told once and soon, and usable recordings are left in peace."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from fieldapp.audio.decode import Block
from fieldapp.audio.quality import CLIPPED, DEAD, HUM, ONE_SIDED, TOO_QUIET, Notice, QualityMeter, measure, wrong_microphone

RATE = 48_000


@cache
def voiced(seconds: float) -> NDArray[np.float64]:
    """A voice that peaks at one, without noise."""
    t = np.arange(round(seconds * RATE)) / RATE
    pitch = 120 + 15 * np.sin(2 * np.pi * 0.7 * t) + 8 * np.sin(2 * np.pi * 5.1 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = np.sum([np.sin(k * phase) / k for k in range(1, 12)], axis=0) * np.clip(np.sin(2 * np.pi * 2 * t), 0, 1) ** 0.5
    found: NDArray[np.float64] = voice / np.abs(voice).max()
    return found


def speech(seconds: float, peak_db: float = -12.0, noise_db: float = -65.0, channels: int = 1) -> Block:
    """Something with the rhythm and the spectrum of speech: harmonics of a wandering voice, four syllables a second, over noise."""
    voice, rng = voiced(seconds), np.random.default_rng(7)
    sound = voice * 10 ** (peak_db / 20) + rng.standard_normal(len(voice)) * 10 ** (noise_db / 20)
    return np.repeat(sound[:, np.newaxis], channels, axis=1).astype(np.float32)


def told(sound: Block, size: int = 4800) -> list[Notice]:
    meter = QualityMeter(RATE, sound.shape[1])
    notices = [notice for start in range(0, len(sound), size) for notice in meter.push(sound[start : start + size])]
    return notices + meter.finish()


@pytest.mark.parametrize("peak_db", [-3.0, -12.0, -20.0, -28.0])
@pytest.mark.parametrize("noise_db", [-80.0, -65.0, -50.0])
def test_speech_at_a_usable_level_raises_nothing(peak_db: float, noise_db: float) -> None:
    assert told(speech(12, peak_db, noise_db)) == []


def test_silence_while_the_speaker_thinks_raises_nothing() -> None:
    thinking = (np.random.default_rng(2).standard_normal((20 * RATE, 1)) * 10 ** (-70 / 20)).astype(np.float32)
    assert told(thinking) == []
    assert told(np.concatenate([speech(4), thinking, speech(4)])) == []


def broken(kind: str) -> Block:
    """Four seconds of good speech, then ten with one fault."""
    good, bad = speech(4, channels=2), speech(10, channels=2)
    if kind == CLIPPED:
        bad = np.clip(bad * 12, -1, 1)
    elif kind == DEAD:
        bad = np.zeros_like(bad)
    elif kind == TOO_QUIET:
        bad = speech(10, -45, -85, 2)
    elif kind == HUM:
        bad += (0.004 * np.sin(2 * np.pi * 50 * np.arange(len(bad)) / RATE))[:, np.newaxis].astype(np.float32)
    elif kind == ONE_SIDED:
        bad[:, 1] *= 0.001
    return np.concatenate([good, bad])


@pytest.mark.parametrize("kind", [CLIPPED, DEAD, HUM, ONE_SIDED])
def test_each_fault_is_told_once_and_within_two_seconds(kind: str) -> None:
    notices = told(broken(kind))
    assert [notice.kind for notice in notices] == [kind]
    assert 4 * RATE <= notices[0].frame + RATE // 2 <= 6 * RATE
    assert notices[0].sentence.endswith(".")


def test_a_voice_that_is_too_quiet_is_told_within_two_seconds() -> None:
    notices = told(speech(10, -45, -85))
    assert [notice.kind for notice in notices] == [TOO_QUIET]
    assert notices[0].frame + RATE // 2 <= 2 * RATE
    assert [notice.kind for notice in told(broken(TOO_QUIET))] == [TOO_QUIET]


def test_a_signal_far_too_weak_to_be_speech_is_told_after_half_a_minute() -> None:
    whisper = (np.random.default_rng(2).standard_normal((35 * RATE, 1)) * 10 ** (-75 / 20)).astype(np.float32)
    assert [notice.kind for notice in told(whisper)] == [TOO_QUIET]


@pytest.mark.parametrize("mains", [50, 60])
def test_hum_is_named_by_its_frequency(mains: int) -> None:
    hum = sum(10 ** (-45 / 20) / k * np.sin(2 * np.pi * mains * k * np.arange(5 * RATE) / RATE) for k in (1, 2, 3))
    notices = told((speech(5)[:, 0] + hum).astype(np.float32)[:, np.newaxis])
    assert [notice.kind for notice in notices] == [HUM]
    assert f"{mains} Hz" in notices[0].sentence


@pytest.mark.parametrize("pitch", [98, 100, 110, 120, 150, 180])
def test_a_steadily_sung_tone_is_no_hum(pitch: int) -> None:
    t = np.arange(6 * RATE) / RATE
    sung = 0.1 * np.sum([np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 8)], axis=0)
    assert told(sung.astype(np.float32)[:, np.newaxis]) == []


def test_a_fault_that_stays_is_told_once_and_one_that_returns_is_told_again() -> None:
    clipped = np.clip(speech(1) * 12, -1, 1)
    assert len(told(np.concatenate([clipped] * 15))) == 1
    assert len(told(np.concatenate([clipped, speech(4), clipped]))) == 1
    assert len(told(np.concatenate([clipped, speech(14), clipped]))) == 2


@pytest.mark.parametrize("size", [1, 3, 997, RATE])
def test_clips_are_counted_the_same_however_the_blocks_fall(size: int) -> None:
    sound = np.zeros((4000, 1), np.float32)
    for start, length in ((0, 3), (100, 2), (200, 50), (997, 3), (1994, 4), (3997, 3)):
        sound[start : start + length] = 1.0
    sound[300:304] = [[1.0], [-1.0], [1.0], [-1.0]]
    meter = QualityMeter(RATE, 1)
    for start in range(0, len(sound), size):
        meter.push(sound[start : start + size])
    meter.finish()
    assert meter.quality().clips == 5


def test_levels_noise_and_snr_are_measured(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, speech(10, -10, -60), RATE, subtype="PCM_24")
    quality = measure(path)
    assert quality.peak_db == pytest.approx(-10, abs=0.5)
    assert quality.noise_db == pytest.approx(-60, abs=2)
    assert 30 < quality.snr_db < 50
    assert quality.row()["kinds"] == []


def test_a_file_shorter_than_any_window_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    soundfile.write(path, np.full((5, 2), 0.5), RATE, subtype="PCM_24")
    assert measure(path).peak_db == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("name", ["Built-in Microphone", "MacBook Pro Microphone", "HD Webcam C270", "Monitor of Null Output", "WH-1000XM4 Hands-Free"])
def test_an_input_that_is_no_field_microphone_is_named(name: str) -> None:
    notice = wrong_microphone(name)
    assert notice
    assert name in notice.sentence


@pytest.mark.parametrize("name", ["Zoom H5: USB Audio (hw:1,0)", "Scarlett 2i2 USB", "Rode NT-USB", "mic"])
def test_an_outer_microphone_is_left_in_peace(name: str) -> None:
    assert wrong_microphone(name) is None


@pytest.mark.slow
def test_real_recordings_are_called_quiet_only_when_they_are_made_so(dev_data: Path) -> None:
    usable = sorted((dev_data / "phrases" / "ell").glob("*.ogg"))[:40]
    assert len(usable) > 10
    assert not [path.name for path in usable if set(measure(path).kinds) & {TOO_QUIET, DEAD, ONE_SIDED}]
    sound, rate = soundfile.read(dev_data / "asr" / "jfk.flac", dtype="float32", always_2d=True)
    for gain_db, expected in ((-20, False), (-45, True)):
        meter = QualityMeter(rate, 1)
        notices = meter.push(sound * np.float32(10 ** (gain_db / 20)))
        assert (TOO_QUIET in [notice.kind for notice in notices]) == expected


def between(sound: float, silence: float, times: int) -> Block:
    """Words, and nothing at all between them."""
    return np.concatenate([speech(sound), np.zeros((round(silence * RATE), 1), np.float32)] * times)


def test_a_microphone_that_gives_nothing_between_words_is_called_dead_once_and_only_until_it_sounds() -> None:
    meter, raised, held = QualityMeter(RATE, 1), 0, []
    for word in range(6):
        raised += len(meter.push(between(2, 2, 1)))
        held.append(len(meter.holding))
        meter.push(speech(1))
        assert meter.holding == (), word
    assert raised == 1
    assert held == [1, 0, 0, 0, 0, 0]
    assert len(meter.told) == 1
    assert meter.quality().kinds == ()


def test_a_cable_that_is_pulled_from_such_a_microphone_is_told_after_ten_seconds() -> None:
    meter = QualityMeter(RATE, 1)
    meter.push(between(2, 2, 3))
    meter.push(speech(2))
    assert meter.push(np.zeros((9 * RATE, 1), np.float32)) == []
    assert [notice.kind for notice in meter.push(np.zeros((3 * RATE, 1), np.float32))] == [DEAD]
    assert meter.quality().kinds == (DEAD,)


def test_a_recording_without_any_sound_is_dead_and_one_that_ends_in_silence_is_not() -> None:
    for sound, kinds in ((np.zeros((3 * RATE, 1), np.float32), (DEAD,)), (between(3, 2, 1), ())):
        meter = QualityMeter(RATE, 1)
        meter.push(sound)
        meter.finish()
        assert meter.quality().kinds == kinds


def test_a_warning_holds_for_ten_seconds_and_is_told_for_ever() -> None:
    meter = QualityMeter(RATE, 1)
    meter.push(np.clip(speech(1) * 12, -1, 1))
    assert [notice.kind for notice in meter.holding] == [CLIPPED]
    meter.push(speech(12))
    assert meter.holding == ()
    assert [notice.kind for notice in meter.told] == [CLIPPED]
