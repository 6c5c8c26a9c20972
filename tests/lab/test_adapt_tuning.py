"""Added matrices learn, can be stopped and go on, and end up in a model that CTranslate2 reads with."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest

from fieldapp.lab.adapt import tuning
from fieldapp.lab.adapt.tuning import Lesson, Plan, fine_tune
from fieldapp.lab.adapt.weights import read_weights, shape_of, write_weights
from fieldapp.lab.starter import net, tokens
from fieldapp.lab.starter.export import export, manifest
from fieldapp.lab.starter.tokens import Vocabulary
from fieldapp.speech.manifest import write

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # loading torch alone takes a minute where every core is busy
RATE = 16_000
WORDS = ("sun", "moon")


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def untaught(tmp_path_factory: pytest.TempPathFactory, torch: Any) -> Path:
    """A tiny network of the starter's form that has learned nothing."""
    torch.manual_seed(1)
    shape = net.Shape(64, 2, 1, 1)
    vocabulary = Vocabulary(tokens.learn(WORDS))
    folder = export(
        net.as_arrays(net.build(shape, vocabulary.size, pieces=vocabulary.end, phones=4).state_dict()), shape, vocabulary, tmp_path_factory.mktemp("m") / "tiny"
    )
    write(folder, manifest("some steps", name="tiny"))
    return folder


def lessons(count: int = 32) -> list[Lesson]:
    """Each word is a pitch; every lesson has a loudness of its own, and a meaning, so that some of each word are only listened to."""
    seconds = np.arange(RATE // 2) / RATE
    made = []
    for number in range(count):
        word = number % len(WORDS)
        sound = (0.2 + 0.02 * (number // 2)) * np.sin(2 * np.pi * 300 * (1 + 3 * word) * seconds)
        made.append(Lesson(sound.astype(np.float32), WORDS[word], f"m{(number * 7) % count:02d}"))
    return made


def quiet(_share: float, _doing: str) -> None:
    return None


def states(folder: Path, mel: np.ndarray) -> np.ndarray:
    model = ctranslate2.models.Whisper(str(folder), compute_type="float32")
    return np.array(model.encode(ctranslate2.StorageView.from_array(mel)))


def test_what_was_learned_is_in_the_model_that_is_made(untaught: Path, tmp_path: Path, torch: Any) -> None:
    plan = Plan(rate=6e-3, batch=8, epochs=5)
    tuned = fine_tune(untaught, lessons(), "en", tmp_path, plan, until=math.inf, said=quiet)
    assert tuned.finished
    assert tuned.listened[tuned.best] < 0.5 * tuned.listened[0]
    made = tmp_path / "made"
    made.mkdir()
    for path in untaught.iterdir():
        (made / path.name).write_bytes(path.read_bytes())
    shape, vocabulary = shape_of(untaught)
    write_weights(untaught, made / "model.bin", shape, tuned.weights)
    model: Any = net.build(shape, vocabulary, pieces=1, phones=1).eval()
    learned = read_weights(untaught, shape) | tuned.weights
    model.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(table)) for name, table in learned.items()}, strict=False)
    mel = np.random.default_rng(0).standard_normal((1, 80, 120)).astype(np.float32)
    with torch.no_grad():
        ours = model.encode(torch.from_numpy(mel), torch.tensor([60]))[0].numpy()
    before, after = states(untaught, mel), states(made, mel)
    assert np.abs(after - ours).mean() < 0.1 * np.abs(after - before).mean()  # what 8 bits lose is little beside what was learned


def test_learning_that_was_stopped_goes_on_as_if_it_had_not_been(untaught: Path, tmp_path: Path) -> None:
    plan = Plan(batch=8, epochs=2)
    whole = fine_tune(untaught, lessons(16), "en", tmp_path / "one", plan, until=math.inf, said=quiet)

    class Stopped(Exception):
        pass

    def stop(_share: float, doing: str) -> None:
        if doing.startswith("epoch 1"):
            raise Stopped

    with pytest.raises(Stopped):
        fine_tune(untaught, lessons(16), "en", tmp_path / "two", plan, until=math.inf, said=stop)
    rest = fine_tune(untaught, lessons(16), "en", tmp_path / "two", plan, until=math.inf, said=quiet)
    np.testing.assert_allclose(rest.listened, whole.listened, rtol=1e-4)
    other = fine_tune(untaught, lessons(12), "en", tmp_path / "two", plan, until=time.monotonic() - 1, said=quiet)
    assert len(other.listened) == 1  # other lessons begin anew


def test_a_cut_off_checkpoint_is_no_reason_to_stop(untaught: Path, tmp_path: Path) -> None:
    (tmp_path / tuning.CHECKPOINT).write_bytes(b"PK\x03\x04 half")
    tuned = fine_tune(untaught, lessons(8), "en", tmp_path, Plan(epochs=0), until=math.inf, said=quiet)
    assert tuned.best == 0
    before = tuned.weights
    assert all(np.isfinite(table).all() for table in before.values())
