"""Ways of pooling: a mix finds the layer that carries words, and padding counts for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from fieldapp.lab.adapt.listener import one_thread
from fieldapp.lab.adapt.pooling import pooled
from fieldapp.speech.embed import F32, unit

pytestmark = [pytest.mark.slow, pytest.mark.torch]

SIZE, DIMS, WORDS = 10, 8, 90
TEXTS = unit(np.random.default_rng(0).standard_normal((WORDS, DIMS)).astype(np.float32))
TURN = np.random.default_rng(1).standard_normal((DIMS, SIZE - 1)).astype(np.float32)


def spoken(word: int, *, loud: float) -> F32:
    """Noise with one moment that carries the word and is marked by its first number; recordings differ in length."""
    chance = np.random.default_rng(word)
    frames = chance.standard_normal((8 + word % 5, SIZE)).astype(np.float32) * np.float32(loud)
    frames[:, 0] = 0
    frames[chance.integers(len(frames))] = np.concatenate([[6.0], 3 * TEXTS[word] @ TURN])
    return frames


def learned(layers: list[list[F32]], *, attention: bool, steps: int) -> tuple[F32, list[float]]:
    texts, meanings = TEXTS[: len(layers[0])], [str(word) for word in range(len(layers[0]))]
    with one_thread():
        return pooled(layers, range(60), texts, meanings, attention=attention, steps=steps, seed=0, said=lambda *_: None)


def test_who_stands_beside_in_a_batch_changes_nothing() -> None:
    frames = [spoken(word, loud=1.0) for word in range(WORDS)]
    shorter, _ = learned([frames[:70]], attention=True, steps=3)
    longer, _ = learned([[*frames[:70], np.tile(frames[0], (9, 1)), *frames[71:]]], attention=True, steps=3)
    np.testing.assert_allclose(shorter, longer[:70], atol=1e-5)


def test_a_mix_leans_to_the_layer_that_carries_words() -> None:
    frames = [spoken(word, loud=0.2) for word in range(WORDS)]
    noise = [np.random.default_rng(1000 + n).standard_normal(one.shape).astype(np.float32) for n, one in enumerate(frames)]
    _, mix = learned([noise, frames], attention=False, steps=60)
    assert mix[1] > mix[0]
    assert sum(mix) == pytest.approx(1.0, abs=1e-5)
