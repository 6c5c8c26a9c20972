"""The benches of the engine run, print JSON with the promised figures, and do what they claim; their speed is not asserted."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from fieldapp import cli
from fieldapp.commands.bench import gemm
from fieldapp.commands.bench.encode import floor_seconds
from fieldapp.commands.bench.live import OURS, SimulatedClock, play
from fieldapp.commands.bench.rehearsal import Paced, synthetic_voice, talk
from fieldapp.speech.endpoints import Endpointer
from fieldapp.speech.manifest import Context
from fieldapp.speech.recogniser import RATE
from fieldapp.speech.vad import VoiceActivity
from fieldapp.speech.whisper import Whisper


def test_the_synthetic_voice_is_heard_as_speech() -> None:
    probabilities = VoiceActivity().push(np.concatenate([np.zeros(RATE, np.float32), synthetic_voice(5.0, 1), np.zeros(RATE, np.float32)]))
    assert sum(len(span) for span in Endpointer().push(probabilities)) > 3 * RATE


def test_talk_has_the_length_that_was_asked_for(tmp_path: Path) -> None:
    audio, source = talk(0.2, tmp_path)
    assert len(audio) == 12 * RATE
    assert source == "synthetic voice"


def test_the_simulated_clock_jumps_over_waiting_and_stretches_work() -> None:
    ticks = iter([0.0, 0.0, 0.0, 1.0, 1.0])
    clock = SimulatedClock(4.0, lambda: next(ticks))
    clock.wait_until(10.0)
    assert clock() == 14.0
    assert clock.waited == 10.0


@pytest.mark.slow
def test_a_played_talk_loses_nothing_and_encodes_once(endless: Whisper) -> None:
    audio, _ = talk(0.3, None)
    found = play(Paced(endless, Context("flexible", 1.28)), audio, OURS, 1.0, time.perf_counter)
    assert found["lost"] == 0
    assert found["encodes_beyond_one_a_final_and_partial"] == 0


def test_the_paced_model_talks_as_long_as_it_should(endless: Whisper) -> None:
    paced = Paced(endless, Context("flexible"))
    encoded = paced.encode([synthetic_voice(5.0, 3)], Context("flexible"))
    assert len(paced.generate(encoded, ["en"], task="transcribe", beam=1, limits=[999])[0].tokens) == 20


def test_matrix_rates_and_floors_are_numbers() -> None:
    rates = {"int8_gops": gemm.rate("int8", 0.03), "float32_gflops": gemm.rate("float32", 0.03)}
    assert all(rate > 0.1 for rate in rates.values())
    assert floor_seconds("base", 5.0, rates) < floor_seconds("small", 5.0, rates) < floor_seconds("small", 30.0, rates)


@pytest.mark.slow
def test_bench_encode_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "encode", "--sizes", "mini", "--rounds", "1", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["sizes"]["mini"]["final"]["encodes_a_final"] == 1
    assert set(data["sizes"]["mini"]["windows"]) == {"2s", "5s", "10s", "30s"}
    assert data["cold_start"]["mini"]["ready_s"] > 0


@pytest.mark.slow
def test_bench_import_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "import", "--size", "tiny", "--minutes", "0.2", "--rounds", "1", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    tokens = [arm["tokens"] for arm in data["arms"].values()]
    assert max(tokens) <= 1.3 * min(tokens)
    assert set(data["times_as_fast"]) == {"short_over_default", "short_over_batched", "packed_over_default"}


@pytest.mark.parametrize("words", [["live", "--minutes", "0"], ["import", "--rounds", "0"]])
def test_senseless_wishes_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", *words]) == 2
    assert "--" in capsys.readouterr().err
