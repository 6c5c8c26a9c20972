"""Training can be stopped and goes on as if it had not been; what it learned can be exported."""

from __future__ import annotations

import importlib
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from fieldapp.lab.starter.batches import Batch
from fieldapp.lab.starter.corpus import Clip, Corpus
from fieldapp.lab.starter.lexicon import LANGUAGES
from fieldapp.lab.starter.net import Shape
from fieldapp.lab.starter.tokens import learn
from fieldapp.lab.starter.train import WRITTEN, Plan, astray, train, trained_steps, trained_weights

pytestmark = [pytest.mark.slow, pytest.mark.torch]

TINY = Shape(width=16, heads=2, encoder_layers=1, decoder_layers=1)


@pytest.fixture
def spoken(tmp_path: Path) -> Corpus:
    """Twelve meanings in four languages, each a tone of its own."""
    folder = tmp_path / "world"
    folder.mkdir()
    time = np.arange(8000) / 16000
    clips: list[Clip] = []
    samples: list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]] = []
    for number in range(12):
        for place, language in enumerate(LANGUAGES):
            samples.append((8000 * np.sin(2 * np.pi * (200 + 60 * number + 5 * place) * time)).astype(np.int16))
            start = 8000 * len(clips)
            clips.append(Clip(f"s:{number}", language, f"{language} word {number}", f"word {number}", "tone", "train", "sentence", start, 8000))
    np.concatenate(samples).tofile(folder / "samples.i16")
    (folder / "clips.jsonl").write_text("\n".join(json.dumps(asdict(c)) for c in clips), encoding="utf-8")
    return Corpus(folder)


def plan(arm: str, steps: int = 4) -> Plan:
    return Plan(arm=arm, steps=steps, warm_up=2, size=8, workers=1, hearing_first=1, easy=1, shape=TINY)


@pytest.mark.parametrize("arm", ["a", "c"])
def test_every_arm_learns_and_its_loss_stays_finite(arm: str, spoken: Corpus, tmp_path: Path) -> None:
    train(spoken, tmp_path / arm, plan(arm))
    assert all(np.isfinite(w).all() for w in trained_weights(tmp_path / arm).values())


def test_a_run_stopped_by_the_clock_goes_on_where_it_was(spoken: Corpus, tmp_path: Path) -> None:
    train(spoken, tmp_path / "run", plan("c"), until=-math.inf)
    halfway = trained_weights(tmp_path / "run")
    train(spoken, tmp_path / "run", plan("c"))
    after = trained_weights(tmp_path / "run")
    assert any(not np.array_equal(halfway[name], after[name]) for name in after)
    train(spoken, tmp_path / "run", plan("c"))
    assert all(np.array_equal(after[name], again) for name, again in trained_weights(tmp_path / "run").items())


def test_runs_can_be_stopped_at_the_same_step_and_do_not_count_what_they_did_not_do(spoken: Corpus, tmp_path: Path) -> None:
    for _ in range(2):
        train(spoken, tmp_path / "run", plan("a"), stop=3)
        assert trained_steps(tmp_path / "run") == 3
    train(spoken, tmp_path / "run", plan("a"))
    assert trained_steps(tmp_path / "run") == 4


def test_at_the_end_the_decoder_learns_alone_and_what_was_heard_and_meant_stays(spoken: Corpus, tmp_path: Path) -> None:
    train(spoken, tmp_path / "run", plan("c"))
    heard = trained_weights(tmp_path / "run")
    train(spoken, tmp_path / "run", replace(plan("c"), writing=3))
    after = trained_weights(tmp_path / "run")
    changed = {name.split(".")[0] for name in heard if not np.array_equal(heard[name], after[name])}
    assert changed == {"tokens", "text_positions", "decoder", "decoder_norm"}


def test_at_last_all_of_it_learns_together_again(spoken: Corpus, tmp_path: Path) -> None:
    train(spoken, tmp_path / "run", replace(plan("c"), writing=1))
    alone = trained_weights(tmp_path / "run")
    train(spoken, tmp_path / "run", replace(plan("c"), writing=1, together=2))
    after = trained_weights(tmp_path / "run")
    assert all(not np.array_equal(alone[name], after[name]) for name in ("encoder.0.wide.weight", "meaning.weight", "decoder.0.wide.weight"))


def test_a_run_begun_with_another_vocabulary_keeps_what_it_heard_and_learns_to_write_anew(spoken: Corpus, tmp_path: Path) -> None:
    train(spoken, tmp_path / "run", plan("c"))
    heard = trained_weights(tmp_path / "run")
    learn(["another", "way", "to", "write", "altogether"] * 3, small=True).save(str(tmp_path / "run" / WRITTEN))
    train(spoken, tmp_path / "run", replace(plan("c"), writing=3))
    after = trained_weights(tmp_path / "run")
    assert after["tokens.weight"].shape != heard["tokens.weight"].shape
    assert np.array_equal(after["encoder.0.wide.weight"], heard["encoder.0.wide.weight"])
    assert np.array_equal(after["meaning.weight"], heard["meaning.weight"])


def test_looking_where_a_word_is_said_costs_nothing_and_looking_elsewhere_does() -> None:
    torch = importlib.import_module("torch")
    places = steps = 20
    batch = Batch(
        mel=np.zeros((2, 80, 2 * steps), np.float32),
        steps=np.array([steps, steps]),
        speech_steps=np.array([steps, steps]),
        tokens=np.zeros((2, places), np.int64),
        targets=np.zeros((2, places), np.int64),
        phones=((), ()),
        texts=((), ()),
        meanings=np.array([0, 1]),
        in_order=np.array([True, False]),
        blank=1,
    )
    along = torch.eye(steps).expand(2, 1, places, steps)
    scored = torch.ones(2, places, dtype=torch.bool)
    assert float(astray([along], scored, batch, "cpu")) < 0.05
    assert float(astray([along.flip(2)], scored, batch, "cpu")) > 0.5
    batch.in_order[:] = False
    assert float(astray([along.flip(2)], scored, batch, "cpu")) == 0  # translations say things in another order
